"""Lists in messages, shortened."""

from __future__ import annotations

from collections.abc import Sequence


def list_some(items: Sequence[str], maximum: int, separator: str = ", ") -> str:
    """`a, b and 3 more`: up to `maximum` of the items, and the number of the others."""
    more = len(items) - maximum
    listed = separator.join(items[:maximum])
    return f"{listed} and {more} more" if more > 0 else listed
