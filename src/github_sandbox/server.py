"""`Sandbox`: the API of a world on a port of 127.0.0.1, in a thread of its own."""

from __future__ import annotations

import asyncio
import socket
from threading import Event, Thread
from types import TracebackType
from typing import Self

from aiohttp import web

from github_sandbox.app import build
from github_sandbox.faults import WRITES, Exchange, Fault, WriteLimit
from github_sandbox.gate import Gate
from github_sandbox.world import World

BACKLOG = 256
PATIENCE = 0.01  # seconds that requests under way get in the end; aiohttp takes 0 for endless


class Sandbox:
    """Serves a world between `with` and its end; what goes wrong, and how fast, is set here.

    `latency` is in seconds a request; port 0 takes any that is free.
    """

    def __init__(self, world: World, *, latency: float = 0.0, port: int = 0) -> None:
        self.world = world
        self._gate = Gate(world, latency)
        self._app = build(world)
        self._app.middlewares.append(self._gate.middleware())
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
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._over = asyncio.Event()
        runner = web.AppRunner(self._app, access_log=None, shutdown_timeout=PATIENCE)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    @property
    def url(self) -> str:
        """Where the API is: `http://127.0.0.1:PORT`, without a slash at the end."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    @property
    def exchanges(self) -> list[Exchange]:
        """What was asked and answered so far, in the order of the answers."""
        return list(self._gate.exchanges)

    @property
    def writes(self) -> list[Exchange]:
        """Those of the exchanges that were meant to change something."""
        return [one for one in self._gate.exchanges if one.method in WRITES]

    def forget(self) -> None:
        """Start the record anew."""
        self._gate.exchanges.clear()

    def fail(self, fault: Fault) -> None:
        """Arm a fault: it counts the requests from now on."""
        self._gate.faults.arm(fault)

    def limit_writes(self, writes: int, *, per: float = 60.0, status: int = 403) -> None:
        """Refuse what goes beyond so many writes in `per` seconds, with a `Retry-After`."""
        self._gate.limit = WriteLimit(writes, per, status)

    def heal(self) -> None:
        """Disarm all faults and lift the limit on writes."""
        self._gate.faults.disarm()
        self._gate.limit = None
