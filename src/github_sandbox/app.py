"""The aiohttp application: from a request to a `Call` and from an `Answer` to a response."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

from aiohttp import web

from github_sandbox import routes_accounts, routes_actions, routes_apps, routes_secrets
from github_sandbox.calls import Answer, Call, Route
from github_sandbox.json_types import Json
from github_sandbox.keyring import App, Token
from github_sandbox.refusals import Refusal, not_found
from github_sandbox.world import World

Caller = TypeVar("Caller", Token, App)
Handle = Callable[[web.Request], Awaitable[web.Response]]

LARGEST_BODY = 4 * 1024**2
REQUESTS_PER_HOUR = 5000
CREDENTIALS = re.compile(r"(?:token|bearer) +(\S+)", re.IGNORECASE)


def build(world: World) -> web.Application:
    """The API of a world, without faults or limits."""
    app = web.Application(client_max_size=LARGEST_BODY)
    for app_route in routes_apps.routes():
        handle = handling(world, app_route, routes_apps.authenticate)
        app.router.add_route(app_route.method, app_route.path, handle)
    for route in routes_accounts.routes() + routes_secrets.routes() + routes_actions.routes():
        handle = handling(world, route, authenticate)
        app.router.add_route(route.method, route.path, handle)
    app.router.add_route("*", "/{path:.*}", nowhere)
    return app


def handling(
    world: World, route: Route[Caller], authenticated: Callable[[World, str], Caller]
) -> Handle:
    """The aiohttp handler of a route: one request at a time has the world to itself."""

    async def handle(request: web.Request) -> web.Response:
        raw = await request.read()
        with world.lock:
            try:
                caller = authenticated(world, credentials(request))
                return respond(route.handler(call_of(request, raw, world, caller)))
            except Refusal as refusal:
                return refuse(refusal, route.docs)

    return handle


async def nowhere(_: web.Request) -> web.Response:
    """404 for all that the sandbox has not."""
    return refuse(not_found(), "")


def call_of(request: web.Request, raw: bytes, world: World, caller: Caller) -> Call[Caller]:
    """The request as handlers see it; 400 for a body that is no JSON."""
    try:
        parsed = parse(raw)
    except ValueError as error:
        raise Refusal(400, "Problems parsing JSON") from error
    return Call(
        world=world,
        caller=caller,
        method=request.method,
        base=f"{request.scheme}://{request.host}",
        path=request.path,
        params=request.match_info,
        query=request.query,
        json=parsed,
    )


def parse(raw: bytes) -> Json:
    """A body as JSON; None for no body."""
    parsed: Json = json.loads(raw) if raw else None
    return parsed


def credentials(request: web.Request) -> str:
    """What follows `token` or `Bearer` in the Authorization header; 401 without it."""
    found = CREDENTIALS.fullmatch(request.headers.get("Authorization", ""))
    if found is None:
        raise Refusal(401, "Requires authentication")
    return found[1]


def authenticate(world: World, value: str) -> Token:
    """The token of that value, or 401."""
    token = world.token(value)
    if token is None:
        raise Refusal(401, "Bad credentials")
    return token


def token_of(request: web.Request, world: World) -> Token | None:
    """The token that came along, if it is one that the world knows."""
    found = CREDENTIALS.fullmatch(request.headers.get("Authorization", ""))
    return world.token(found[1]) if found else None


def respond(answer: Answer) -> web.Response:
    """An answer on the wire."""
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


def refuse(refusal: Refusal, docs: str) -> web.Response:
    """A refusal on the wire; `docs` is the page of the endpoint."""
    body = refusal.body(f"https://docs.github.com/rest/{docs}".rstrip("/"))
    return respond(Answer(refusal.status, body, refusal.headers))


def token_headers(token: Token | None) -> Mapping[str, str]:
    """What every response tells of the token: its scopes and its end.

    Source: docs.github.com, "Scopes for OAuth apps" and "Token expiration and revocation".
    """
    headers = {}
    if token is not None and token.kind == "classic":
        headers["X-OAuth-Scopes"] = ", ".join(token.scopes)
    if token is not None and token.expires is not None:
        until = token.expires.strftime("%Y-%m-%d %H:%M:%S UTC")
        headers["GitHub-Authentication-Token-Expiration"] = until
    return headers


def date_header(now: datetime) -> Mapping[str, str]:
    """The time by GitHub's clock; aiohttp would tell the machine's.

    Source: RFC 9110, "Date/Time Formats".
    """
    return {"Date": format_datetime(now.astimezone(UTC), usegmt=True)}


def rate_headers(used: int, now: datetime) -> Mapping[str, str]:
    """The primary rate limit, which is told of and never reached.

    Source: docs.github.com, "Rate limits for the REST API".
    """
    return {
        "X-RateLimit-Limit": str(REQUESTS_PER_HOUR),
        "X-RateLimit-Remaining": str(max(1, REQUESTS_PER_HOUR - used)),
        "X-RateLimit-Used": str(min(used, REQUESTS_PER_HOUR - 1)),
        "X-RateLimit-Reset": str(int((now + timedelta(hours=1)).timestamp())),
        "X-RateLimit-Resource": "core",
    }
