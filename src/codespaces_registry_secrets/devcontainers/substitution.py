r"""Replace variables as a Dockerfile and as Compose do, with unknown values. Pure.

Both have `$V`, `${V}`, `${V:-word}`, `${V-word}`, `${V:+word}`, `${V+word}`, `${V:?message}` and
`${V?message}`; a word can have variables. A Dockerfile has quotes and an escape character, and
replaces a variable that is not set with nothing. Compose writes `$$` for `$`. There a variable that
is not set has an unknown value, because it can be set in the codespace.

Source: `frontend/dockerfile/shell` of moby/buildkit, and `template` of compose-spec/compose-go.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from codespaces_registry_secrets.model.images import MAX_LENGTH, UNKNOWN

# Words that are nested deeper are unknown, and values with more characters than a name can have.
MAX_DEPTH = 20

Lookup = Callable[[str], str | None]

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+")
_OPERATOR = re.compile(r":?[-+?]")


def expand(text: str, lookup: Lookup, escape: str = "\\") -> str:
    """Replace the variables in a word of a Dockerfile, and remove its quotes.

    `lookup` returns the value of a variable, in which `UNKNOWN` stands for unknown values; None if
    it is not set.
    """
    return _result(_Expansion(text, lookup, escape, MAX_LENGTH))


def interpolate(text: str, lookup: Lookup, limit: int = MAX_LENGTH) -> str:
    """Replace the variables in a value of a Compose file; a result above `limit` is unknown."""
    return _result(_Expansion(text, lookup, "", limit)) if "$" in text else text


class _TooLongError(Exception):
    """The result has too many characters, or the words are nested too deeply."""


def _result(expansion: _Expansion) -> str:
    try:
        return expansion.run()
    except _TooLongError:
        return UNKNOWN


class _Expansion:
    """One pass over a text. Without an `escape` it follows the rules of Compose."""

    def __init__(self, text: str, lookup: Lookup, escape: str, limit: int) -> None:
        self._text = text
        self._lookup = lookup
        self._escape = escape
        self._limit = limit
        self._position = 0
        self._depth = 0
        special = r"""$}'"\\`""" if escape else "$}"
        self._plain = re.compile(f"[^{special}]+")

    def run(self, stop: str = "", quote: str = "") -> str:
        """Expand until the end of the text, or until `stop`."""
        parts: list[str] = []
        length = 0
        while self._position < len(self._text):
            match = self._plain.match(self._text, self._position)
            if match:
                self._position = match.end()
                part = match[0]
            elif self._text[self._position] == stop:
                break
            else:
                part = self._special(quote)
            parts.append(part)
            length += len(part)
            if length > self._limit:
                raise _TooLongError
        return "".join(parts)

    def _special(self, quote: str) -> str:
        """What a special character, and what belongs to it, stands for."""
        char = self._next()
        if char == "$":
            return self._variable()
        if not self._escape:
            return char
        if char == self._escape:
            return self._escaped(quote)
        if quote or char not in "'\"":
            return char
        if char == "'":
            end = self._text.find("'", self._position)
            return self._take(end if end >= 0 else len(self._text), skip=1)
        text = self.run(stop='"', quote='"')
        self._position += 1
        return text

    def _escaped(self, quote: str) -> str:
        char = self._next()
        keeps_escape = quote and char not in ('"', "$", self._escape)
        return self._escape + char if keeps_escape else char

    def _next(self) -> str:
        """The next character; empty at the end."""
        return self._take(self._position + 1)

    def _take(self, end: int, skip: int = 0) -> str:
        text = self._text[self._position : end]
        self._position = end + skip
        return text

    def _variable(self) -> str:
        """The value of the variable after `$`."""
        following = self._text[self._position : self._position + 1]
        if following == "$" and not self._escape:
            return self._next()
        if following != "{":
            name = self._name()
            return self._value(name) if name else "$"
        self._position += 1
        name = self._name()
        value = self._lookup(name) if name else UNKNOWN
        match = _OPERATOR.match(self._text, self._position)
        if match:
            self._position = match.end()
            return self._choose(match[0], value, self._word())
        is_plain = self._text[self._position : self._position + 1] == "}"
        self._word()
        return (self._unset if value is None else value) if is_plain else UNKNOWN

    def _name(self) -> str:
        match = _NAME.match(self._text, self._position)
        self._position = match.end() if match else self._position
        return match[0] if match else ""

    def _word(self) -> str:
        """The expanded word before the closing brace."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise _TooLongError
        word = self.run(stop="}")
        self._depth -= 1
        closed = self._next()
        return word if closed else UNKNOWN

    def _choose(self, operator: str, value: str | None, word: str) -> str:
        """What `${name<operator>word}` stands for."""
        is_unset = value is None or (value == "" and ":" in operator)
        if value == UNKNOWN and ":" in operator:  # it can be empty
            return UNKNOWN
        if operator.endswith("-"):
            return word if is_unset else value or ""
        if is_unset:
            return self._unset
        return word if operator.endswith("+") else value or ""

    @property
    def _unset(self) -> str:
        return "" if self._escape else UNKNOWN

    def _value(self, name: str) -> str:
        value = self._lookup(name)
        return self._unset if value is None else value
