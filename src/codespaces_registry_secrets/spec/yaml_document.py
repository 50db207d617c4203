"""YAML text -> plain data that knows the line of everything in it.

PyYAML composes the nodes; walking them here instead of constructing them finds duplicate keys,
keeps the lines, and bounds what aliases may expand to. Its parser in C reads ten thousand
registries in a quarter of a second, where the one in Python takes two.
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

Path = tuple[str | int, ...]

# Ten thousand registries fit, at fourteen nodes each.
MAX_BYTES = 1024 * 1024
# What a spec of that size can have without aliases; an alias bomb has more.
MAX_NODES = 300_000
MAX_DEPTH = 50
# An alias can stand for a long text, too.
MAX_CHARACTERS = 4 * MAX_BYTES
# Python takes minutes for a number to the base of 60 that is long enough, and prints no long one.
LONGEST_NUMBER = 50

_MERGE = "tag:yaml.org,2002:merge"
_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}"
    for kind in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
)

_NUMBERS = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("int", "float", "timestamp"))


def path_text(path: Path) -> str:
    """`("registries", 0, "id")` -> `registries[0].id`."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(frozen=True)
class Document:
    """A spec as data. `lines` maps the path of each node to its line; it is empty where the data
    did not come from YAML, and `inputs` then says where in the inputs a path came from.
    """

    data: object
    file: str
    lines: Mapping[Path, int] = field(default_factory=dict)
    inputs: Mapping[Path, Location] = field(default_factory=dict)

    def locate(self, path: Path) -> Location:
        """The place of `path`, or of what comes nearest above it.

        Parts that the text does not have are skipped, since the validated shape is wider than
        the written one: `include` where a plain list stands, the tag of a union.
        """
        known: Path = ()
        for part in path:
            if self.has((*known, part)):
                known = (*known, part)
        return self.inputs.get(known) or Location(
            self.file, self.lines.get(known), path_text(known)
        )

    def has(self, path: Path) -> bool:
        """Whether the text itself holds `path`."""
        return path in self.lines or path in self.inputs


@contextmanager
def _uncollected() -> Iterator[None]:
    """Within, nothing looks for garbage: of a large spec all is kept, and looking takes as long as
    reading it.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@_uncollected()
def parse(text: str, file: str) -> Document:
    """Parse a spec.

    Raises:
        FaultyError: the text is too large, no YAML, or uses what is refused here: duplicate keys,
            tags, merge keys, control characters, aliases that expand without end. The message never
            quotes a value.
    """
    if len(text) > MAX_BYTES:
        message = f"the spec is larger than the limit of {MAX_BYTES:,} bytes"
        raise InvalidConfigError([ConfigError(Location(file), message)])
    try:
        node = _Composer(text).get_single_node()
    except yaml.YAMLError as error:
        raise InvalidConfigError([_syntax_fault(error, file)]) from None
    except UnicodeEncodeError:
        raise InvalidConfigError([ConfigError(Location(file), "is not UTF-8 text")]) from None
    except RecursionError:
        raise InvalidConfigError(
            [ConfigError(Location(file), "the YAML is nested too deeply")]
        ) from None
    if node is None:
        raise InvalidConfigError(
            [ConfigError(Location(file, 1), "the spec is empty; it starts `version: 1`")]
        )
    walk = _Walk(file)
    data = walk.value(node, ())
    if walk.errors:
        raise InvalidConfigError(walk.errors)
    return Document(data, file, walk.lines)


class _Composer(Composer, Resolver, CParser):
    """Nodes from the events of the parser in C.

    That one has a composer too, which recurses in C: text that is nested deeply enough ends the
    process.
    """

    def __init__(self, text: str) -> None:
        CParser.__init__(self, text)
        Composer.__init__(self)
        Resolver.__init__(self)


class _TooManyNodesError(Exception):
    """Ends the walk through what aliases blew up."""


class _Walk:
    """One walk over the nodes; collects lines and faults on its way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[Path, int] = {}
        self.errors: list[ConfigError] = []
        self._characters = 0
        self._constructor = yaml.constructor.SafeConstructor()

    def value(self, root: yaml.Node, path: Path) -> object:
        try:
            return self._node(root, path)
        except _TooManyNodesError as error:
            self._fault(root, (), str(error))
            return None

    def _node(self, node: yaml.Node, path: Path) -> object:
        if len(self.lines) >= MAX_NODES or len(path) >= MAX_DEPTH:
            message = (
                f"refused: it is nested deeper than {MAX_DEPTH} levels, or its aliases expand to "
                f"more than {MAX_NODES:,} nodes; write what is repeated once, under `defaults`"
            )
            raise _TooManyNodesError(message)
        self.lines[path] = node.start_mark.line + 1
        if node.tag not in _TAGS:
            self._fault(node, path, "tags are not supported; quote a value that starts with `!`")
            return None
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self._node(child, (*path, index)) for index, child in enumerate(node.value)]
        return self._scalar(node, path)

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, object]:
        data: dict[str, object] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, path)
            if key is None:
                continue
            if key in data:
                self._fault(key_node, (*path, key), f"duplicate key `{key}`; keep one of them")
            data[key] = self._node(value_node, (*path, key))
            self.lines[(*path, key)] = key_node.start_mark.line + 1
        return data

    def _key(self, node: yaml.Node, path: Path) -> str | None:
        if node.tag == _MERGE:
            self._fault(node, path, "merge keys (`<<`) are not supported; use `defaults`")
        elif not isinstance(node, yaml.ScalarNode):
            self._fault(node, path, "a key must be plain text")
        elif self._printable(node, path):
            return str(node.value)
        return None

    def _printable(self, node: yaml.Node, path: Path) -> bool:
        """Names the character alone: the text around it can be of a password."""
        self._characters += len(node.value)
        if self._characters > MAX_CHARACTERS:
            raise _TooManyNodesError(
                f"refused: its aliases expand to more than {MAX_CHARACTERS:,} characters; write "
                "what is repeated once, under `defaults`"
            )
        found = CONTROL_CHARACTER.search(node.value)
        if found:
            message = f"holds the control character U+{ord(found[0]):04X}; remove it"
            self._fault(node, path, message)
        return found is None

    def _scalar(self, node: yaml.Node, path: Path) -> object:
        if not self._printable(node, path):
            return None
        try:
            if node.tag not in _NUMBERS or len(node.value) <= LONGEST_NUMBER:
                return self._constructor.construct_object(node)
        except (ValueError, OverflowError, yaml.YAMLError):
            pass
        self._fault(node, path, "YAML cannot read this number or date; quote it")
        return None

    def _fault(self, node: yaml.Node, path: Path, message: str) -> None:
        location = Location(self.file, node.start_mark.line + 1, path_text(path))
        self.errors.append(ConfigError(location, message))


# PyYAML quotes a name or a character of the text in some complaints; it can be of a password.
_QUOTED = re.compile(r"""(["'])(?P<text>.*?)\1""", re.DOTALL)
_HINTS = {
    "undefined alias": "an alias (`*name`) without its anchor; quote a value that starts with `*`",
    "undefined tag handle": "an unknown tag; quote a value that starts with `!`",
    "cannot start any token": "a value starts with a tab, `@`, `%` or a backquote; quote it",
    "another document": "a second document; a spec is a single one",
    "mapping values are not allowed": "a `: ` inside a value; quote the value",
}


def _syntax_fault(error: yaml.YAMLError, file: str) -> ConfigError:
    """PyYAML's complaint without what it quotes of the text."""
    mark = getattr(error, "problem_mark", None)
    line = None if mark is None else mark.line + 1
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    hint = next((hint for sign, hint in _HINTS.items() if sign in problem), None)
    complaint = hint or _QUOTED.sub(_token_only, problem)
    return ConfigError(Location(file, line), f"not valid YAML: {complaint}")


def _token_only(match: re.Match[str]) -> str:
    """Keep the names of PyYAML's tokens (`<block end>`) and punctuation; drop all else."""
    text = match["text"]
    harmless = text.startswith("<") or not any(map(str.isalnum, text))
    return f"`{text}`" if harmless else "…"
