"""What to hide from the log so that a value is hidden. Pure.

Source: `AddMaskCommandExtension` in actions/runner. `add-mask` hides the whole payload and each of
its lines, trimmed. A line ends at CR LF, CR or LF and nowhere else.
"""

from __future__ import annotations

import re

# A mask for `{` or `},` would blacken every log; such lines of a key hold nothing secret.
SHORTEST_LINE = 6

_LINE_END = re.compile(r"\r\n|\r|\n")


def masks(value: str) -> tuple[str, ...]:
    """The payloads of `add-mask` for a value: its long lines, each on its own.

    A value without a long line is one payload, so the runner hides its short lines too. Blanks at
    the ends are left out: what is around the rest shows nothing. A value of blanks has no mask,
    which the runner would refuse.
    """
    lines = (line.strip() for line in _LINE_END.split(value))
    long = tuple(line for line in lines if len(line) >= SHORTEST_LINE)
    whole = value.strip()
    return long or ((whole,) if whole else ())
