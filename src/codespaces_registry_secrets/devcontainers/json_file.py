"""Parse a file of a dev container: JSON with comments. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jsonc

from codespaces_registry_secrets.devcontainers.collector import Collector, quote
from codespaces_registry_secrets.model.images import UNKNOWN

# Text whose strings and comments all end. json-with-comments takes a time that is quadratic in the
# length of a text where one does not end: a minute for 64 KB. The quantifiers are possessive, so
# that the time is linear.
_CLOSED = re.compile(
    r"""(?:[^"/]++|"(?:[^"\\]|\\.)*+"|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+""", re.DOTALL
)
# The values of variables are only known in the codespace.
_VARIABLE = re.compile(r"\$\{[^{}]*\}")


def replace_variables(text: str) -> str:
    """A text with `UNKNOWN` for each `${…}`."""
    return _VARIABLE.sub(UNKNOWN, text)


def parse_json_file(text: str, file: str, collector: Collector) -> dict[str, object] | None:
    """The object in a file; None, with a problem, if it is none."""
    try:
        data = _parse(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        collector.add_problem(file, "is not valid JSON with comments")
        return None
    if isinstance(data, dict):
        return data
    collector.add_problem(file, "must be a JSON object")
    return None


def _parse(text: str) -> object:
    if not _CLOSED.fullmatch(text):
        raise ValueError
    data: object = jsonc.loads(text)
    return data


@dataclass(frozen=True)
class JsonObject:
    """An object in a file. A value of another type than expected is a problem, and left out."""

    data: Mapping[str, object]
    file: str
    collector: Collector

    def text(self, key: str) -> str:
        """A text; empty without one."""
        value = self.data.get(key)
        if isinstance(value, str):
            return value
        self._expect(value is None, key, "a string")
        return ""

    def scalar(self, key: str) -> str:
        """A text, number or truth value as text."""
        value = self.data.get(key)
        if isinstance(value, bool):
            return str(value).lower()
        return str(value) if isinstance(value, int | float) else self.text(key)

    def texts(self, key: str) -> list[str]:
        """A list of texts, or one text; empty without them."""
        value = self.data.get(key)
        if not isinstance(value, list):
            text = self.text(key)
            return [text] if text else []
        texts = [item for item in value if isinstance(item, str)]
        self._expect(len(texts) == len(value), key, "a list of strings")
        return texts

    def mapping(self, key: str) -> JsonObject:
        """An object; empty without one."""
        value = self.data.get(key)
        self._expect(value is None or isinstance(value, dict), key, "an object")
        return JsonObject(value if isinstance(value, dict) else {}, self.file, self.collector)

    def _expect(self, condition: bool, key: str, expected: str) -> None:  # noqa: FBT001
        if not condition:
            self.collector.add_problem(self.file, f"{quote(key)} must be {expected}")
