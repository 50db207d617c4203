"""What a sandbox recorded -> what was asked for, how often and with how many bytes. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

# The kinds of requests, told by method and path; the first that fits counts.
KINDS: Mapping[str, str] = {
    "secrets": r"GET .*/codespaces/secrets",
    "keys": r"GET .*/codespaces/secrets/public-key",
    "lists": r"GET .*/codespaces/secrets/\w+/repositories",
    "ages": r"GET .*/actions/.*",
    "repositories": r"GET (/orgs/[^/]+/repos|/user/repos|/users/[^/]+/repos|/repos/[^/]+/[^/]+)",
    "values": r"PUT .*/codespaces/secrets/\w+",
    "lists set": r"(PUT|DELETE) .*/codespaces/secrets/\w+/repositories(/\d+)?",
    "other": r".*",
}
WRITES = ("values", "lists set")
REFUSED = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
# A request that arrives so soon after an answer, in seconds, was on its way before that was read.
ON_ITS_WAY = 0.02


@dataclass(frozen=True)
class Exchange:
    """A request and its answer: `began` as it arrived, `ended` as it was answered.

    Both are seconds of `time.monotonic()`, which is one clock for all processes on Linux. `sent`
    and `received` are bytes of the bodies. The status is None where the connection was dropped.
    """

    kind: str
    status: int | None
    began: float
    ended: float
    sent: int
    received: int

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Exchange:
        """From a line of the record of `github_sandbox`."""
        figures = {name: data[name] for name in ("status", "began", "ended", "sent", "received")}
        return cls(kind=kind(data["method"], data["path"]), **figures)


@dataclass(frozen=True)
class Tally:
    """How many requests, with how many bytes of bodies either way."""

    requests: int = 0
    sent: int = 0
    received: int = 0

    def with_one(self, exchange: Exchange) -> Tally:
        """One more."""
        return Tally(
            self.requests + 1, self.sent + exchange.sent, self.received + exchange.received
        )

    def __str__(self) -> str:
        """`300 (58 kB)`."""
        if not self.requests:
            return "-"
        kilobytes = (self.sent + self.received) / 1000
        return f"{self.requests:,} ({kilobytes:,.{0 if kilobytes >= 10 else 1}f} kB)"  # noqa: PLR2004


def kind(method: str, path: str) -> str:
    """Which of `KINDS` a request is."""
    asked = f"{method} {path}"
    return next(name for name, pattern in KINDS.items() if re.fullmatch(pattern, asked))


def tallies(exchanges: Iterable[Exchange]) -> Mapping[str, Tally]:
    """The tally of every kind, of those that do not occur too."""
    found: defaultdict[str, Tally] = defaultdict(Tally)
    for exchange in exchanges:
        found[exchange.kind] = found[exchange.kind].with_one(exchange)
    return {name: found[name] for name in KINDS}


def surplus(found: Mapping[str, Tally], allowed: Mapping[str, int]) -> int:
    """How many requests go beyond what is allowed of each kind; of a kind not named, none is."""
    return sum(max(0, tally.requests - allowed.get(name, 0)) for name, tally in found.items())


def refused(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """The writes that GitHub's limit turned away, in order."""
    turned_away = [one for one in exchanges if one.kind in WRITES and one.status in REFUSED]
    return sorted(turned_away, key=lambda one: one.ended)


def refused_again(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Those that were sent when the client could know of the first one."""
    found = refused(exchanges)
    return [one for one in found if one.began > found[0].ended + ON_ITS_WAY]


def writing_seconds(exchanges: Iterable[Exchange]) -> float:
    """From the first write's arrival to the last one's answer; 0 where nothing was written."""
    writes = [one for one in exchanges if one.kind in WRITES]
    if not writes:
        return 0.0
    return max(one.ended for one in writes) - min(one.began for one in writes)
