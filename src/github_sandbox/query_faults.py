"""GraphQL queries that are too large: how GitHub fails them, and responses with partial results.

Source: docs.github.com, "Rate limits and query limits for the GraphQL API", on timeouts and on
resource limits. The messages were observed on github.com.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Literal

from aiohttp import web
from aiohttp.typedefs import Handler

from github_sandbox.faults import Fault, Partial
from github_sandbox.queries import find_aliases

QueryFailure = Literal[
    "bad gateway", "gateway timeout", "no data", "torn", "partial", "partial fields"
]
SOMETHING_WRONG = (
    "Something went wrong while executing your query. This may be the result of a timeout, or it "
    "could be a GitHub bug. Please include `0000:0000:000000:000000:00000000` when reporting this "
    "issue."
)
NO_DATA = json.dumps({"data": None, "errors": [{"message": SOMETHING_WRONG}]})
TIMEOUT_PAGE = "<html><head><title>504 Gateway Time-out</title></head><body></body></html>"
LIMIT_TYPE = "RESOURCE_LIMITS_EXCEEDED"
LIMIT_MESSAGE = "Resource limits for this query exceeded."


LARGE_QUERY = Fault("POST", "^/graphql$", times=None, when="after")
FAULTS: dict[QueryFailure, Fault] = {
    "bad gateway": replace(LARGE_QUERY, status=502, body=NO_DATA),
    "gateway timeout": replace(
        LARGE_QUERY, status=504, body=TIMEOUT_PAGE, headers={"Content-Type": "text/html"}
    ),
    "no data": replace(LARGE_QUERY, status=200, body=NO_DATA),
    "torn": replace(LARGE_QUERY, status=None, tear=True),
    "partial": replace(LARGE_QUERY, status=None, partial="repositories"),
    "partial fields": replace(LARGE_QUERY, status=None, partial="fields"),
}


def create_fault(repositories: int, failure: QueryFailure) -> Fault:
    """Create the fault of all queries for more than this number of repositories.

    `partial` has null for each repository beyond the number, `partial fields` for each object and
    each branch of it. The other failures concern the whole query. Each costs the query's points.
    """
    return replace(FAULTS[failure], repositories=repositories)


async def serve_partial(fault: Fault, request: web.Request, handler: Handler) -> web.StreamResponse:
    """Remove the results for the repositories beyond the fault's number from the real response."""
    response, raw_body = await handler(request), await request.read()
    if not isinstance(response, web.Response):
        return response
    body = json.loads(response.text or "{}")
    data = body.get("data")
    if not data:
        return response
    errors = body.get("errors", [])
    for alias in find_aliases(raw_body)[fault.repositories :]:
        for path in remove_results(data, alias, fault.partial):
            errors.append({"type": LIMIT_TYPE, "path": path, "message": LIMIT_MESSAGE})
    response.text = json.dumps({"data": data, "errors": errors} if errors else {"data": data})
    return response


def remove_results(data: dict[str, Any], alias: str, partial: Partial | None) -> list[list[str]]:
    """Replace the results for one repository with null, and return their paths."""
    repository = data.get(alias)
    if repository is None:
        return []
    if partial == "repositories":
        data[alias] = None
        return [[alias]]
    names = [name for name, value in repository.items() if value is None or isinstance(value, dict)]
    data[alias] = repository | dict.fromkeys(names)
    return [[alias, name] for name in names]
