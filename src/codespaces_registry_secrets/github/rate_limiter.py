"""When a request may be sent: GitHub's limits, kept and obeyed in one place for all threads.

Sources: "Rate limits for the REST API" and "Best practices for using the REST API",
docs.github.com: at most 900 points in a minute, 1 for a GET and 5 for a write; and about 80 writes
a minute. What else GitHub limits, it tells when it refuses.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Condition, Semaphore
from typing import TypeVar

from github import GithubException

from codespaces_registry_secrets.errors import RateLimitError
from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.model.plan import POINTS_PER_WRITE
from codespaces_registry_secrets.runtime.cancellation import Cancellation

T = TypeVar("T")

READS_AT_ONCE = 10
READ_POINTS, WRITE_POINTS = 1, 5
# What to wait where GitHub does not tell, and how each further refusal in a row lengthens it.
UNTOLD_SECONDS, LENGTHENED = 60.0, 2
LONGEST_WAIT_SECONDS = 15 * 60.0
# The limit of an hour is used up by each of many shards, so they wait for it, and a minute more.
LONGEST_SHARD_WAIT_SECONDS = 61 * 60.0
# Waits shorter than this are part of the pace, and not worth a line.
WORTH_TELLING_SECONDS = 5.0
POLL_SECONDS = 0.2
# A date has an end.
LONGEST_TOLD_SECONDS = 365 * 86_400.0


class RateLimiter:
    """Lets requests through. `tell` hears of each wait that GitHub asks for, with its end.

    `until` is that end, while it lasts. A wait beyond `longest_wait`, in seconds, ends the run.
    """

    def __init__(
        self,
        writes_per_minute: int,
        tell: Callable[[str], None],
        stop: Cancellation,
        longest_wait: float = LONGEST_WAIT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.until: datetime | None = None
        self.writes_a_minute = writes_per_minute
        self.reads_a_minute = writes_per_minute * POINTS_PER_WRITE // READ_POINTS
        self._tell = tell
        self._stop = stop
        self._clock = clock
        self._longest_wait = longest_wait
        self._changed = Condition()
        self._reads = Semaphore(READS_AT_ONCE)
        self._writes = WriteBudget(MINUTE / writes_per_minute)
        self._points = PointBudget(writes_per_minute * POINTS_PER_WRITE)
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
                hits = self._acquire(writes=not reads)
                hit: RateLimit | None = None
                try:
                    return request()
                except GithubException as error:
                    hit = parse_rate_limit(error)
                    if hit is None:
                        raise
                finally:
                    self._on_response(hit, hits)

    def _acquire(self, *, writes: bool) -> int:
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

    def _on_response(self, hit: RateLimit | None, hits: int) -> None:
        with self._changed:
            if hits != self._hits:
                return  # it was sent before the limit was hit, and tells nothing of it
            self._probing = False
            if hit:
                self._pause(hit)
            else:
                self._last_wait, self.until = 0.0, None
            self._changed.notify_all()

    def _pause(self, hit: RateLimit) -> None:
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
                f"done stays, the rest is done then (by {hit.source})"
            )
            return
        self._closed_until = self._clock() + seconds
        self._writes.slow_down(self._closed_until)
        self._tell(
            f"GitHub's rate limit: no request until {at} ({seconds:.0f} s), by {hit.source}."
        )


MINUTE = 60.0
# So many writes may go at once; with 60 a minute after them it makes GitHub's 80 in the first one.
BURST = 20
# After a limit was hit, someone else may spend from it too.
SLOWED = 0.95


class WriteBudget:
    """A budget of writes: `BURST` at once, and then one in each `interval` of seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._burst = BURST
        self._due = 0.0  # when as much was written as the pace allows

    def free(self) -> float:
        """When the next write may be sent."""
        return self._due - (self._burst - 1) * self._interval

    def take(self, now: float) -> None:
        """Spend one."""
        self._due = max(now, self._due) + self._interval

    def slow_down(self, start: float) -> None:
        """From `start` on one by one, and more slowly: what was allowed was too much."""
        self._burst = 1
        self._interval /= SLOWED
        self._due = start


class PointBudget:
    """At most `most` points in any minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def free(self, now: float, cost: int) -> float:
        """When a request of `cost` points may be sent."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            self._sum -= self._spent.popleft()[1]
        over = self._sum + cost - self._most
        for then, points in self._spent:
            if over <= 0:
                break
            over -= points
            now = then + MINUTE
        return now

    def take(self, now: float, cost: int) -> None:
        """Spend `cost`."""
        self._spent.append((now, cost))
        self._sum += cost


# GitHub allows about 80 requests a minute that create content, and 500 an hour. It does not say
# whether secrets are content: the Action keeps to the first, and obeys the second where it is met.
CONTENT = "its limit on creating content, of about 500 requests an hour"


LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


@dataclass(frozen=True)
class RateLimit:
    """GitHub wants no request for `seconds`; None where it does not say for how long.

    `told` names what says so.
    """

    seconds: float | None
    source: str


def parse_rate_limit(error: GithubException) -> RateLimit | None:
    """The limit that a refused request ran into; None for any other refusal."""
    said = _said(error.data)
    found = _told(error, said)
    if found and "content creation" in said:
        return replace(found, source=CONTENT)
    return found


def _told(error: GithubException, said: str) -> RateLimit | None:
    headers: Mapping[str, str] = error.headers or {}
    used_up = headers.get("x-ratelimit-remaining") == "0"
    if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    if _number(headers.get("retry-after")) is not None:
        return RateLimit(_number(headers.get("retry-after")), "`retry-after`")
    reset = _number(headers.get("x-ratelimit-reset"))
    if used_up and reset is not None:
        # A second more: the reset is told in whole ones.
        now = response_time(headers) or datetime.now(UTC)
        return RateLimit(reset - now.timestamp() + 1, "`x-ratelimit-reset`")
    words = ("rate limit", "content creation", "abuse detection")
    if error.status == HTTPStatus.TOO_MANY_REQUESTS or used_up or any(w in said for w in words):
        return RateLimit(None, "its documentation")
    return None


def _said(data: object) -> str:
    return str(data.get("message", "")).lower() if isinstance(data, dict) else ""


def _number(text: str | None) -> float | None:
    """A number of seconds or a time; not beyond what a date can hold."""
    digits = text is not None and text.isascii() and text.isdigit()
    return min(float(text or 0), LATEST) if digits else None


def response_time(headers: Mapping[str, str]) -> datetime | None:
    """GitHub's time of an answer, since a runner's clock may be wrong; None where it tells none."""
    try:
        moment = parsedate_to_datetime(headers["date"])
    except (LookupError, ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
