"""Responses of GitHub's GraphQL API: their status is 200 with errors too, and data is partial.

Sources: "Rate limits and query limits for the GraphQL API", docs.github.com; "Response" in the
GraphQL specification. `type` is GitHub's addition, and not always there.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from github import GithubException
from pydantic import BaseModel, ConfigDict

from codespaces_registry_secrets.github.schemas import parse_response
from codespaces_registry_secrets.text.redaction import Redactor

# The first one is documented; the second one was seen on github.com in 2026.
_LIMIT_TYPES = frozenset({"RATE_LIMITED", "RATE_LIMIT"})


class QueryError(BaseModel):
    """An error of a query. `path` leads to the part of the data that is missing because of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    message: str
    type: str = ""
    path: tuple[str | int, ...] | None = None

    @property
    def is_limit(self) -> bool:
        """Whether the query hit the primary or the secondary rate limit."""
        return self.type in _LIMIT_TYPES or "rate limit" in self.message.lower()


class QueryResponse(BaseModel):
    """The response to a query."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    data: dict[str, Any] | None = None
    errors: tuple[QueryError, ...] = ()


def parse_query_response(body: object, redact: Redactor) -> QueryResponse:
    """Parse the body of a response; `redact` removes from messages what the request carried.

    Raises:
        GitHubError: the body is not a response of GraphQL.
    """
    response = parse_response(QueryResponse, body)
    errors = (e.model_copy(update={"message": redact(e.message)}) for e in response.errors)
    return response.model_copy(update={"errors": tuple(errors)})


def raise_query_limit(headers: Mapping[str, str], body: object) -> None:
    """Raise the rejection of a query that hit a rate limit, as the REST API rejects a request.

    Raises:
        GithubException: it hit a limit.
        GitHubError: the body is not a response of GraphQL.
    """
    for error in parse_response(QueryResponse, body).errors:
        if error.is_limit:
            data = {"message": error.message}
            raise GithubException(HTTPStatus.TOO_MANY_REQUESTS, data, dict(headers))
