"""Text in the log that only looks like a workflow command. Pure.

Source: `ActionCommand` in actions/runner. It takes `::name::` for a command behind any whitespace
at the start of a line, and `##[name]` anywhere in a line. Whitespace is what .NET's
`Char.IsWhiteSpace` says, all of which Python's `re` takes for whitespace too.
"""

from __future__ import annotations

import re

from codespaces_registry_secrets.text.control_characters import visible

_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def inert(text: str) -> str:
    """Replace control characters, and break up whatever the runner would obey: `: :`, `## [`."""
    return _COMMAND.sub(r"\1: :", visible(text)).replace("##[", "## [")
