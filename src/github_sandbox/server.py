"""`Sandbox`: serve the API of a world on a port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from threading import Event, Thread
from types import TracebackType
from typing import Self

from aiohttp import web

from github_sandbox.exchanges import Exchange
from github_sandbox.faults import Fault
from github_sandbox.middleware import Alter, SandboxMiddleware
from github_sandbox.query_faults import QueryFailure, create_fault
from github_sandbox.web_application import create_application
from github_sandbox.world import World
from github_sandbox.write_limit import WriteLimit, is_write

BACKLOG = 256
# Seconds that pending requests get when the server stops; aiohttp takes 0 as no timeout.
SHUTDOWN_TIMEOUT = 0.01


class Sandbox:
    """Serve a world inside a `with` block; faults and rate limits are set here.

    `latency` is in seconds per request; port 0 selects a free one.
    """

    def __init__(self, world: World, *, latency: float = 0.0, port: int = 0) -> None:
        self.world = world
        self._middleware = SandboxMiddleware(world, latency)
        self._application = create_application(world)
        self._application.middlewares.append(self._middleware.create())
        self._port = port
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._ready = Event()

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", self._port), backlog=BACKLOG)
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopped = asyncio.Event()
        runner = web.AppRunner(
            self._application, access_log=None, shutdown_timeout=SHUTDOWN_TIMEOUT
        )
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._stopped.wait()
        await runner.cleanup()

    @property
    def url(self) -> str:
        """The URL of the API: `http://127.0.0.1:PORT`, without a trailing slash."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def exchanges(self) -> list[Exchange]:
        """The requests so far with their responses, in the order of the responses."""
        return list(self._middleware.exchanges)

    @property
    def writes(self) -> list[Exchange]:
        """The exchanges whose request writes."""
        return [
            exchange
            for exchange in self._middleware.exchanges
            if is_write(exchange.method, exchange.path)
        ]

    def clear_exchanges(self) -> None:
        """Remove all recorded exchanges."""
        self._middleware.exchanges.clear()

    def fail(self, fault: Fault) -> None:
        """Inject a fault; it counts requests from now on."""
        self._middleware.faults.add(fault)

    def choose_faults(self, choose: Callable[[str, str], Fault | None]) -> None:
        """Call `choose` with method and path of each request from now on, for a fault or None."""
        self._middleware.faults.choose = choose

    def alter_responses(self, alter: Alter) -> None:
        """Call `alter` with method, path and response of each request from now on.

        It returns the response to send. A response that a fault replaces stays as it is.
        """
        self._middleware.alter = alter

    def limit_writes(self, writes: int, *, per: float = 60.0, status: int = 403) -> None:
        """Reject writes beyond this number in any `per` seconds, with a `Retry-After`."""
        self._middleware.write_limit = WriteLimit(writes, per, status)

    def limit_queries(self, repositories: int, failure: QueryFailure) -> None:
        """Make every GraphQL query for more than this number of repositories fail."""
        self.fail(create_fault(repositories, failure))

    def clear_faults(self) -> None:
        """Remove all faults and the write limit."""
        self._middleware.faults.clear()
        self._middleware.write_limit = None
