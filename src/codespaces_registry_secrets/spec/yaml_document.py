"""Parse the YAML of a spec into plain data, with the line and column of every node.

PyYAML composes the nodes. They are walked here, not constructed by PyYAML, to find duplicate keys,
keep the places, and limit the expansion of aliases. PyYAML's parser in C reads ten thousand
registries in 0.25 s; its parser in Python needs 2 s.
"""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import yaml
from yaml._yaml import CParser
from yaml.composer import Composer
from yaml.resolver import Resolver

from codespaces_registry_secrets.errors import ConfigError, InvalidConfigError, Location
from codespaces_registry_secrets.text.control_characters import CONTROL_CHARACTER

KeyPath = tuple[str | int, ...]
Mark = tuple[int, int]  # line and column, counted from 1

# Ten thousand registries fit, with fourteen nodes each.
MAX_BYTES = 1024 * 1024
# A spec of that size can have as many nodes without aliases; an alias bomb has more.
MAX_NODES = 300_000
MAX_DEPTH = 50
# An alias can also refer to a long text.
MAX_CHARACTERS = 4 * MAX_BYTES
# Python takes minutes to compute a long number in base 60, and refuses to print long numbers.
MAX_NUMBER_LENGTH = 50

_MERGE = "tag:yaml.org,2002:merge"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)

_NUMBERS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))


def path_text(path: KeyPath) -> str:
    """`("registries", 0, "id")` -> `registries[0].id`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(frozen=True)
class Document:
    """A spec as plain data.

    `file` names the file or the input that the text came from. `marks` maps the path of each node
    to its line and column. If the data came from the shorthand inputs, `marks` is empty and
    `inputs` maps each path to its input.
    """

    data: object
    file: str
    marks: Mapping[KeyPath, Mark] = field(default_factory=dict)
    inputs: Mapping[KeyPath, Location] = field(default_factory=dict)

    def locate(self, path: KeyPath) -> Location:
        """The location of a path, or of its closest ancestor in the text.

        Parts that are not in the text are skipped, because the validated data has more levels than
        the text: `include` for a plain list, and the tag of a union.
        """
        existing: KeyPath = ()
        for part in path:
            if self.has((*existing, part)):
                existing = (*existing, part)
        line, column = self.marks.get(existing, (None, None))
        return self.inputs.get(existing) or Location(self.file, line, path_text(existing), column)

    def has(self, path: KeyPath) -> bool:
        """Whether the text contains a path."""
        return path in self.marks or path in self.inputs


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Disable the garbage collector: a parsed spec is no garbage, and the search takes as long as
    the parsing.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_without_garbage_collection()
def parse(text: str, file: str) -> Document:
    """Parse the YAML of a spec; `file` names its origin in messages.

    Raises:
        InvalidConfigError: the text is too large, is not YAML, or contains something that is not
            supported: duplicate keys, tags, merge keys, control characters, aliases that expand to
            too much. The message never quotes a value.
    """
    if len(text) > MAX_BYTES:
        message = f"the spec is larger than the limit of {MAX_BYTES:,} bytes"
        raise InvalidConfigError([ConfigError(Location(file), message)])
    try:
        node = NodeComposer(text).get_single_node()
    except yaml.YAMLError as error:
        raise InvalidConfigError([_syntax_error(error, file)]) from None
    except UnicodeEncodeError:
        raise InvalidConfigError([ConfigError(Location(file), "is not UTF-8 text")]) from None
    except RecursionError:
        raise InvalidConfigError(
            [ConfigError(Location(file), "the YAML is nested too deeply")]
        ) from None
    if node is None:
        raise InvalidConfigError(
            [ConfigError(Location(file, 1), "the spec is empty; start it with `version: 1`")]
        )
    walker = _NodeWalker(file)
    data = walker.convert(node)
    if walker.errors:
        raise InvalidConfigError(walker.errors)
    return Document(data, file, walker.marks)


class NodeComposer(Composer, Resolver, CParser):
    """Composes nodes in Python from the events of the parser in C.

    The parser in C has a composer too, but it recurses in C: deeply nested text crashes the
    process.
    """

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        Resolver.__init__(self)


class _TooLargeError(Exception):
    """Stops the walk: the document is nested too deeply, or its aliases expand to too much."""


class _NodeWalker:
    """Converts nodes to plain data, and collects their places and the errors."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.marks: dict[KeyPath, Mark] = {}
        self.errors: list[ConfigError] = []
        self._characters = 0
        self._constructor = yaml.constructor.SafeConstructor()

    def convert(self, root: yaml.Node) -> object:
        try:
            return self._node(root, ())
        except _TooLargeError as error:
            self._add_error(root, (), str(error))
            return None

    def _node(self, node: yaml.Node, path: KeyPath) -> object:
        if len(self.marks) >= MAX_NODES or len(path) >= MAX_DEPTH:
            message = (
                f"is nested deeper than {MAX_DEPTH} levels, or its aliases expand to more than "
                f"{MAX_NODES:,} nodes; use `defaults` instead of aliases"
            )
            raise _TooLargeError(message)
        self.marks[path] = _mark(node)
        if node.tag not in _TAGS:
            message = "tags are not supported; quote a value that starts with `!`"
            self._add_error(node, path, message)
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._node(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in data:
                self._add_error(key_node, (*path, key), f"duplicate key `{key}`; remove one")
            data[key] = self._node(value_node, (*path, key))
            self.marks[(*path, key)] = _mark(key_node)
        return data

    def _key(self, node: yaml.Node, path: KeyPath) -> str | None:
        if node.tag == _MERGE:
            self._add_error(node, path, "merge keys (`<<`) are not supported; use `defaults`")
        elif not isinstance(node, yaml.ScalarNode):
            self._add_error(node, path, "a key must be plain text")
        elif self._is_printable(node, path):
            return str(node.value)
        return None

    def _is_printable(self, node: yaml.Node, path: KeyPath) -> bool:
        """Reject control characters. The error does not quote the text: it can be a password."""
        self._characters += len(node.value)
        if self._characters > MAX_CHARACTERS:
            raise _TooLargeError(
                f"its aliases expand to more than {MAX_CHARACTERS:,} characters; use `defaults` "
                "instead of aliases"
            )
        # YAML rejects most control characters as such, but decodes escapes such as "\r".
        match = CONTROL_CHARACTER.search(node.value)
        if match:
            message = f"holds the control character U+{ord(match[0]):04X}; remove it"
            self._add_error(node, path, message)
        return match is None

    def _scalar(self, node: yaml.Node, path: KeyPath) -> object:
        if not self._is_printable(node, path):
            return None
        try:
            if node.tag not in _NUMBERS or len(node.value) <= MAX_NUMBER_LENGTH:
                return self._constructor.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            pass
        self._add_error(node, path, "YAML cannot read this number or date; quote it")
        return None

    def _add_error(self, node: yaml.Node, path: KeyPath, message: str) -> None:
        line, column = _mark(node)
        location = Location(self.file, line, path_text(path), column)
        self.errors.append(ConfigError(location, message))


def _mark(node: yaml.Node) -> Mark:
    return node.start_mark.line + 1, node.start_mark.column + 1


# PyYAML quotes a part of the text in some messages; it can be a password.
_QUOTED = re.compile(r"""(["'])(?P<text>.*?)\1""", re.DOTALL)
# What to write instead of a message of PyYAML that contains the key.
_HINTS = {
    "undefined alias": "an alias (`*name`) without its anchor; quote a value that starts with `*`",
    "undefined tag handle": "an unknown tag; quote a value that starts with `!`",
    "cannot start any token": "a value starts with a tab, `@`, `%` or a backquote; quote it",
    "another document": "a second document; a spec must be a single document",
    "mapping values are not allowed": "a `: ` inside a value; quote the value",
}


def _syntax_error(error: yaml.YAMLError, file: str) -> ConfigError:
    """PyYAML's error without its quotations of the text."""
    mark = getattr(error, "problem_mark", None)
    line, column = (None, None) if mark is None else (mark.line + 1, mark.column + 1)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    hint = next((hint for phrase, hint in _HINTS.items() if phrase in problem), None)
    message = hint or _QUOTED.sub(_hide_quoted_text, problem)
    return ConfigError(Location(file, line, column=column), f"not valid YAML: {message}")


def _hide_quoted_text(match: re.Match[str]) -> str:
    """Keep the names of PyYAML's tokens (`<block end>`) and punctuation; hide everything else."""
    text = match["text"]
    safe = text.startswith("<") or not any(map(str.isalnum, text))
    return f"`{text}`" if safe else "…"
