"""Strategies that break valid texts and data: in structured ways, and byte by byte."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import yaml
from hypothesis import strategies as st

# What parsers treat specially, and what a message must not pass on.
PIECES = (
    *("\0", "\r", "\t", "\n", "\ufeff", "\u202e", "\u2028", "\x1b[31m", "\x7f", "\x85", "\udc80"),
    *("'", '"', "`", "\\", "{", "}", "[", "]", ",", ":", ": ", "#", "%", "&a ", "*a", "!!python "),
    *("---\n", "...\n", "- ", "? ", "| ", "> ", "<<: *a", "@", "${A}", "$(", "//", "/*", "*/"),
    *("::error::", "::add-mask::", "##[error]", "%0A", "&a [*a]", "&a {a: *a}", "\n  ", "\n"),
    *("null", "true", "~", "0x1F", "1e999", "1:2:3", "-0", "9" * 60, "2026-99-99", ".inf", "="),
    *("..", "../..", "/", "*", "**", "?", "é", "İ", "ß", "\u0301", "😀", "𐀀", "a" * 300),
)
# In place of any value. Every kind of data, and the edges of each.
JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**31, 2**63, 10**40, -(10**40), 0.5, 1e308, float("nan")),
    *("", " ", "0", "true", "null", "\0", "\ud800", "\udc80", "\ufeff", "\u202e", "::error::x"),
    *("a" * 5000, "a/" * 200, "é" * 64, "*", "a/b/c", "//", "../../user", "%2e%2e", "\n", "1e5"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "9999-12-31T23:59:59Z"),
    *("0001-01-01T00:00:00Z", "9999-12-31", "0001-01-01", "2026-01-01", "2026-13-01", "999999d"),
    *([], {}, [[]], [None], {"": ""}, {"a": {"a": {"a": []}}}, [{}, {}], ["a"] * 200),
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32", "latin-1")

Edit = Callable[[str], str]
numbers = st.integers(0, 2**16)
pieces = st.integers(0, len(PIECES) - 1).map(lambda number: PIECES[number])
junk = st.integers(0, len(JUNK) - 1).map(lambda number: copy.deepcopy(JUNK[number]))


def _text_edit(kind: str, start: int, length: int, piece: str, times: int) -> Edit:
    def edit(text: str) -> str:
        at = start % (len(text) + 1)
        end = at + length
        if kind == "insert":
            return text[:at] + piece * times + text[at:]
        if kind == "replace":
            return text[:at] + piece + text[end:]
        if kind == "remove":
            return text[:at] + text[end:]
        if kind == "repeat":
            return text[:at] + text[at:end] * times + text[at:]
        if kind == "cut":
            return text[:at]
        lines = text.splitlines(keepends=True) or [""]
        line = lines.pop(start % len(lines))
        lines.insert(length % (len(lines) + 1), line)  # move a line
        return "".join(lines)

    return edit


text_edits = st.builds(
    _text_edit,
    st.sampled_from(["insert", "replace", "remove", "repeat", "cut", "move"]),
    numbers,
    st.integers(0, 60),
    pieces | st.text(max_size=8),
    st.sampled_from([1, 1, 1, 2, 40, 2000]),
)


@st.composite
def broken_texts(draw: st.DrawFn, texts: Sequence[str]) -> str:
    """One of the texts with some edits; without any, it is valid."""
    text = texts[draw(st.integers(0, len(texts) - 1))]
    for edit in draw(st.lists(text_edits, max_size=4)):
        text = edit(text)
    return text


@st.composite
def broken_data(draw: st.DrawFn, documents: Sequence[Any]) -> Any:
    """One of the documents, with keys and values dropped, doubled, retyped, nested or renamed."""
    data = copy.deepcopy(documents[draw(st.integers(0, len(documents) - 1))])
    for _ in range(draw(st.integers(0, 3))):
        data = _edit_data(draw, data)
    return data


def _edit_data(draw: st.DrawFn, data: Any) -> Any:
    places = list(containers(data))
    kind = draw(st.sampled_from(["drop", "double", "retype", "nest", "rename", "add", "share"]))
    if not places:
        return draw(junk)
    container, key = places[draw(numbers) % len(places)]
    if kind == "drop":
        del container[key]
    elif kind == "double" and isinstance(container, list):
        container.insert(key, copy.deepcopy(container[key]))
    elif kind == "nest":
        wrap = draw(st.sampled_from([lambda inner: [inner], lambda inner: {"a": inner}]))
        for _ in range(draw(st.sampled_from([1, 2, 60, 150]))):
            container[key] = wrap(container[key])
    elif kind == "rename" and isinstance(container, dict):
        container[draw(pieces | st.sampled_from([str(key).upper(), f"{key}s"]))] = container.pop(
            key
        )
    elif kind == "add" and isinstance(container, dict):
        container[draw(pieces)] = draw(junk)
    elif kind == "share":  # becomes an alias in YAML
        other, other_key = places[draw(numbers) % len(places)]
        container[key] = copy.deepcopy(other[other_key])
    else:
        container[key] = draw(junk)
    return data


def containers(data: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in some data: the mapping or the list that has it, and its key or index there."""
    pending = [data]
    while pending:
        container = pending.pop()
        if isinstance(container, dict):
            keys: list[Any] = list(container)
        elif isinstance(container, list):
            keys = list(range(len(container)))
        else:
            continue
        for key in keys:
            yield container, key
            pending.append(container[key])


def to_json(data: Any) -> str:
    """Data as JSON, which is YAML too. A lone surrogate becomes an escape."""
    return json.dumps(data, default=str)


def to_yaml(data: Any) -> str:
    """Data as YAML in blocks; as JSON if it has what YAML cannot write."""
    try:
        return str(yaml.dump(data, Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False))
    except (UnicodeEncodeError, RecursionError, yaml.YAMLError):
        return to_json(data)


@st.composite
def broken_bytes(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> bytes:
    """A text in some encoding, with bytes changed."""
    encoding = draw(st.sampled_from(ENCODINGS))
    raw = bytearray(
        draw(texts).encode(encoding, "surrogatepass" if "utf" in encoding else "replace")
    )
    for at, byte in draw(st.lists(st.tuples(numbers, st.integers(0, 255)), max_size=3)):
        if raw:
            raw[at % len(raw)] = byte
    return bytes(raw) + draw(st.binary(max_size=4))
