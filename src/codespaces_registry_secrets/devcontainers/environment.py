"""The variables of a Compose project: the files `.env`. Pure.

Source: `dotenv` of compose-spec/compose-go, and the pages below
docs.docker.com/compose/how-tos/environment-variables.
"""

from __future__ import annotations

import re

from codespaces_registry_secrets.devcontainers.collector import Collector
from codespaces_registry_secrets.devcontainers.substitution import interpolate

_LINE = re.compile(
    r"""^[ \t]*(?:export[ \t]+)?(?P<name>[\w.-]+)[ \t]*[=:][ \t]*"""
    r"""(?:'(?P<literal>(?:[^'\\]|\\.)*+)'|"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<plain>[^\n]*))""",
    re.MULTILINE | re.DOTALL,
)


class Environment:
    """The variables in files, which are read when the first variable is looked up.

    A variable of `parent` is used instead of one in the files.
    """

    def __init__(
        self, files: list[str], collector: Collector, parent: Environment | None = None
    ) -> None:
        self._files = files
        self._collector = collector
        self._parent = parent
        self._values: dict[str, str] | None = None

    def lookup(self, name: str) -> str | None:
        """The value of a variable; None if no file has it."""
        value = self._parent.lookup(name) if self._parent else None
        if value is not None:
            return value
        if self._values is None:
            self._values = {}
            for file in self._files:
                self._load(file)
        return self._values.get(name)

    def _load(self, file: str) -> None:
        values = self._values = self._values or {}
        for match in _LINE.finditer(self._collector.read_optional(file, file) or ""):
            if match["literal"] is not None:
                values[match["name"]] = match["literal"]
                continue
            text = match["quoted"]
            if text is None:
                text = match["plain"].partition(" #")[0].strip()
            values[match["name"]] = interpolate(text, values.get)
