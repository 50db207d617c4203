"""Endpoints for the Actions variables of a repository.

Source: docs.github.com/rest/actions/variables; the message of a 409 was observed on github.com.
"""

from __future__ import annotations

from github_sandbox.authorization import authorize_actions_variables
from github_sandbox.errors import invalid
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import (
    ApiRequest,
    ApiResponse,
    PageSize,
    TokenRoute,
    counted_list_response,
)
from github_sandbox.schemas import format_time
from github_sandbox.secret_validation import normalize_name, read_string
from github_sandbox.tokens import Token
from github_sandbox.variable_store import MAX_VALUE_BYTES, ActionsVariable, VariableStore

PAGE_SIZE = PageSize(default=10, maximum=30)
PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("GET", "", list_variables),
        ("POST", "", create_variable),
        ("GET", "/{name}", get_variable),
        ("PATCH", "/{name}", update_variable),
        ("DELETE", "/{name}", delete_variable),
    )
    return [
        TokenRoute(method, f"{prefix}/actions/variables{tail}", handler, "actions/variables")
        for prefix in PREFIXES
        for method, tail, handler in endpoints
    ]


def list_variables(request: ApiRequest[Token]) -> ApiResponse:
    """List the variables by name."""
    bodies = [render(variable) for variable in authorize_store(request).list()]
    return counted_list_response(request, "variables", bodies, len(bodies), PAGE_SIZE)


def create_variable(request: ApiRequest[Token]) -> ApiResponse:
    """Create a variable."""
    store = authorize_store(request)
    name, value = read_string(request.body, "name", "Variable"), read_value(request)
    store.create(normalize_name(name, "Variable"), value, request.world.now())
    return ApiResponse(201, {})


def get_variable(request: ApiRequest[Token]) -> ApiResponse:
    """Get a variable with its value."""
    return ApiResponse(200, render(authorize_store(request).find(request.params["name"])))


def update_variable(request: ApiRequest[Token]) -> ApiResponse:
    """Change the value, the name, or both; the body must have one of them."""
    store = authorize_store(request)
    old, name = store.find(request.params["name"]), None
    if "name" in request.body:
        name = normalize_name(read_string(request.body, "name", "Variable"), "Variable")
    keeps_value = name is not None and "value" not in request.body
    value = old.value if keeps_value else read_value(request)
    store.update(old, name or old.name, value, request.world.now())
    return ApiResponse(204)


def delete_variable(request: ApiRequest[Token]) -> ApiResponse:
    """Delete a variable."""
    store = authorize_store(request)
    store.delete(store.find(request.params["name"]).name)
    return ApiResponse(204)


def authorize_store(request: ApiRequest[Token]) -> VariableStore:
    """Authorize access to the variables of the repository in the path, and find them."""
    return request.world.variable_store(authorize_actions_variables(request).id)


def read_value(request: ApiRequest[Token]) -> str:
    """Read the value in the body, or raise 422 if it is over 48 KB in UTF-8."""
    value = read_string(request.body, "value", "Variable")
    if len(value.encode(errors="surrogatepass")) > MAX_VALUE_BYTES:
        why = "A variable may hold at most 48 KB."
        raise invalid("value", why, code="too_large", resource="Variable")
    return value


def render(variable: ActionsVariable) -> JsonObject:
    """`actions-variable`: a variable with its value."""
    return {
        "name": variable.name,
        "value": variable.value,
        "created_at": format_time(variable.created_at),
        "updated_at": format_time(variable.updated_at),
    }
