"""What every request passes on its way: latency, faults, the write limit and the record."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from github_sandbox.app import date_header, parse, rate_headers, refuse, token_headers, token_of
from github_sandbox.faults import Exchange, Fault, Faults, WriteLimit
from github_sandbox.json_types import Json
from github_sandbox.pages import repeated
from github_sandbox.refusals import Refusal
from github_sandbox.world import World

SECONDARY_LIMIT = (
    "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
)
HARMLESS = Fault(status=None)


class Gate:
    """The state of a running sandbox that is not the world's; `latency` is seconds a request."""

    def __init__(self, world: World, latency: float) -> None:
        self.faults = Faults()
        self.limit: WriteLimit | None = None
        self.exchanges: list[Exchange] = []
        self._world = world
        self._latency = latency

    def middleware(self) -> Middleware:
        """The gate as aiohttp takes it."""

        @web.middleware
        async def through(request: web.Request, handler: Handler) -> web.StreamResponse:
            began = time.monotonic()
            await request.read()  # a client that leaves while it waits has sent it all the same
            fault = self.faults.take(request.method, request.path_qs) or HARMLESS
            response = await self._answer(fault, request, handler)
            await self._record(request, response, began)
            if response is None:
                return cut(request)
            whole = self._labelled(request, response)
            return await torn(request, whole) if fault.tear else whole

        return through

    async def _answer(
        self, fault: Fault, request: web.Request, handler: Handler
    ) -> web.StreamResponse | None:
        """The answer, real or faulty; None for a connection that is to be dropped."""
        await asyncio.sleep(self._latency + fault.delay)
        if fault.replaces and fault.when == "after":
            await self._carry_out(request, handler)
        if fault.drop:
            return None
        if fault.status is not None:
            return faulty(fault, fault.status)
        if fault.repeat is not None:
            handler = partial(repeated, fault.repeat, handler=handler)
        response = await self._carry_out(request, handler)
        response.headers.update(fault.headers)
        return response

    async def _carry_out(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """What the API says, or its limit on writes."""
        wait = self.limit.wait(request.method) if self.limit else 0
        if self.limit and wait:
            headers = {"Retry-After": str(wait)}
            return refuse(Refusal(self.limit.status, SECONDARY_LIMIT, headers=headers), "")
        return await handler(request)

    async def _record(
        self, request: web.Request, response: web.StreamResponse | None, began: float
    ) -> None:
        token = token_of(request, self._world)
        exchange = Exchange(
            method=request.method,
            path=request.path,
            query=dict(request.query),
            body=await body_of(request),
            status=None if response is None else response.status,
            token_kind=None if token is None else token.kind,
            began=began,
            ended=time.monotonic(),
            sent=len(await request.read()),
            received=size_of(response),
        )
        self.exchanges.append(exchange)

    def _labelled(self, request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
        """With the headers that every answer has, unless a fault set its own."""
        now = self._world.now()
        every = {
            **date_header(now),
            **rate_headers(len(self.exchanges), now),
            **token_headers(token_of(request, self._world)),
        }
        for name, value in every.items():
            response.headers.setdefault(name, value)
        return response


def faulty(fault: Fault, status: int) -> web.Response:
    """The answer that a fault gives in place of the real one."""
    response = refuse(Refusal(status, "Server Error"), "")
    if fault.body is not None:
        response.text = fault.body
    response.headers.update(fault.headers)
    return response


def cut(request: web.Request) -> web.Response:
    """Drop the connection, so that the client gets no answer at all."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def torn(request: web.Request, response: web.StreamResponse) -> web.StreamResponse:
    """Send an answer up to the middle of its body, and drop the connection."""
    body = response.body if isinstance(response, web.Response) else None
    if not isinstance(body, bytes) or not body:
        return cut(request)
    half = web.StreamResponse(status=response.status, headers=response.headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half


def size_of(response: web.StreamResponse | None) -> int:
    """The bytes of an answer's body."""
    body = response.body if isinstance(response, web.Response) else None
    return len(body) if isinstance(body, bytes) else 0


async def body_of(request: web.Request) -> Json:
    """What was sent, as JSON; None for anything else."""
    try:
        return parse(await request.read())
    except ValueError:
        return None
