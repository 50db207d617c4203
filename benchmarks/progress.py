"""Progress messages."""

from __future__ import annotations

import sys


def log_progress(text: str) -> None:
    """Print a line on standard error; standard output is for the tables."""
    print(text, file=sys.stderr, flush=True)
