"""A server of an issuer on loopback, whose requests a test can lose or reject."""

from __future__ import annotations

import asyncio
import json
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from typing import Any, Literal, NoReturn, Protocol, Self

from aiohttp import web

# What happens to a request: "before" loses it before the server carries it out, "after" carries it
# out and loses the response, and a number is the status of an error instead of carrying it out.
Fault = Literal["before", "after"] | int
OnRequest = Callable[[str], Fault | None]
Now = Callable[[], datetime]


def real_time() -> datetime:
    return datetime.now(UTC)


class Issued(Protocol):
    """A credential; `settling` is how many logins with it are still rejected."""

    settling: int


class IssuerServer(ABC):
    """Serves an issuer on a free port of loopback within a `with` block.

    `now` is the issuer's time: every date and the header `Date` come from it. `on_request` is
    called with the name of each request before it: `METHOD /path`, or what `request_name` says.
    `requests` has all of them. `errors` replace the responses to requests whose names end with a
    key: a status and a body. `settling` is how many logins with a new credential are rejected
    before it is accepted.
    """

    limit: int

    def __init__(self, now: Now = real_time) -> None:
        self.now = now
        self.on_request: OnRequest = lambda _: None
        self.requests: list[str] = []
        self.errors: dict[str, tuple[int, object]] = {}
        self.settling = 0
        self._ready = Event()
        self._thread = Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    @property
    @abstractmethod
    def environment(self) -> Mapping[str, str]:
        """The variables of the step that lead to this server instead of the vendor's."""

    @abstractmethod
    def live(self) -> list[str]:
        """The ids of all credentials that count toward the limit, oldest first."""

    @abstractmethod
    def accepts(self, username: str, password: str) -> bool:
        """Whether a registry accepts this login now; counts down `settling` of a new credential."""

    @abstractmethod
    def make_by_hand(self) -> str:
        """Create a credential as a person does, who is no part of any run; return its id."""

    def use(self, credential_id: str, ago: timedelta = timedelta()) -> None:  # noqa: B027 - see below
        """Record that a credential was used. Most issuers do not tell when that was."""

    @abstractmethod
    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Carry out a request."""

    async def request_name(self, request: web.Request) -> str:
        """A name that tells requests apart; it contains no secret."""
        return f"{request.method} {request.path}"

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join()

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._respond)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.01)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._over.wait()
        await runner.cleanup()

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        name = await self.request_name(request)
        self.requests.append(name)
        fault = self.on_request(name)
        if isinstance(fault, int):
            return self._with_date(web.json_response({"message": "try again"}, status=fault))
        if fault == "before":
            self._drop(request)
        response = self._error(name) or await self.respond(request)
        if fault == "after":
            self._drop(request)
        return self._with_date(response)

    def _error(self, name: str) -> web.Response | None:
        for ending, (status, body) in self.errors.items():
            if name.endswith(ending):
                return web.json_response(body, status=status)
        return None

    def _drop(self, request: web.Request) -> NoReturn:
        if request.transport:
            request.transport.abort()
        raise ConnectionResetError

    def _with_date(self, response: web.StreamResponse) -> web.StreamResponse:
        response.headers["Date"] = self.now().strftime("%a, %d %b %Y %H:%M:%S GMT")
        return response


class SelfHostedServer(IssuerServer):
    """An issuer whose address is in the spec: `address`, with the path `prefix`."""

    def __init__(self, now: Now = real_time, *, prefix: str = "") -> None:
        super().__init__(now)
        self.prefix = prefix

    @property
    def address(self) -> str:
        """The option `url` that leads to this server."""
        return self.url + self.prefix

    @property
    def environment(self) -> Mapping[str, str]:
        """Nothing: the spec has the address."""
        return {}


def knows(credential: Issued) -> bool:
    """Whether a registry knows a credential yet; counts down its `settling`."""
    credential.settling -= 1
    return credential.settling < 0


async def json_body(request: web.Request) -> Mapping[str, Any]:
    """The object that a request sends; empty if it sends none."""
    try:
        body = await request.json()
    except json.JSONDecodeError:
        return {}
    return body if isinstance(body, dict) else {}
