"""Count the requests that a sandbox recorded, by kind. Pure."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

# The kinds of requests and their patterns of method and path; the first match counts.
KINDS: Mapping[str, str] = {
    "secrets": r"GET .*/codespaces/secrets",
    "keys": r"GET .*/codespaces/secrets/public-key",
    "lists": r"GET .*/codespaces/secrets/\w+/repositories",
    "ages": r"GET .*/actions/(organization-)?secrets.*",
    "state reads": r"GET .*/actions/variables/\w+",
    "repositories": r"GET (/orgs/[^/]+/repos|/user/repos|/users/[^/]+/repos|/repos/[^/]+/[^/]+)",
    "queries": r"POST /graphql",
    "value writes": r"PUT .*/codespaces/secrets/\w+",
    "list writes": r"(PUT|DELETE) .*/codespaces/secrets/\w+/repositories(/\d+)?",
    "state writes": r"(POST|PATCH) .*/actions/variables(/\w+)?",
    "other": r".*",
}
WRITES = ("value writes", "list writes", "state writes")
RATE_LIMITED = (HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
# Requests that arrive within these seconds after a response were sent before the client read it.
IN_FLIGHT_SECONDS = 0.02


@dataclass(frozen=True)
class Exchange:
    """A request and its response: `began` when the request arrived, `ended` with the response.

    Both are `time.monotonic()`, which all processes share on Linux. `sent` and `received` are the
    bytes of the bodies. The status is None if the connection was dropped.
    """

    kind: str
    status: int | None
    began: float
    ended: float
    sent: int
    received: int

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Exchange:
        """Read an exchange from the record of `github_sandbox`."""
        figures = {name: data[name] for name in ("status", "began", "ended", "sent", "received")}
        return cls(kind=find_kind(data["method"], data["path"]), **figures)


@dataclass(frozen=True)
class RequestCount:
    """A number of requests, with the bytes of their bodies in both directions."""

    requests: int = 0
    sent: int = 0
    received: int = 0

    def add(self, exchange: Exchange) -> RequestCount:
        """The count with one more exchange."""
        return RequestCount(
            self.requests + 1, self.sent + exchange.sent, self.received + exchange.received
        )

    def __str__(self) -> str:
        """`300 (58 kB)`."""
        if not self.requests:
            return "-"
        kilobytes = (self.sent + self.received) / 1000
        return f"{self.requests:,} ({kilobytes:,.{0 if kilobytes >= 10 else 1}f} kB)"  # noqa: PLR2004


def find_kind(method: str, path: str) -> str:
    """Find the kind of a request, see `KINDS`."""
    request = f"{method} {path}"
    return next(name for name, pattern in KINDS.items() if re.fullmatch(pattern, request))


def count_by_kind(exchanges: Iterable[Exchange]) -> Mapping[str, RequestCount]:
    """Count the requests of every kind, including kinds without any."""
    counts: defaultdict[str, RequestCount] = defaultdict(RequestCount)
    for exchange in exchanges:
        counts[exchange.kind] = counts[exchange.kind].add(exchange)
    return {name: counts[name] for name in KINDS}


def count_excess(counts: Mapping[str, RequestCount], allowed: Mapping[str, int]) -> int:
    """Count the requests beyond the allowed number of each kind; the default is 0."""
    return sum(max(0, count.requests - allowed.get(name, 0)) for name, count in counts.items())


def find_rejected_writes(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Find the writes that the write limit rejected, in the order of the responses."""
    rejected = [one for one in exchanges if one.kind in WRITES and one.status in RATE_LIMITED]
    return sorted(rejected, key=lambda one: one.ended)


def find_avoidable_rejections(exchanges: Iterable[Exchange]) -> list[Exchange]:
    """Find the rejected writes that were sent after the client could read the first rejection."""
    rejected = find_rejected_writes(exchanges)
    return [one for one in rejected if one.began > rejected[0].ended + IN_FLIGHT_SECONDS]


def compute_writing_seconds(exchanges: Iterable[Exchange]) -> float:
    """Seconds from the first write's arrival to the last write's response; 0 without writes."""
    writes = [one for one in exchanges if one.kind in WRITES]
    if not writes:
        return 0.0
    return max(one.ended for one in writes) - min(one.began for one in writes)
