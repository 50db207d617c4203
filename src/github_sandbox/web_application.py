"""The aiohttp application: authenticate a request, call its handler, render the response."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

from aiohttp import web

from github_sandbox import (
    routes_accounts,
    routes_actions,
    routes_apps,
    routes_comments,
    routes_graphql,
    routes_issues,
    routes_releases,
    routes_repositories,
    routes_secrets,
    routes_teams,
    routes_variables,
)
from github_sandbox.errors import ApiError, not_found
from github_sandbox.json_types import Json
from github_sandbox.routing import ApiRequest, ApiResponse, Route
from github_sandbox.tokens import App, Token
from github_sandbox.world import World

Caller = TypeVar("Caller", Token, App)
WebHandler = Callable[[web.Request], Awaitable[web.Response]]

MAX_BODY_BYTES = 4 * 1024**2
REQUESTS_PER_HOUR = 5000
AUTHORIZATION = re.compile(r"(?:token|bearer) +(\S+)", re.IGNORECASE)


def create_application(world: World) -> web.Application:
    """Create the API of a world, without faults or rate limits."""
    application = web.Application(client_max_size=MAX_BODY_BYTES)
    for app_route in routes_apps.routes():
        handler = create_handler(world, app_route, routes_apps.authenticate_app)
        application.router.add_route(app_route.method, app_route.path, handler)
    token_routes = (
        *routes_accounts.routes(),
        *routes_secrets.routes(),
        *routes_actions.routes(),
        *routes_variables.routes(),
        *routes_comments.routes(),
        *routes_issues.routes(),
        *routes_graphql.routes(),
        *routes_releases.routes(),
        *routes_teams.routes(),
        *routes_repositories.routes(),
    )
    for route in token_routes:
        handler = create_handler(world, route, authenticate_token)
        application.router.add_route(route.method, route.path, handler)
    application.router.add_route("*", "/{path:.*}", respond_not_found)
    return application


def create_handler(
    world: World, route: Route[Caller], authenticate: Callable[[World, str], Caller]
) -> WebHandler:
    """Create the aiohttp handler of a route, which holds the world's lock for the whole request."""

    async def handle(request: web.Request) -> web.Response:
        raw_body = await request.read()
        with world.lock:
            try:
                caller = authenticate(world, read_credentials(request))
                return to_web_response(
                    route.handler(parse_request(request, raw_body, world, caller))
                )
            except ApiError as error:
                return error_response(error, route.docs)

    return handle


async def respond_not_found(_: web.Request) -> web.Response:
    """Respond with 404 to requests outside the sandbox's endpoints."""
    return error_response(not_found(), "")


def read_credentials(request: web.Request) -> str:
    """Read the value after `token` or `Bearer` in the Authorization header.

    Raises:
        ApiError: 401 if the header is missing or malformed.
    """
    match = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    if match is None:
        raise ApiError(401, "Requires authentication")
    return match[1]


def authenticate_token(world: World, value: str) -> Token:
    """Find the token with this value.

    Raises:
        ApiError: 401 if the token is unknown or expired.
    """
    token = world.token(value)
    if token is None:
        raise ApiError(401, "Bad credentials")
    return token


def find_token(request: web.Request, world: World) -> Token | None:
    """Find the token that a request carries; None if it is unknown, expired or missing."""
    match = AUTHORIZATION.fullmatch(request.headers.get("Authorization", ""))
    return world.token(match[1]) if match else None


def parse_request(
    request: web.Request, raw_body: bytes, world: World, caller: Caller
) -> ApiRequest[Caller]:
    """Convert an aiohttp request to the form that handlers take.

    Raises:
        ApiError: 400 if the body is not JSON.
    """
    try:
        body = parse_json(raw_body)
    except ValueError as error:
        raise ApiError(400, "Problems parsing JSON") from error
    return ApiRequest(
        world=world,
        caller=caller,
        method=request.method,
        base_url=f"{request.scheme}://{request.host}",
        path=request.path,
        params=request.match_info,
        query=request.query,
        json=body,
        raw_body=raw_body,
    )


def parse_json(raw_body: bytes) -> Json:
    """Parse a body as JSON; None if it is empty."""
    parsed: Json = json.loads(raw_body) if raw_body else None
    return parsed


def to_web_response(response: ApiResponse) -> web.Response:
    """Convert a handler's response to aiohttp's."""
    if response.body is None:
        return web.Response(status=response.status, headers=response.headers)
    return web.json_response(response.body, status=response.status, headers=response.headers)


def error_response(error: ApiError, docs: str) -> web.Response:
    """Render an error; `docs` is the endpoint's page under docs.github.com/rest."""
    body = error.body(f"https://docs.github.com/rest/{docs}".rstrip("/"))
    return to_web_response(ApiResponse(error.status, body, error.headers))


def token_headers(token: Token | None) -> Mapping[str, str]:
    """Build the headers that describe the token in every response: its scopes and its expiry.

    Source: docs.github.com, "Scopes for OAuth apps" and "Token expiration and revocation".
    """
    headers = {}
    if token is not None and token.kind == "classic":
        headers["X-OAuth-Scopes"] = ", ".join(token.scopes)
    if token is not None and token.expires is not None:
        expiry = token.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
        headers["GitHub-Authentication-Token-Expiration"] = expiry
    return headers


def date_header(now: datetime) -> Mapping[str, str]:
    """Build the `Date` header by the world's clock; aiohttp would use the machine's.

    Source: RFC 9110, "Date/Time Formats".
    """
    return {"Date": format_datetime(now.astimezone(UTC), usegmt=True)}


def rate_headers(used: int, now: datetime) -> Mapping[str, str]:
    """Build the headers of the primary rate limit, which the sandbox reports but never enforces.

    Source: docs.github.com, "Rate limits for the REST API".
    """
    return {
        "X-RateLimit-Limit": str(REQUESTS_PER_HOUR),
        "X-RateLimit-Remaining": str(max(1, REQUESTS_PER_HOUR - used)),
        "X-RateLimit-Used": str(min(used, REQUESTS_PER_HOUR - 1)),
        "X-RateLimit-Reset": str(int((now + timedelta(hours=1)).timestamp())),
        "X-RateLimit-Resource": "core",
    }
