"""Middleware around every request: latency, faults, the write limit and the recording."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from github_sandbox.errors import ApiError
from github_sandbox.exchanges import Exchange
from github_sandbox.faults import Fault, FaultInjector
from github_sandbox.json_types import Json
from github_sandbox.pagination_faults import serve_repeated_page
from github_sandbox.query_faults import serve_partial
from github_sandbox.web_application import (
    date_header,
    error_response,
    find_token,
    parse_json,
    rate_headers,
    token_headers,
)
from github_sandbox.world import World
from github_sandbox.write_limit import WriteLimit

SECONDARY_LIMIT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
NO_FAULT = Fault(status=None)
# Takes the method and the path of a request and its response, and returns the response to send.
Alter = Callable[[str, str, web.StreamResponse], web.StreamResponse]


class SandboxMiddleware:
    """The faults, the write limit and the exchanges of a sandbox; `latency` is in seconds."""

    def __init__(self, world: World, latency: float) -> None:
        self.faults = FaultInjector()
        self.write_limit: WriteLimit | None = None
        self.exchanges: list[Exchange] = []
        self.alter: Alter = lambda _, __, response: response
        self._world = world
        self._latency = latency

    def create(self) -> Middleware:
        """Create the middleware for aiohttp."""

        @web.middleware
        async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.monotonic()
            # Read the body first, so that a client that disconnects early has still sent it.
            raw_body = await request.read()
            fault = self.faults.select(request.method, request.path_qs, raw_body) or NO_FAULT
            response = await self._respond(fault, request, handler)
            await self._record(request, response, began)
            if response is None:
                return drop_connection(request)
            self._add_headers(request, response)
            return await send_truncated(request, response) if fault.tear else response

        return handle

    async def _respond(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse | None:
        """Return the real or the injected response; None to drop the connection."""
        await asyncio.sleep(self._latency + fault.delay)
        if fault.replaces_response and fault.when == "after":
            await self._call_handler(request, handler)
        if fault.drop:
            return None
        if fault.status is not None:
            return fault_response(fault, fault.status)
        if fault.repeat is not None:
            handler = partial(serve_repeated_page, fault.repeat, handler=handler)
        if fault.partial is not None:
            handler = partial(serve_partial, fault, handler=handler)
        response = await self._call_handler(request, handler)
        response.headers.update(fault.headers)
        return self.alter(request.method, request.path, response)

    async def _call_handler(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Call the API, unless the write limit rejects the request."""
        limit = self.write_limit
        seconds = limit.seconds_to_wait(request.method, request.path) if limit else 0
        if limit and seconds:
            headers = {"Retry-After": str(seconds)}
            error = ApiError(limit.status, SECONDARY_LIMIT, headers=headers)
            return error_response(error, "")
        return await handler(request)

    async def _record(
        self, request: web.Request, response: web.StreamResponse | None, began: float
    ) -> None:
        token = find_token(request, self._world)
        exchange = Exchange(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            body=await read_json(request),
            status=None if response is None else response.status,
            token_kind=None if token is None else token.kind,
            began=began,
            ended=time.monotonic(),
            sent=len(await request.read()),
            received=body_size(response),
        )
        self.exchanges.append(exchange)

    def _add_headers(self, request: web.Request, response: web.StreamResponse) -> None:
        """Add the headers that every response has, unless the fault set them."""
        now = self._world.now()
        headers = {
            **date_header(now),
            **rate_headers(len(self.exchanges), now),
            **token_headers(find_token(request, self._world)),
        }
        for name, value in headers.items():
            response.headers.setdefault(name, value)


def fault_response(fault: Fault, status: int) -> web.Response:
    """Build the response that a fault sends instead of the real one."""
    response = error_response(ApiError(status, "Server Error"), "")
    if fault.body is not None:
        response.text = fault.body
    response.headers.update(fault.headers)
    return response


def drop_connection(request: web.Request) -> web.Response:
    """Close the connection, so that the client gets no response."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def send_truncated(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send the headers and half of the body, then close the connection."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or not body:
        return drop_connection(request)
    truncated = web.StreamResponse(status=response.status, headers=response.headers)
    truncated.content_length = len(body)
    await truncated.prepare(request)
    await truncated.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return truncated


def body_size(response: web.StreamResponse | None) -> int:
    """The bytes of a response's body."""
    body = response.body if isinstance(response, web.Response) else None
    return len(body) if isinstance(body, bytes) else 0


async def read_json(request: web.Request) -> Json:
    """Read the request's body as JSON; None for anything else."""
    try:
        return parse_json(await request.read())
    except ValueError:
        return None
