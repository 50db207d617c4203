"""When a request may be sent: GitHub's limits, kept and obeyed in one place for all threads.

Sources: "Rate limits for the REST API" and "Best practices for using the REST API",
docs.github.com: at most 900 points in a minute, 1 for a GET and 5 for a write; and about 80 writes
a minute. What else GitHub limits, it tells when it refuses.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from threading import Condition, Semaphore
from typing import TypeVar

from github import GithubException

from codespaces_registry_secrets.errors import RateLimitError
from codespaces_registry_secrets.github.budgets import MINUTE, Points, Writes
from codespaces_registry_secrets.github.limits import Limit, limit
from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.runtime.cancellation import Stop

T = TypeVar("T")

READS_AT_ONCE = 10
# A run that writes 60 times a minute keeps to 900 points; one that is told to write more often has
# been told that its limits are higher.
POINTS_FOR_A_WRITE = 15
READ_POINTS, WRITE_POINTS = 1, 5
# What to wait where GitHub does not tell, and how each further refusal in a row lengthens it.
UNTOLD_SECONDS, LENGTHENED = 60.0, 2
LONGEST_WAIT_SECONDS = 15 * 60.0
# The limit of an hour is used up by each of many shards, so they wait for it, and a minute more.
LONGEST_WAIT_SECONDS_OF_A_SHARD = 61 * 60.0
# Waits shorter than this are part of the pace, and not worth a line.
WORTH_TELLING_SECONDS = 5.0
POLL_SECONDS = 0.2
# A date has an end.
LONGEST_TOLD_SECONDS = 365 * 86_400.0


class Pace:
    """Lets requests through. `tell` hears of each wait that GitHub asks for, with its end.

    `until` is that end, while it lasts. A wait beyond `longest_wait`, in seconds, ends the run.
    """

    def __init__(
        self,
        writes_per_minute: int,
        tell: Callable[[str], None],
        stop: Stop,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.until: datetime | None = None
        self.writes_a_minute = writes_per_minute
        self.reads_a_minute = writes_per_minute * POINTS_FOR_A_WRITE // READ_POINTS
        self._tell = tell
        self._stop = stop
        self._clock = clock
        self._longest_wait = longest_wait
        self._changed = Condition()
        self._reads = Semaphore(READS_AT_ONCE)
        self._writes = Writes(MINUTE / writes_per_minute)
        self._points = Points(writes_per_minute * POINTS_FOR_A_WRITE)
        self._closed_until = 0.0
        self._told_until = 0.0
        self._hits = 0
        self._last_wait = 0.0  # of the limit that holds; 0 once a request was let through
        self._probing = False
        self._over: RateLimitError | None = None

    def send(self, verb: str, request: Callable[[], T]) -> T:
        """`request()`, when it may be sent; again where it hits a limit.

        Raises:
            RateLimitError: the limit holds for too long; no request is sent from then on.
            StoppedError: the run was told to end while this had to wait.
        """
        reads = verb == "GET"
        while True:
            with self._reads if reads else nullcontext():
                hits = self._turn(writes=not reads)
                hit: Limit | None = None
                try:
                    return request()
                except GithubException as error:
                    hit = limit(error)
                    if hit is None:
                        raise
                finally:
                    self._answered(hit, hits)

    def _turn(self, *, writes: bool) -> int:
        """Wait until a request may be sent. How many limits had been hit by then."""
        with self._changed:
            while (wait := self._wait(writes=writes)) > 0:
                self._stop.check()
                self._changed.wait(min(wait, POLL_SECONDS))
            now = self._clock()
            self._points.take(now, WRITE_POINTS if writes else READ_POINTS)
            if writes:
                self._writes.take(now)
            # One request finds out whether a limit is lifted; the others wait for what it meets.
            self._probing = self._last_wait > 0
            return self._hits

    def _wait(self, *, writes: bool) -> float:
        """Seconds until the next request may be sent, as things stand; 0 for now."""
        if self._over:
            raise self._over
        now = self._clock()
        if self._probing:
            return POLL_SECONDS
        points = self._points.free(now, WRITE_POINTS if writes else READ_POINTS)
        if points - now > WORTH_TELLING_SECONDS and now >= self._told_until:
            self._told_until = points
            until = datetime.now(UTC) + timedelta(seconds=points - now)
            self._tell(f"Within GitHub's limit for a minute: going on at {until:%H:%M:%S} UTC.")
        return max(self._closed_until, points, self._writes.free() if writes else now) - now

    def _answered(self, hit: Limit | None, hits: int) -> None:
        with self._changed:
            if hits != self._hits:
                return  # it was sent before the limit was hit, and tells nothing of it
            self._probing = False
            if hit:
                self._close(hit)
            else:
                self._last_wait, self.until = 0.0, None
            self._changed.notify_all()

    def _close(self, hit: Limit) -> None:
        """Nobody sends for as long as GitHub says, and for longer each time in a row."""
        seconds = hit.seconds if hit.seconds is not None else UNTOLD_SECONDS
        seconds = max(seconds, 1.0, self._last_wait * LENGTHENED)
        self._hits += 1
        self._last_wait = seconds
        self.until = datetime.now(UTC) + timedelta(seconds=min(seconds, LONGEST_TOLD_SECONDS))
        at = f"{self.until:%Y-%m-%d %H:%M:%S} UTC"
        if seconds > self._longest_wait:
            span = format_duration(self.until - datetime.now(UTC) + timedelta(seconds=1))
            self._over = RateLimitError(
                f"GitHub's rate limit is used up until {at}, for {span}; run again then: what is "
                f"done stays, the rest is done then (by {hit.told})"
            )
            return
        self._closed_until = self._clock() + seconds
        self._writes.slow_down(self._closed_until)
        self._tell(f"GitHub's rate limit: no request until {at} ({seconds:.0f} s), by {hit.told}.")
