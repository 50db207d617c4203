"""GitHub on a clock that only waiting advances: its secrets, and its rate limits.

It has the limits of "Rate limits for the REST API", docs.github.com, and no HTTP, so a run of days
takes seconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import format_datetime
from threading import Condition

from github import GithubException

from benchmarks.scaling import HOUR, MINUTE, SECONDS_PER_READ, Limits
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.targets import Target

MAX_WRITES, MAX_POINTS = 80, 900  # in a minute
READ_POINTS, WRITE_POINTS = 1, 5
START = datetime(2026, 11, 1, tzinfo=UTC).timestamp()


class VirtualClock:
    """Seconds since 1970 that only waits and requests advance."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        """The time."""
        return self.now

    def sleep(self, _condition: Condition, seconds: float) -> None:
        """Wait, for a `RateLimiter`. No other thread waits for the condition."""
        self.now += seconds

    def time(self) -> datetime:
        """The time of a response."""
        return datetime.fromtimestamp(self.now, UTC)


class SimulatedGitHub:
    """The secrets of each target, behind the limits of one token.

    `requests` and `writes` are the numbers of those that were accepted. `rejections` is how often a
    limit of a minute rejected one; the rate limiter must prevent that.
    """

    def __init__(self, limits: Limits, clock: VirtualClock) -> None:
        self.secrets: dict[Target, dict[str, ObservedSecret]] = {}
        self.requests = self.writes = self.rejections = 0
        self._clock = clock
        self._requests = _Window(limits.requests, HOUR)
        self._content = _Window(limits.content, HOUR) if limits.content else None
        self._writes = _SlidingMinute(MAX_WRITES)
        self._points = _SlidingMinute(MAX_POINTS)

    def store(self, target: Target, names: Iterable[str], updated_at: datetime) -> None:
        """Store secrets without a request."""
        self.secrets[target] = {name: ObservedSecret(name, updated_at) for name in names}

    def list_page(self) -> None:
        """A page of a list, or a public key."""
        self._count_request(READ_POINTS)

    def list_secrets(self, target: Target) -> ObservedTarget:
        """The secrets of a target, on one page."""
        self._count_request(READ_POINTS)
        secrets = dict(self.secrets.get(target, {}))
        return ObservedTarget(secrets, self._clock.time(), resolved=target)

    def put_secret(self, target: Target, name: str) -> None:
        """Write the value of a secret."""
        self._count_request(WRITE_POINTS)
        self.writes += 1
        secret = ObservedSecret(name, self._clock.time())
        self.secrets.setdefault(target, {})[name] = secret

    def _count_request(self, points: int) -> None:
        """Count a request, or reject it as GitHub does."""
        self._clock.now += SECONDS_PER_READ
        now, writes = self._clock.now, int(points == WRITE_POINTS)
        minutes = [(self._points, points), *([(self._writes, 1)] if writes else [])]
        if any(not budget.has_room(now, amount) for budget, amount in minutes):
            self.rejections += 1
            raise self._rejection({"retry-after": "60"})
        if not self._requests.has_room(now):
            reset = str(int(self._requests.resets_at))
            raise self._rejection({"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset})
        if writes and self._content and not self._content.has_room(now):
            raise self._rejection({"retry-after": str(int(self._content.resets_at - now) + 1)})
        for budget, amount in minutes:
            budget.spend(now, amount)
        self._requests.used += 1
        if writes and self._content:
            self._content.used += 1
        self.requests += 1

    def _rejection(self, headers: dict[str, str]) -> GithubException:
        message = {"message": "API rate limit exceeded"}
        date = format_datetime(self._clock.time(), usegmt=True)
        return GithubException(403, message, {"date": date, **headers}, None)


class _Window:
    """At most `limit` requests until a time, which is `length` after the first one."""

    def __init__(self, limit: int, length: float) -> None:
        self.used = 0
        self.resets_at = 0.0
        self._limit = limit
        self._length = length

    def has_room(self, now: float) -> bool:
        """Whether one more request is permitted."""
        if now >= self.resets_at:
            self.used, self.resets_at = 0, now + self._length
        return self.used < self._limit


class _SlidingMinute:
    """At most `limit` in any minute."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def has_room(self, now: float, amount: int) -> bool:
        """Whether `amount` more is permitted."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            self._sum -= self._spent.popleft()[1]
        return self._sum + amount <= self._limit

    def spend(self, now: float, amount: int) -> None:
        """Count `amount`."""
        self._spent.append((now, amount))
        self._sum += amount
