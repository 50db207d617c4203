"""What goes wrong at GitHub, and on the way there, in runs that last."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from github_sandbox import Fault

HALF_JSON = '{"total_count": 3, "secr'
# Longer than the Action waits for a response.
HANGING = 35.0
LIMIT_SECONDS = 2.0
# The Action sends a request again after these, in the same run.
TRANSIENT: Mapping[str, Fault] = {
    "500": Fault(status=500),
    "502": Fault(status=502),
    "503 after": Fault(status=503, when="after"),
    "dropped before": Fault(drop=True),
    "dropped after": Fault(drop=True, when="after"),
    "dropped midway": Fault(status=None, tear=True),
    "slow": Fault(status=None, delay=1.0),
}
# These fail a target, or a run if they meet a list that all targets need.
UNEXPECTED: Mapping[str, Fault] = {
    "broken JSON": Fault(status=200, body=HALF_JSON),
    "broken JSON after": Fault(status=200, body=HALF_JSON, when="after"),
    "HTML": Fault(status=200, body="<html>Unicorn!</html>"),
    "nothing": Fault(status=200, body=""),
    "another shape": Fault(status=200, body="[1]"),
    "a 403 of another shape": Fault(status=403, body="[1]"),
    "422": Fault(status=422),
    "a page that links to itself": Fault("GET", status=None, repeat="itself"),
}
HANG = Fault(status=None, delay=HANGING)
LIMITS: Mapping[str, Fault] = {
    "429": Fault(status=429, headers={"retry-after": "2"}),
    "403": Fault(
        status=403,
        headers={"retry-after": "2"},
        body='{"message": "You have exceeded a secondary rate limit."}',
    ),
    "used up": Fault(status=403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "0"}),
}


@dataclass
class Disturbances:
    """Chooses the faults of a sandbox: give it to `choose_faults`.

    Each time a request is sent, it fails with this `probability`, in a way of `ways`. Both depend
    only on the seed, the request, and how often it was sent, so they do not depend on the order of
    requests that are sent at the same time. Each request whose number is a multiple of `hang_every`
    gets no response in time. `limits` are limits of `LIMITS`, by the number of the request from
    which on all requests are rejected for two seconds. `at_writes` are called at the write with
    their number, before GitHub carries it out. `met` counts what happened.
    """

    seed: int
    probability: float
    ways: Mapping[str, Fault]
    hang_every: int | None = None
    limits: Mapping[int, str] = field(default_factory=dict)
    at_writes: Mapping[int, Callable[[], None]] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    requests: int = 0
    writes: int = 0
    failed_writes: int = 0
    _sent: Counter[str] = field(default_factory=Counter)
    _limit: Fault | None = None
    _limited_until: float = 0.0

    def __call__(self, method: str, path: str) -> Fault | None:
        """Choose the fault of a request."""
        self.requests += 1
        if method == "PUT":
            self.writes += 1
            self.at_writes.get(self.writes, _nothing)()
        way = self._choose_way(method, path)
        fault = self._choose_limit() or self._choose_hang() or way
        self.failed_writes += method == "PUT" and fault is not None
        return fault

    def _choose_limit(self) -> Fault | None:
        if name := self.limits.get(self.requests):
            self._limit, self._limited_until = LIMITS[name], time.monotonic() + LIMIT_SECONDS
            self.met[name] += 1
        return self._limit if time.monotonic() < self._limited_until else None

    def _choose_hang(self) -> Fault | None:
        if not self.hang_every or self.requests % self.hang_every:
            return None
        self.met["hangs"] += 1
        return HANG

    def _choose_way(self, method: str, path: str) -> Fault | None:
        request = f"{method} {path}"
        self._sent[request] += 1
        key = f"{self.seed} {request} {self._sent[request]}"
        random = Random(key)  # noqa: S311 - no secret depends on it
        if random.random() >= self.probability:
            return None
        name = random.choice([name for name, way in self.ways.items() if way.matches(method, path)])
        self.met[name] += 1
        return self.ways[name]


def _nothing() -> None:
    pass
