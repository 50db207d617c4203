"""What is being measured, for whoever waits."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    """A line on stderr: stdout is for the tables."""
    print(text, file=sys.stderr, flush=True)
