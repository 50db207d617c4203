"""When the rate limiter sends a request, and how long it waits."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from threading import Condition, Event
from time import sleep
from typing import NoReturn

import pytest
from github import GithubException

from codespaces_registry_secrets.errors import CancelledError, RateLimitError
from codespaces_registry_secrets.github.rate_limiter import (
    LATEST,
    RateLimit,
    RateLimiter,
    parse_rate_limit,
    response_time,
)
from codespaces_registry_secrets.runtime.cancellation import Cancellation


class Clock:
    """A clock that only waiting advances; waiting takes no real time."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def __call__(self) -> float:
        return self._seconds

    def sleep(self, condition: Condition, seconds: float) -> None:
        """Advance the clock, and let other threads acquire the lock of the condition."""
        self._seconds += seconds
        condition.wait(0)


def create_limiter(
    log: list[str],
    cancellation: Cancellation | None = None,
    writes_per_minute: int = 60,
    clock: Clock | None = None,
) -> RateLimiter:
    """Create a rate limiter on a clock of a test; `log` receives its messages."""
    clock = clock or Clock()
    cancellation = cancellation or Cancellation()
    return RateLimiter(writes_per_minute, log.append, cancellation, clock=clock, sleep=clock.sleep)


def limited_request(*headers: Mapping[str, str], status: int = 403) -> Callable[[], str]:
    """A request that is rejected once with each of these headers, and then succeeds."""
    remaining = list(headers)

    def request() -> str:
        if remaining:
            raise GithubException(status, {"message": "rate limit"}, dict(remaining.pop(0)), None)
        return "response"

    return request


def waits(log: list[str]) -> list[int]:
    """The seconds of the waits in the log."""
    return [int(seconds) for seconds in re.findall(r"\((\d+) s\)", "\n".join(log))]


def test_a_wait_without_a_time_from_github_starts_at_a_minute_and_doubles() -> None:
    """GitHub's documentation asks for this."""
    log: list[str] = []
    clock = Clock()
    began = clock()
    assert create_limiter(log, clock=clock).send("PUT", limited_request({}, {}, {})) == "response"
    assert waits(log) == [60, 120, 240]
    assert clock() - began >= 420


def test_a_successful_request_resets_the_doubling() -> None:
    """The next wait starts at a minute again."""
    log: list[str] = []
    limiter = create_limiter(log)
    limiter.send("GET", limited_request({}, {}))
    limiter.send("GET", limited_request({}))
    assert waits(log) == [60, 120, 60]


def test_a_wait_longer_than_fifteen_minutes_is_an_error() -> None:
    """The error has the time to run again; later requests get it too."""
    log: list[str] = []
    limiter = create_limiter(log)
    with pytest.raises(
        RateLimitError,
        match=r"is used up until \d{4}-.* UTC, for 16m \(according to .*\); run again after that",
    ):
        limiter.send("PUT", limited_request(*[{}] * 9))
    assert waits(log) == [60, 120, 240, 480]
    with pytest.raises(RateLimitError):
        limiter.send("GET", lambda: "not sent")


def test_a_wait_of_fifteen_minutes_is_accepted() -> None:
    """This is the maximum."""
    log: list[str] = []
    assert create_limiter(log).send("PUT", limited_request({"retry-after": "900"})) == "response"
    assert waits(log) == [900]


def test_an_error_other_than_a_rate_limit_is_raised_at_once() -> None:
    """It is unchanged, and there is no wait."""
    log: list[str] = []

    def forbidden() -> NoReturn:
        raise GithubException(403, {"message": "Must have admin rights"}, {}, None)

    with pytest.raises(GithubException, match="admin rights"):
        create_limiter(log).send("PUT", forbidden)
    assert log == []


def test_after_a_rate_limit_writes_are_sent_one_at_a_time() -> None:
    """They are also slower, because the rate was too high."""
    clock = Clock()
    limiter = create_limiter([], writes_per_minute=20, clock=clock)
    limiter.send("PUT", limited_request({"retry-after": "30"}))
    began = clock()
    for _ in range(11):
        limiter.send("PUT", lambda: None)
    assert clock() - began >= 10 * 3 / 0.95 - 0.1


def test_an_earlier_response_does_not_end_the_limit() -> None:
    """A request that was sent before the limit was hit tells nothing about it."""
    log: list[str] = []
    limiter = create_limiter(log)
    sent, limited = Event(), Event()
    limit = limited_request({}, {})

    def earlier() -> None:
        sent.set()
        limited.wait()

    def request() -> str:
        if waits(log) == [60]:
            limited.set()
            response.result()
        return limit()

    with ThreadPoolExecutor(1) as pool:
        response = pool.submit(limiter.send, "GET", earlier)
        sent.wait()
        limiter.send("PUT", request)
    assert waits(log) == [60, 120]


def test_after_a_rate_limit_one_request_tests_whether_it_is_lifted() -> None:
    """The others wait for its response."""
    log: list[str] = []
    clock = Clock()
    limiter = create_limiter(log, clock=clock)
    limit = limited_request({})
    order: list[str] = []

    def request() -> None:
        if waits(log):
            began = clock()
            others.append(pool.submit(limiter.send, "GET", lambda: order.append("another")))
            while clock() == began:  # until the other request waits
                sleep(0.001)
        limit()
        order.append("first")

    others: list[Future[None]] = []
    with ThreadPoolExecutor(1) as pool:
        limiter.send("PUT", request)
        others[0].result()
    assert order == ["first", "another"]


def test_reads_stay_within_the_points_per_minute() -> None:
    """900 are sent at once, the others after the minute; the wait is logged once."""
    log: list[str] = []
    clock = Clock()
    limiter = create_limiter(log, clock=clock)
    began = clock()
    with ThreadPoolExecutor(10) as pool:
        times = list(pool.map(lambda _: limiter.send("GET", clock) - began, range(950)))
    early = [time for time in times if time < 59]
    # Each of the other threads can read the clock after one has waited for the minute.
    assert 900 - 9 <= len(early) <= 900
    assert len(log) == 1
    assert re.fullmatch(
        r"Waiting for GitHub's limit of points per minute; continuing at \d\d:\d\d:\d\d UTC\.",
        log[0],
    )


def test_a_write_costs_five_points() -> None:
    """A minute has 15 points for each write that it allows."""
    clock = Clock()
    limiter = create_limiter([], writes_per_minute=20, clock=clock)
    began = clock()
    for _ in range(20):
        limiter.send("PUT", lambda: None)
    for _ in range(200):
        limiter.send("GET", lambda: None)
    assert clock() - began < 59
    limiter.send("GET", lambda: None)
    assert clock() - began >= 59


def test_a_wait_ends_when_the_run_is_cancelled() -> None:
    """At once, not after the full wait."""
    cancellation = Cancellation()
    limiter = create_limiter([], cancellation)
    cancellation.requested = "SIGTERM"
    with pytest.raises(CancelledError, match="Stopped by SIGTERM"):
        limiter.send("PUT", limited_request({"retry-after": "900"}))


LIMITS: dict[str, tuple[int, dict[str, str], str, RateLimit | None]] = {
    "seconds": (403, {"retry-after": "7"}, "", RateLimit(7, "`retry-after`")),
    "seconds and a reset": (
        429,
        {"retry-after": "7", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"},
        "",
        RateLimit(7, "`retry-after`"),
    ),
    "a reset by GitHub's clock": (
        403,
        {
            "x-ratelimit-remaining": "0",
            "x-ratelimit-reset": "1700000030",
            "date": "Tue, 14 Nov 2023 22:13:20 GMT",
        },
        "",
        RateLimit(31, "`x-ratelimit-reset`"),
    ),
    "a reset while requests remain": (
        403,
        {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "9"},
        "",
        None,
    ),
    "only the status": (429, {}, "", RateLimit(None, "its documentation")),
    "only the message": (
        403,
        {},
        "You have exceeded a secondary rate limit",
        RateLimit(None, "its documentation"),
    ),
    "content creation": (
        403,
        {},
        "You have exceeded a secondary rate limit and have been blocked from content creation.",
        RateLimit(None, "its limit on creating content, of about 500 requests an hour"),
    ),
    "content creation, with a time": (
        403,
        {"retry-after": "90"},
        "You have been blocked from content creation.",
        RateLimit(90, "its limit on creating content, of about 500 requests an hour"),
    ),
    "more seconds than a date can hold": (
        429,
        {"retry-after": "9" * 30},
        "",
        RateLimit(LATEST, "`retry-after`"),
    ),
    "an older message": (
        403,
        {},
        "You have triggered an abuse detection mechanism",
        RateLimit(None, "its documentation"),
    ),
    "a date in place of seconds": (
        429,
        {"retry-after": "soon"},
        "",
        RateLimit(None, "its documentation"),
    ),
    "a permission": (403, {"x-ratelimit-remaining": "4999"}, "Resource not accessible", None),
    "a server error": (503, {"retry-after": "7"}, "", None),
}


@pytest.mark.parametrize(("status", "headers", "message", "expected"), LIMITS.values(), ids=LIMITS)
def test_the_rate_limit_of_a_response_is_parsed(
    status: int, headers: dict[str, str], message: str, expected: RateLimit | None
) -> None:
    """From `retry-after`, else from the reset if no requests remain, else without a time."""
    assert (
        parse_rate_limit(GithubException(status, {"message": message}, headers, None)) == expected
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Thu, 31 Dec 99999 23:59:59 GMT",
    ],
)
def test_a_date_that_no_response_has_is_ignored(text: str) -> None:
    """A run then goes by the runner's clock."""
    assert response_time({"date": text}) is None


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Mar 2026 03:00:00 GMT", datetime(2026, 3, 1, 3, tzinfo=UTC)),
        ("Sun, 01 Mar 2026 03:00:00 -0000", datetime(2026, 3, 1, 3, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
    ],
)
def test_the_time_of_a_response_is_that_of_its_date(
    date: str | None, expected: datetime | None
) -> None:
    """Without one, the time is unknown."""
    assert response_time({} if date is None else {"date": date}) == expected
