"""When a request may be sent, on a clock that waiting turns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Condition
from typing import NoReturn

import pytest
from github import GithubException

from codespaces_registry_secrets.errors import CancelledError, RateLimitError
from codespaces_registry_secrets.github.rate_limiter import (
    LATEST,
    RateLimit,
    RateLimiter,
    parse_rate_limit,
)
from codespaces_registry_secrets.runtime.cancellation import Cancellation


class Clock:
    """A clock that stands still until someone waits; waiting takes no real time."""

    def __init__(self) -> None:
        self._seconds = 1000.0

    def __call__(self) -> float:
        return self._seconds

    def sleep(self, condition: Condition, seconds: float) -> None:
        """Turn the clock, and let other threads take the lock of the condition."""
        self._seconds += seconds
        condition.wait(0)


def paced(
    said: list[str],
    stop: Cancellation | None = None,
    a_minute: int = 60,
    clock: Clock | None = None,
) -> RateLimiter:
    """A pace on such a clock."""
    clock = clock or Clock()
    return RateLimiter(
        a_minute, said.append, stop or Cancellation(), clock=clock, sleep=clock.sleep
    )


def refusing(*headers: Mapping[str, str], status: int = 403) -> Callable[[], str]:
    """A request that is limited so often, with these headers, before it is let through."""
    left = list(headers)

    def request() -> str:
        if left:
            raise GithubException(status, {"message": "rate limit"}, dict(left.pop(0)), None)
        return "answer"

    return request


def waits(said: list[str]) -> list[int]:
    """The seconds of the waits that were told of."""
    return [int(seconds) for seconds in re.findall(r"\((\d+) s\)", "\n".join(said))]


def test_where_github_tells_nothing_a_minute_is_waited_and_doubled() -> None:
    """As its documentation asks for."""
    said: list[str] = []
    clock = Clock()
    began = clock()
    assert paced(said, clock=clock).send("PUT", refusing({}, {}, {})) == "answer"
    assert waits(said) == [60, 120, 240]
    assert clock() - began >= 420


def test_a_request_that_passes_forgets_the_doubling() -> None:
    """The next limit starts with what GitHub says of it."""
    said: list[str] = []
    pace = paced(said)
    pace.send("GET", refusing({}, {}))
    pace.send("GET", refusing({}))
    assert waits(said) == [60, 120, 60]


def test_a_wait_of_more_than_fifteen_minutes_is_none() -> None:
    """It ends in an error that says when to come back, for this request and all that follow."""
    said: list[str] = []
    pace = paced(said)
    with pytest.raises(
        RateLimitError, match=r"is used up until \d{4}-.* UTC, for 16m; run again then"
    ):
        pace.send("PUT", refusing(*[{}] * 9))
    assert waits(said) == [60, 120, 240, 480]
    with pytest.raises(RateLimitError):
        pace.send("GET", lambda: "not sent")


def test_fifteen_minutes_are_waited() -> None:
    """The longest wait that there is."""
    said: list[str] = []
    assert paced(said).send("PUT", refusing({"retry-after": "900"})) == "answer"
    assert waits(said) == [900]


def test_a_refusal_that_is_no_limit_passes_through() -> None:
    """It is raised as it came, and nobody waits."""
    said: list[str] = []

    def forbidden() -> NoReturn:
        raise GithubException(403, {"message": "Must have admin rights"}, {}, None)

    with pytest.raises(GithubException, match="admin rights"):
        paced(said).send("PUT", forbidden)
    assert said == []


def test_after_a_limit_writes_go_one_by_one() -> None:
    """And more slowly: the pace was too much."""
    clock = Clock()
    pace = paced([], a_minute=20, clock=clock)
    pace.send("PUT", refusing({"retry-after": "30"}))
    began = clock()
    for _ in range(11):
        pace.send("PUT", lambda: None)
    assert clock() - began >= 10 * 3 / 0.95 - 0.1


def test_reads_keep_to_the_points_of_a_minute() -> None:
    """900 at once, then none until the minute is over; the wait is told of, once."""
    said: list[str] = []
    clock = Clock()
    pace = paced(said, clock=clock)
    began = clock()
    with ThreadPoolExecutor(10) as pool:
        times = list(pool.map(lambda _: pace.send("GET", clock) - began, range(950)))
    early = [at for at in times if at < 59]
    assert len(early) == 900
    assert len(said) == 1
    assert re.fullmatch(
        r"Within GitHub's limit per minute: continuing at \d\d:\d\d:\d\d UTC\.", said[0]
    )


def test_a_write_costs_five_points() -> None:
    """Of which a minute has 15 for each write that it allows."""
    clock = Clock()
    pace = paced([], a_minute=20, clock=clock)
    began = clock()
    for _ in range(20):
        pace.send("PUT", lambda: None)
    for _ in range(200):
        pace.send("GET", lambda: None)
    assert clock() - began < 59
    pace.send("GET", lambda: None)
    assert clock() - began >= 59


def test_whoever_waits_hears_that_the_run_is_stopped() -> None:
    """At once, and not when the wait is over."""
    stop = Cancellation()
    pace = paced([], stop)
    stop.requested = "SIGTERM"
    with pytest.raises(CancelledError, match="Stopped by SIGTERM"):
        pace.send("PUT", refusing({"retry-after": "900"}))


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
    "a reset while some remain": (
        403,
        {"x-ratelimit-remaining": "9", "x-ratelimit-reset": "9"},
        "",
        None,
    ),
    "nothing but the status": (429, {}, "", RateLimit(None, "its documentation")),
    "nothing but the words": (
        403,
        {},
        "You have exceeded a secondary rate limit",
        RateLimit(None, "its documentation"),
    ),
    "content": (
        403,
        {},
        "You have exceeded a secondary rate limit and have been blocked from content creation.",
        RateLimit(None, "its limit on creating content, of about 500 requests an hour"),
    ),
    "content, with a time": (
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
    "older words": (
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
def test_what_an_answer_says_of_limits(
    status: int, headers: dict[str, str], message: str, expected: RateLimit | None
) -> None:
    """`retry-after`, else the reset where nothing remains, else nothing but that there is one."""
    assert (
        parse_rate_limit(GithubException(status, {"message": message}, headers, None)) == expected
    )
