"""Faults on demand, the write limit, and the record of what was asked."""

from __future__ import annotations

import math
import re
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Literal

from github_sandbox.json_types import Json

Repeat = Literal["itself", "items", "forever"]
WRITES = ("PUT", "DELETE", "PATCH")


@dataclass(frozen=True)
class Fault:
    """What is to go wrong, with which requests.

    Requests match by `method` (None: any) and by `path`, a regular expression that is searched
    for in the path with its query (None: any). The `nth` of them since the fault was armed is the
    first one hit; `times` are (None: all that follow). With `each`, every method and path is
    counted by itself, and anew after one that passes: with `times=1` every request fails when it
    is sent first, and passes when it is sent again. `when` says whether the request is carried out
    first. The answer is `status` with `headers` and `body`; a status of None keeps the real answer
    and adds the headers. `drop` cuts the connection instead, `tear` does so in the middle of the
    answer; `delay` is in seconds. `repeat` spoils the pages of a list, as `pages` says.
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

    def matches(self, method: str, path: str) -> bool:
        """Whether a request is one of those that count."""
        if self.method is not None and self.method != method:
            return False
        return self.path is None or re.search(self.path, path) is not None

    @property
    def replaces(self) -> bool:
        """Whether the client never sees the real answer."""
        return self.drop or self.status is not None

    def hits(self, seen: int) -> bool:
        """Whether the request that matches as number `seen` (from 1) is hit."""
        beyond = math.inf if self.times is None else self.nth + self.times
        if self.each and self.times is not None:
            seen = (seen - 1) % (self.nth + self.times) + 1
        return self.nth <= seen < beyond


class Faults:
    """The faults that are armed, with a count of the matching requests of each."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._armed: list[Fault] = []
        self._seen: list[Counter[str]] = []

    def arm(self, fault: Fault) -> None:
        """Count from now on."""
        with self._lock:
            self._armed.append(fault)
            self._seen.append(Counter())

    def disarm(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._armed.clear()
            self._seen.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """Count a request with every fault that it matches; the first fault that hits it."""
        hit = None
        with self._lock:
            for index, fault in enumerate(self._armed):
                if fault.matches(method, path):
                    counted = f"{method} {path}" if fault.each else ""
                    self._seen[index][counted] += 1
                    hit = hit or (fault if fault.hits(self._seen[index][counted]) else None)
        return hit


class WriteLimit:
    """A secondary rate limit: so many writes in any `per` seconds."""

    def __init__(self, writes: int, per: float, status: int) -> None:
        self._writes = writes
        self._per = per
        self.status = status
        self._times: deque[float] = deque()

    def wait(self, method: str) -> int:
        """0 when a request may pass, which is then counted; else the whole seconds to wait."""
        if method not in WRITES:
            return 0
        now = time.monotonic()
        while self._times and self._times[0] <= now - self._per:
            self._times.popleft()
        if len(self._times) < self._writes:
            self._times.append(now)
            return 0
        return max(1, math.ceil(self._times[0] + self._per - now))


@dataclass(frozen=True)
class Exchange:
    """One request and its answer, without the credentials.

    `body` is what was sent. `status` is None when the connection was dropped, `token_kind` for a
    JWT and for an unknown token. `began` and `ended` are `time.monotonic()`. `sent` and `received`
    are the bytes of both bodies, as the client sees it.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: Json
    status: int | None
    token_kind: str | None
    began: float
    ended: float
    sent: int
    received: int
