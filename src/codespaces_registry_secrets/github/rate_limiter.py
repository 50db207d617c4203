"""Keep to GitHub's rate limits: decide when each request of all threads can be sent.

Sources: "Rate limits for the REST API" and "Best practices for using the REST API",
docs.github.com: at most 900 points per minute, 1 for a GET and 5 for a write; and about 80 writes
per minute. GitHub reports every other limit in the response that rejects a request.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from threading import Condition, Semaphore
from typing import TypeVar

from github import GithubException

from codespaces_registry_secrets.errors import RateLimitError
from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.model.plan import POINT_BUDGET_PER_WRITE
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.text.date_header import parse_date_header

T = TypeVar("T")

READS_AT_ONCE = 10
READ_POINTS, WRITE_POINTS = 1, 5
# The writes at targets are limited to a rate. Others are few, and must not wait behind them.
PACED_VERBS = frozenset({"PUT", "DELETE"})
# The wait if GitHub names none, and how much longer it gets with each rejection in a row.
DEFAULT_WAIT_SECONDS, BACKOFF_FACTOR = 60.0, 2
MAX_WAIT_SECONDS = 15 * 60.0
# All shards share the limit per hour, so a shard waits until it resets, and one more minute.
MAX_SHARD_WAIT_SECONDS = 61 * 60.0
# Shorter waits are not logged, because the write rate causes many of them.
MIN_LOGGED_WAIT_SECONDS = 5.0
# A `datetime` cannot add an arbitrarily long wait.
MAX_LOGGED_WAIT_SECONDS = 365 * 86_400.0
POLL_SECONDS = 0.2
MINUTE = 60.0
# Writes that can be sent at once. With 60 per minute after them, the first minute has GitHub's 80.
BURST = 20
# After a limit was hit, another program might use up the same limit.
SLOWDOWN_FACTOR = 0.95
# GitHub permits about 80 requests per minute that create content, and 500 per hour. It does not say
# whether secrets are content: the Action keeps to the first, and obeys the second when it is hit.
CONTENT_LIMIT = "its limit on creating content, of about 500 requests an hour"
LATEST = datetime(9000, 1, 1, tzinfo=UTC).timestamp()


class RateLimiter:
    """Sends requests as fast as GitHub's limits permit. Safe to use from several threads.

    `log` is called with a message about each wait. While GitHub rejects requests, `paused_until` is
    the time when they continue, else None. A wait longer than `max_wait`, in seconds, ends the
    run.
    """

    def __init__(
        self,
        writes_per_minute: int,
        log: Callable[[str], None],
        cancellation: Cancellation,
        max_wait: float = MAX_WAIT_SECONDS,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[Condition, float], object] = Condition.wait,
    ) -> None:
        self.paused_until: datetime | None = None
        self.writes_per_minute = writes_per_minute
        self.reads_per_minute = writes_per_minute * POINT_BUDGET_PER_WRITE // READ_POINTS
        self._log = log
        self._cancellation = cancellation
        self._clock = clock
        self._sleep = sleep
        self._max_wait = max_wait
        self._changed = Condition()
        self._reads = Semaphore(READS_AT_ONCE)
        self._writes = WriteBudget(MINUTE / writes_per_minute)
        self._points = PointBudget(writes_per_minute * POINT_BUDGET_PER_WRITE)
        self._closed_until = 0.0
        self._logged_until = 0.0
        self._limits_hit = 0
        self._last_wait = 0.0  # for the current limit; 0 after a request that was not limited
        self._probing = False
        self._final_error: RateLimitError | None = None

    def send(self, verb: str, request: Callable[[], T]) -> T:
        """Wait until a request can be sent, and call `request`; again if it hits a limit.

        Raises:
            RateLimitError: the limit lasts too long; no request is sent after that.
            CancelledError: the run was cancelled during the wait.
        """
        reads = verb == "GET"
        cost = READ_POINTS if reads else WRITE_POINTS
        while True:
            with self._reads if reads else nullcontext():
                limits_hit = self._acquire(cost, paced=verb in PACED_VERBS)
                limit: RateLimit | None = None
                try:
                    return request()
                except GithubException as error:
                    limit = parse_rate_limit(error)
                    if limit is None:
                        raise
                finally:
                    self._on_response(limit, limits_hit)

    def _acquire(self, cost: int, *, paced: bool) -> int:
        """Wait until a request can be sent; return how many limits had been hit by then."""
        with self._changed:
            while (wait := self._seconds_to_wait(cost, paced=paced)) > 0:
                self._cancellation.check()
                self._sleep(self._changed, min(wait, POLL_SECONDS))
            now = self._clock()
            self._points.spend(now, cost)
            if paced:
                self._writes.spend(now)
            # After a limit, one request tests whether it is lifted; the others wait for the result.
            self._probing = self._last_wait > 0
            return self._limits_hit

    def _seconds_to_wait(self, cost: int, *, paced: bool) -> float:
        if self._final_error:
            raise self._final_error
        now = self._clock()
        if self._probing:
            return POLL_SECONDS
        points_at = self._points.available_at(now, cost)
        self._log_wait_for_points(now, points_at)
        writes_at = self._writes.available_at() if paced else now
        return max(self._closed_until, points_at, writes_at) - now

    def _log_wait_for_points(self, now: float, points_at: float) -> None:
        if points_at - now > MIN_LOGGED_WAIT_SECONDS and now >= self._logged_until:
            self._logged_until = points_at
            until = datetime.now(UTC) + timedelta(seconds=points_at - now)
            message = (
                "Waiting for GitHub's limit of points per minute; continuing at "
                f"{until:%H:%M:%S} UTC."
            )
            self._log(message)

    def _on_response(self, limit: RateLimit | None, limits_hit: int) -> None:
        with self._changed:
            if limits_hit != self._limits_hit:
                return  # sent before the limit was hit, so it does not show that it is lifted
            self._probing = False
            if limit:
                self._pause(limit)
            else:
                self._last_wait, self.paused_until = 0.0, None
            self._changed.notify_all()

    def _pause(self, limit: RateLimit) -> None:
        """Let no request pass for as long as GitHub says, and longer with each limit in a row."""
        seconds = limit.seconds if limit.seconds is not None else DEFAULT_WAIT_SECONDS
        seconds = max(seconds, 1.0, self._last_wait * BACKOFF_FACTOR)
        self._limits_hit += 1
        self._last_wait = seconds
        logged_wait = timedelta(seconds=min(seconds, MAX_LOGGED_WAIT_SECONDS))
        self.paused_until = datetime.now(UTC) + logged_wait
        until = f"{self.paused_until:%Y-%m-%d %H:%M:%S} UTC"
        if seconds > self._max_wait:
            span = format_duration(self.paused_until - datetime.now(UTC) + timedelta(seconds=1))
            self._final_error = RateLimitError(
                f"GitHub's rate limit is used up until {until}, for {span} (according to "
                f"{limit.source}); run again after that to apply the remaining changes"
            )
            return
        self._closed_until = self._clock() + seconds
        self._writes.slow_down(self._closed_until)
        self._log(
            f"GitHub's rate limit: no request until {until} ({seconds:.0f} s), according to "
            f"{limit.source}."
        )


class WriteBudget:
    """A budget of writes: `BURST` at once, then one per `interval`. Times are the caller's clock.

    All times and intervals are in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._burst = BURST
        self._due = 0.0  # when the interval of the last write ends

    def available_at(self) -> float:
        """When the next write can be sent."""
        return self._due - (self._burst - 1) * self._interval

    def spend(self, now: float) -> None:
        """Count a write."""
        self._due = max(now, self._due) + self._interval

    def slow_down(self, start: float) -> None:
        """Permit no more bursts, and a lower rate from `start` on: the rate was too high."""
        self._burst = 1
        self._interval /= SLOWDOWN_FACTOR
        self._due = start


class PointBudget:
    """A budget of at most `limit` points in any minute. Times are seconds of the caller's clock."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def available_at(self, now: float, cost: int) -> float:
        """When a request of `cost` points can be sent."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            self._sum -= self._spent.popleft()[1]
        over = self._sum + cost - self._limit
        for spent_at, points in self._spent:
            if over <= 0:
                break
            over -= points
            now = spent_at + MINUTE
        return now

    def spend(self, now: float, cost: int) -> None:
        """Count a request of `cost` points."""
        self._spent.append((now, cost))
        self._sum += cost


@dataclass(frozen=True)
class RateLimit:
    """GitHub permits no request for `seconds`; None if it does not say for how long.

    `source` names what says so, for a message.
    """

    seconds: float | None
    source: str


def parse_rate_limit(error: GithubException) -> RateLimit | None:
    """Read the limit that a rejected request hit; None for any other rejection."""
    message = _error_message(error.data)
    limit = _parse_limit(error, message)
    if limit and "content creation" in message:
        return replace(limit, source=CONTENT_LIMIT)
    return limit


def _parse_limit(error: GithubException, message: str) -> RateLimit | None:
    headers: Mapping[str, str] = error.headers or {}
    used_up = headers.get("x-ratelimit-remaining") == "0"
    if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return None
    retry_after = _parse_number(headers.get("retry-after"))
    if retry_after is not None:
        return RateLimit(retry_after, "`retry-after`")
    reset = _parse_number(headers.get("x-ratelimit-reset"))
    if used_up and reset is not None:
        now = response_time(headers) or datetime.now(UTC)
        # One second more, because the header has whole seconds.
        return RateLimit(reset - now.timestamp() + 1, "`x-ratelimit-reset`")
    phrases = ("rate limit", "content creation", "abuse detection")
    limited = error.status == HTTPStatus.TOO_MANY_REQUESTS or used_up
    if limited or any(phrase in message for phrase in phrases):
        return RateLimit(None, "its documentation")
    return None


def _error_message(data: object) -> str:
    return str(data.get("message", "")).lower() if isinstance(data, dict) else ""


def _parse_number(text: str | None) -> float | None:
    """A number of seconds or a timestamp, at most LATEST; None if it is not a number."""
    digits = text is not None and text.isascii() and text.isdigit()
    return min(float(text or 0), LATEST) if digits else None


def response_time(headers: Mapping[str, str]) -> datetime | None:
    """When GitHub sent a response, by its clock; a runner's can be wrong.

    None without a `Date` that can be the time of a response.
    """
    return parse_date_header(headers.get("date"))
