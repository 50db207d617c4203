"""Durations as users write them: `14d`, `36h`, `30m`."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}
FORM = "a duration such as `14d`, `36h` or `30m`"


def duration(text: str) -> timedelta | None:
    """The duration that `text` is, or None where it is none."""
    match = re.fullmatch(r"([0-9]{1,6})([dhm])", text.lower())
    return int(match[1]) * _UNITS[match[2]] if match else None


def told(span: timedelta) -> str:
    """A duration in the largest unit that fits it; seconds are left out."""
    for unit, length in _UNITS.items():
        if abs(span) >= length:
            return f"{abs(span) // length}{unit}"
    return "less than a minute"
