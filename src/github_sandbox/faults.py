"""Fault injection: make chosen requests fail."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from github_sandbox.queries import count_repositories

Repeat = Literal["itself", "items", "forever"]
Partial = Literal["repositories", "fields"]


@dataclass(frozen=True)
class Fault:
    """A failure to inject, and the requests that it affects.

    - A request matches by `method` (None: any) and by `path`, a regular expression that is searched
      for in the path with its query (None: any).
    - Matching requests are counted from the moment the fault is added. The first one affected is
      number `nth`; `times` requests are affected (None: all that follow).
    - With `each`, every method and path has its own count, which starts again after a request that
      passes: with `times=1`, every request fails when first sent and passes when sent again.
    - `when` says whether the API handles the request before the failure.
    - The response has `status`, `headers` and `body`. A status of None keeps the real response and
      adds the headers.
    - `drop` closes the connection without a response, `tear` closes it in the middle of the body.
    - `delay` is in seconds.
    - `repeat` corrupts the pages of a list, see `pagination_faults`.
    - With `repositories`, only GraphQL queries for more than this number of repositories match.
      `partial` removes the results for those beyond the number, see `query_faults`.
    """

    method: str | None = None
    path: str | None = None
    nth: int = 1
    times: int | None = 1
    status: int | None = 500
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    when: Literal["before", "after"] = "before"
    drop: bool = False
    delay: float = 0.0
    each: bool = False
    tear: bool = False
    repeat: Repeat | None = None
    repositories: int = 0
    partial: Partial | None = None

    def matches(self, method: str, path: str, raw_body: bytes = b"") -> bool:
        """Whether a request matches and is counted."""
        if self.method is not None and self.method != method:
            return False
        if self.path is not None and re.search(self.path, path) is None:
            return False
        return self.repositories == 0 or count_repositories(raw_body) > self.repositories

    @property
    def replaces_response(self) -> bool:
        """Whether the client does not get the real response."""
        return self.drop or self.status is not None

    def affects(self, count: int) -> bool:
        """Whether the matching request number `count` (from 1) is affected."""
        end = math.inf if self.times is None else self.nth + self.times
        if self.each and self.times is not None:
            count = (count - 1) % (self.nth + self.times) + 1
        return self.nth <= count < end


class FaultInjector:
    """The active faults, each with the counts of its matching requests.

    `choose` is called with method and path of each request, and can return a fault for it.
    """

    def __init__(self) -> None:
        self.choose: Callable[[str, str], Fault | None] = lambda *_: None
        self._lock = Lock()
        self._faults: list[Fault] = []
        self._counts: list[Counter[str]] = []

    def add(self, fault: Fault) -> None:
        """Activate a fault; it counts requests from now on."""
        with self._lock:
            self._faults.append(fault)
            self._counts.append(Counter())

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()
            self._counts.clear()

    def select(self, method: str, path: str, raw_body: bytes) -> Fault | None:
        """Count a request with every fault that it matches; return the first one to affect it."""
        selected = self.choose(method, path)
        with self._lock:
            for index, fault in enumerate(self._faults):
                if fault.matches(method, path, raw_body):
                    key = f"{method} {path}" if fault.each else ""
                    self._counts[index][key] += 1
                    affected = fault.affects(self._counts[index][key])
                    selected = selected or (fault if affected else None)
        return selected
