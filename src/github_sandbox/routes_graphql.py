"""The endpoint for GraphQL queries.

Source: docs.github.com/graphql, "Forming calls with GraphQL"; the errors were observed on
github.com. Messages about a query's syntax and types are graphql-core's, not GitHub's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from graphql import DocumentNode, GraphQLError, GraphQLSyntaxError, execute_sync, parse, validate

from github_sandbox.accounts import Repository
from github_sandbox.authorization import SSO, find_login
from github_sandbox.errors import ApiError
from github_sandbox.graphql_schema import create_schema
from github_sandbox.graphql_values import FieldValues, QueryError, repository_values
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.tokens import Token

NO_QUERY = "A query attribute must be specified and must be a string."
SCHEMA = create_schema()


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    return [TokenRoute("POST", "/graphql", run_query, "graphql")]


def run_query(request: ApiRequest[Token]) -> ApiResponse:
    """Run the query in the body; errors in it are in a response with status 200.

    Raises:
        ApiError: 400 without a query.
    """
    query, variables = request.body.get("query"), request.body.get("variables")
    if not isinstance(query, str):
        raise ApiError(400, NO_QUERY)
    document, errors = read_document(query)
    if document is None or errors:
        return ApiResponse(200, {"errors": [render_error(error) for error in errors]})
    result = execute_sync(
        SCHEMA,
        document,
        root_value=root_values(request),
        variable_values=dict(variables) if isinstance(variables, Mapping) else None,
    )
    body: JsonObject = {} if result.data is None else {"data": result.data}
    if result.errors:
        body["errors"] = [render_error(error) for error in result.errors]
    return ApiResponse(200, body)


def read_document(query: str) -> tuple[DocumentNode | None, Sequence[GraphQLError]]:
    """Parse and validate a query; return the document and the errors in it."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, [error]
    return document, validate(SCHEMA, document)


def root_values(request: ApiRequest[Token]) -> FieldValues:
    """`Query`: the functions that resolve its fields."""
    return {
        "repository": lambda _, **arguments: find_repository(request, arguments),
        "viewer": lambda _: {"login": find_login(request)},
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
