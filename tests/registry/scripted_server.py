"""An HTTP server that answers with a test's handler and records the requests."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from threading import Event, Thread
from typing import Self

from aiohttp import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class ReceivedRequest:
    """A request that the server received."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    form: dict[str, str] = field(default_factory=dict)

    @property
    def authorization(self) -> str | None:
        """The header, or None."""
        return self.headers.get("Authorization")


class Served:
    """Serves `handler` on a free port of loopback within a `with` block."""

    def __init__(self, handler: Handler, context: ssl.SSLContext | None = None) -> None:
        self._handler = handler
        self._context = context
        self._ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.requests: list[ReceivedRequest] = []
        self._transports = set[asyncio.WriteTransport]()

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def port(self) -> int:
        """The port."""
        port: int = self._socket.getsockname()[1]
        return port

    @property
    def host(self) -> str:
        """`localhost:PORT`."""
        return f"localhost:{self.port}"

    @property
    def url(self) -> str:
        """`https://localhost:PORT`, or the same with http."""
        return f"{'https' if self._context else 'http'}://{self.host}"

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._respond)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.SockSite(runner, self._socket, ssl_context=self._context).start()
        self._ready.set()
        await self._over.wait()
        for transport in self._transports:
            transport.abort()  # with TLS, `close` waits for the client
        await runner.cleanup()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if isinstance(request.transport, asyncio.WriteTransport):
            self._transports.add(request.transport)
        form = {name: str(value) for name, value in (await request.post()).items()}
        headers = dict(request.headers)
        self.requests.append(
            ReceivedRequest(request.method, request.path, dict(request.query), headers, form)
        )
        return await self._handler(request)


def challenging(challenge: str, status: int = 401, body: object = None) -> web.Response:
    """The response of a registry to a request without a valid credential."""
    return web.json_response(body or {}, status=status, headers={"WWW-Authenticate": challenge})
