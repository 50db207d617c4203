"""What may be spent of writes, and of points for all requests. The clock is the caller's."""

from __future__ import annotations

from collections import deque

MINUTE = 60.0
# So many writes may go at once; with 60 a minute after them it makes GitHub's 80 in the first one.
BURST = 20
# After a limit was hit, someone else may spend from it too.
SLOWED = 0.95


class Writes:
    """A budget of writes: `BURST` at once, and then one in each `interval` of seconds."""

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._burst = BURST
        self._due = 0.0  # when as much was written as the pace allows

    def free(self) -> float:
        """When the next write may be sent."""
        return self._due - (self._burst - 1) * self._interval

    def take(self, now: float) -> None:
        """Spend one."""
        self._due = max(now, self._due) + self._interval

    def slow_down(self, start: float) -> None:
        """From `start` on one by one, and more slowly: what was allowed was too much."""
        self._burst = 1
        self._interval /= SLOWED
        self._due = start


class Points:
    """At most `most` points in any minute."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._spent: deque[tuple[float, int]] = deque()
        self._sum = 0

    def free(self, now: float, cost: int) -> float:
        """When a request of `cost` points may be sent."""
        while self._spent and self._spent[0][0] <= now - MINUTE:
            self._sum -= self._spent.popleft()[1]
        over = self._sum + cost - self._most
        for then, points in self._spent:
            if over <= 0:
                break
            over -= points
            now = then + MINUTE
        return now

    def take(self, now: float, cost: int) -> None:
        """Spend `cost`."""
        self._spent.append((now, cost))
        self._sum += cost
