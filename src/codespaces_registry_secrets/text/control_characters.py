"""Control characters in text from outside: from GitHub, a registry, the spec or the runner. Pure.

A terminal, the runner or a browser acts on such a character instead of showing it: the runner takes
what follows a lone carriage return for a new line, and so for a workflow command.
"""

from __future__ import annotations

import re

# C0 but tab and newline, DEL and C1. U+2028 and U+2029, which some readers take for a line end.
# The bidirectional controls, which show text in another order than it has (CVE-2021-42574). Halves
# of surrogate pairs, which no file in UTF-8 can hold.
_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def replace_control_characters(text: str) -> str:
    r"""Replace each control character but newline and tab with U+FFFD; `\r\n` is a newline.

    U+FFFD and not an escape such as `\r`: a later reader (`fromJSON`, `jq -r`, `echo -e`) would
    turn an escape into the character again. The text keeps its length, too.
    """
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n"))


def one_line(text: str) -> str:
    """Replace control characters, and each run of newlines, tabs and blanks with one blank."""
    return " ".join(replace_control_characters(text).split())


_COMMAND = re.compile(r"^(\s*)::", re.MULTILINE)


def disable_commands(text: str) -> str:
    """Replace control characters, and break up whatever the runner would obey: `: :`, `## [`."""
    return _COMMAND.sub(r"\1: :", replace_control_characters(text)).replace("##[", "## [")
