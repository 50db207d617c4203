"""The payloads of `add-mask` with which the runner hides a value in the log."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.text.redaction import MIN_LINE_LENGTH, mask_payloads


def hidden(payloads: tuple[str, ...]) -> set[str]:
    """What the runner hides: each payload, and each of its lines, trimmed."""
    lines = {line.strip() for payload in payloads for line in re.split(r"[\r\n]", payload)}
    return {*payloads, *filter(None, lines)}


@pytest.mark.parametrize(
    ("value", "payloads"),
    [
        ("x", ("x",)),
        ("pass-word\n", ("pass-word",)),
        ("  padded  ", ("padded",)),
        ("100%", ("100%",)),
        ("{\n  long line\n},\n", ("long line",)),
        ("one long line\r\nanother\rthe third", ("one long line", "another", "the third")),
        ("ab\ncd", ("ab\ncd",)),
        ("\nab\r\n", ("ab",)),
        (" \r\n\t", ()),
        ("", ()),
    ],
)
def test_the_payloads_of_a_value(value: str, payloads: tuple[str, ...]) -> None:
    """Each long line; the whole value if no line is long; never an empty payload."""
    assert mask_payloads(value) == payloads


@pytest.mark.parametrize("separator", list("\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"))
def test_a_value_is_split_only_at_line_ends_of_the_runner(separator: str) -> None:
    """To the runner this is one line, so it would not find the pieces."""
    assert mask_payloads(f"abc{separator}def") == (f"abc{separator}def",)
    assert mask_payloads(f"long-enough{separator}ab") == (f"long-enough{separator}ab",)


@given(st.text(st.sampled_from("ab{ \t\r\n\x0b\u2028"), max_size=30))
def test_every_line_is_hidden(value: str) -> None:
    """Except short lines next to long ones, and whitespace at the ends."""
    lines = [line.strip() for line in re.split(r"\r\n|\r|\n", value)]
    long = [line for line in lines if len(line) >= MIN_LINE_LENGTH]
    assert set(long or filter(None, lines)) <= hidden(mask_payloads(value))
