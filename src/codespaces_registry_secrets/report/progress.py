"""How far a run is, while it runs: lines that read well in the log of a workflow."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

MOST_LINES = 50
EVERY_SECONDS = 9.5  # the log shows a count at least every 10 s


# Makes one for so many targets with so many requests in all.
Begin = Callable[[int, int], "Progress"]


class Progress:
    """A line for each target while they are few, and a count now and then.

    `verb` says what happens to a target, `pace` how many requests a minute may be made for it,
    `tell` gets the lines, and `paused` gives the end of a wait that GitHub asked for. There are
    `total` targets, with `work` requests in all.
    """

    def __init__(
        self,
        verb: str,
        pace: int,
        total: int,
        work: int,
        *,
        tell: Callable[[str], None],
        paused: Callable[[], datetime | None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._verb, self._pace, self._tell, self._paused = verb, pace, tell, paused
        self._total, self._work, self._clock = total, work, clock
        self._lock = Lock()
        self._targets = self._failed = self._worked = self._lines = 0
        self._began = self._told = clock()

    def done(self, text: str, work: int, *, failed: bool) -> None:
        """A target is done, after `work` requests; `text` says how it went, where that is news."""
        with self._lock:
            self._targets += 1
            self._failed += failed
            self._worked += work
            told = self._lines < MOST_LINES and (failed or self._total <= MOST_LINES)
            self._lines += told
        if told and text:
            self._tell(text)

    def tick(self) -> None:
        """Tell the count, where it was not told for a while and something is left to do."""
        now = self._clock()
        if now - self._told >= EVERY_SECONDS and self._targets < self._total:
            self._told = now
            self._tell(self._count(now))

    def _count(self, now: float) -> str:
        failed = f", {self._failed} failed" if self._failed else ""
        return (
            f"{self._targets} of {self._total} targets {self._verb}{failed}; {self._outlook(now)}"
        )

    def _outlook(self, now: float) -> str:
        until = self._paused()
        if until:
            return f"GitHub lets us go on at {until:%H:%M:%S} UTC"
        left = self._work - self._worked
        so_far = (now - self._began) / self._worked if self._worked else 0.0
        return f"about {_span(left * max(so_far, 60 / self._pace))} left"


def _span(seconds: float) -> str:
    """`40 s`, `7 min` or `2 h 05 min`: as exact as an estimate may look."""
    minutes = round(seconds / 60)
    if seconds < 60:  # noqa: PLR2004 - a minute
        return f"{max(10, round(seconds, -1)):.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"  # noqa: PLR2004
