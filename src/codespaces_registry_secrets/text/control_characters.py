"""Replace control characters and disable workflow commands in text from outside. Pure.

"Outside" is GitHub, a registry, the spec and the runner. A terminal, the runner or a browser acts
on a control character instead of showing it: the runner starts a new line, and so possibly a
workflow command, after a lone carriage return.
"""

from __future__ import annotations

import re

# C0 except tab and newline, DEL and C1; U+2028 and U+2029, which some readers treat as a line end;
# the bidirectional controls, which reorder the text on the screen (CVE-2021-42574); and surrogates,
# which UTF-8 cannot encode.
CONTROL_CHARACTER = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)

# Source: `ActionCommand` in actions/runner. It reads `::name::` as a command after any whitespace
# at the start of a line, and `##[name]` anywhere in a line. Whitespace is .NET's
# `Char.IsWhiteSpace`, and Python's `\s` covers all of it.
_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def replace_control_characters(text: str) -> str:
    r"""Replace each control character except newline and tab with U+FFFD; `\r\n` is a newline.

    U+FFFD rather than an escape such as `\r`: a later reader (`fromJSON`, `jq -r`, `echo -e`) would
    turn an escape back into the character. Each character becomes one character.
    """
    return CONTROL_CHARACTER.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Replace control characters, and each run of newlines, tabs and spaces with one space."""
    return " ".join(replace_control_characters(text).split())


def disable_commands(text: str) -> str:
    """Replace control characters, and split what the runner reads as a command: `: :`, `## [`."""
    return _COMMAND.sub(r"\1: :", replace_control_characters(text)).replace("##[", "## [")
