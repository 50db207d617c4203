"""The primary rate limit of GraphQL: points an hour for each user and each installation.

Source: docs.github.com, "Rate limits and query limits for the GraphQL API". Without connections,
every query of the sandbox costs 1 point and has 0 nodes.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from github_sandbox.json_types import JsonObject
from github_sandbox.tokens import Token

COST = 1
WINDOW = timedelta(hours=1)
# The `type` of the error: as documented, and as observed on github.com since 2026.
ErrorType = Literal["RATE_LIMITED", "RATE_LIMIT"]


@dataclass(frozen=True)
class Points:
    """The points of one user or installation in the current hour."""

    limit: int
    used: int
    reset_at: datetime

    @property
    def remaining(self) -> int:
        """The points that are left."""
        return max(0, self.limit - self.used)

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of a response to a query."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Used": str(self.used),
            "X-RateLimit-Reset": str(int(self.reset_at.timestamp())),
            "X-RateLimit-Resource": "graphql",
        }


class QueryBudget:
    """Count the points of queries; `limit` and `error_type` can be changed at any time."""

    def __init__(self) -> None:
        self.limit = 5000
        self.error_type: ErrorType = "RATE_LIMITED"
        self._points: dict[Hashable, Points] = {}

    def spend(self, token: Token, now: datetime) -> tuple[Points, bool]:
        """Count a query; return the points after it, and whether there were enough."""
        key = (token.bot, token.owner) if token.user is None else token.user
        points = self._points.get(key)
        if points is None or points.reset_at <= now:
            points = Points(self.limit, 0, now + WINDOW)
        is_allowed = points.used + COST <= self.limit
        used = points.used + COST if is_allowed else points.used
        self._points[key] = Points(self.limit, used, points.reset_at)
        return self._points[key], is_allowed

    def error(self, token: Token) -> JsonObject:
        """Build the error of a query for which no points are left."""
        kind, account = ("installation", token.owner) if token.is_app else ("user", token.user)
        if self.error_type == "RATE_LIMITED":
            message = f"API rate limit exceeded for {kind} ID {account}."
            return {"type": self.error_type, "message": message}
        message = f"API rate limit already exceeded for {kind} ID {account}."
        return {"type": self.error_type, "code": "graphql_rate_limit", "message": message}
