"""A secondary rate limit on writes."""

from __future__ import annotations

import math
import time
from collections import deque

WRITE_METHODS = ("POST", "PUT", "PATCH", "DELETE")


def is_write(method: str, path: str) -> bool:
    """Whether a request changes content; a POST for an installation token or a query does not."""
    return method in WRITE_METHODS and not path.endswith(("/access_tokens", "/graphql"))


class WriteLimit:
    """Allow `writes` write requests in any `per` seconds; the others are rejected with `status`."""

    def __init__(self, writes: int, per: float, status: int) -> None:
        self._writes = writes
        self._per = per
        self.status = status
        self._times: deque[float] = deque()

    def seconds_to_wait(self, method: str, path: str) -> int:
        """Count a request; 0 if it is allowed, else the whole seconds until the next write is."""
        if not is_write(method, path):
            return 0
        now = time.monotonic()
        while self._times and self._times[0] <= now - self._per:
            self._times.popleft()
        if len(self._times) < self._writes:
            self._times.append(now)
            return 0
        return max(1, math.ceil(self._times[0] + self._per - now))
