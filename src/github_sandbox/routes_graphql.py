"""The endpoint for GraphQL queries.

Source: docs.github.com/graphql, "Forming calls with GraphQL"; the errors were observed on
github.com. Messages about a query's syntax and types are graphql-core's, not GitHub's.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from graphql import GraphQLError, execute_sync

from github_sandbox.accounts import Repository
from github_sandbox.authorization import SSO, find_login
from github_sandbox.graphql_schema import SCHEMA
from github_sandbox.graphql_values import FieldValues, QueryError, repository_values
from github_sandbox.json_types import Json, JsonObject
from github_sandbox.queries import read_document
from github_sandbox.query_budget import COST, Points
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import format_time
from github_sandbox.tokens import Token

NO_QUERY = "A query attribute must be specified and must be a string."


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    return [TokenRoute("POST", "/graphql", run_query, "graphql")]


def run_query(request: ApiRequest[Token]) -> ApiResponse:
    """Run the query in the body. Errors in it have the status 200, and so has a used-up budget."""
    query, variables = request.body.get("query"), request.body.get("variables")
    budget, token = request.world.query_budget, request.caller
    points, is_allowed = budget.spend(token, request.world.now())
    if not is_allowed:
        body: JsonObject = {"errors": [budget.error(token)]}
    elif not isinstance(query, str) or not query:
        body = {"errors": [{"message": NO_QUERY}]}
    else:
        values = variables if isinstance(variables, Mapping) else {}
        body = execute(query, values, root_values(request, points))
    return ApiResponse(200, body, points.headers)


def execute(query: str, variables: Mapping[str, Json], root: FieldValues) -> JsonObject:
    """Execute a query; the result has no data if the query or a variable is invalid."""
    document, errors = read_document(query)
    if document is None or errors:
        return {"errors": [render_error(error) for error in errors]}
    result = execute_sync(SCHEMA, document, root_value=root, variable_values=dict(variables))
    body: JsonObject = {} if result.data is None else {"data": result.data}
    if result.errors:
        body["errors"] = [render_error(error) for error in result.errors]
    return body


def root_values(request: ApiRequest[Token], points: Points) -> FieldValues:
    """`Query`: the functions that resolve its fields."""
    return {
        "rateLimit": rate_limit_values(points),
        "repository": lambda _, **arguments: find_repository(request, arguments),
        "viewer": lambda _: {"login": find_login(request)},
    }


def rate_limit_values(points: Points) -> FieldValues:
    """`RateLimit`: the points after this query."""
    return {
        "cost": COST,
        "limit": points.limit,
        "nodeCount": 0,
        "remaining": points.remaining,
        "resetAt": format_time(points.reset_at),
        "used": points.used,
    }


def find_repository(request: ApiRequest[Token], arguments: Mapping[str, object]) -> FieldValues:
    """Find a repository by name; a former name counts, unless `followRenames` is false.

    Raises:
        QueryError: the repository does not exist, the token cannot see it, or its organization
            requires single sign-on.
    """
    full_name = f"{arguments['owner']}/{arguments['name']}"
    repository = look_up(request, full_name, follow_renames=arguments["followRenames"] is True)
    if repository is None or not request.world.can_see(request.caller, repository):
        message = f"Could not resolve to a Repository with the name '{full_name}'."
        raise QueryError("NOT_FOUND", message)
    if request.world.lacks_sso(request.caller, repository.owner):
        raise QueryError("FORBIDDEN", SSO, saml_failure=True)
    return repository_values(request, repository)


def look_up(
    request: ApiRequest[Token], full_name: str, *, follow_renames: bool
) -> Repository | None:
    """The repository with this name, whether or not the token can see it."""
    found = request.world.find_repository(full_name)
    return request.world.find_renamed(full_name) if found is None and follow_renames else found


def render_error(error: GraphQLError) -> JsonObject:
    """Render an error; `type` and `extensions` are those of a `QueryError`."""
    cause, rendered = error.original_error, cast(JsonObject, dict(error.formatted))
    if not isinstance(cause, QueryError):
        return rendered
    if cause.saml_failure is not None:
        rendered["extensions"] = {"saml_failure": cause.saml_failure}
    return {"type": cause.kind, **rendered}
