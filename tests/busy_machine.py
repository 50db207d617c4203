"""Time limits on a machine that other processes keep busy."""

from __future__ import annotations

import os


def stretched(seconds: float) -> float:
    """A time limit, longer if more than one process waits for each core."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
