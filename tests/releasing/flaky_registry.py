"""A registry that fails halfway: an HTTP proxy that forwards only some writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from releasing.http_server import Handler, serve_handler

NOT_FORWARDED = {"connection", "transfer-encoding", "content-encoding", "content-length"}


class FlakyRegistry:
    """Forwards to a registry. After `allowed` PUTs, it answers with `status`; 0 is no answer."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.allowed = 0
        self.status = 503
        self.puts: list[str] = []

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve on a free port of loopback, and yield `localhost:PORT`."""
        handler = type("Handler", (ForwardingHandler,), {"registry": self})
        with serve_handler(handler) as host:
            yield host


class ForwardingHandler(Handler):
    """One connection; `registry` says what to forward."""

    protocol_version = "HTTP/1.1"
    registry: FlakyRegistry

    def do_PUT(self) -> None:  # noqa: N802 - http.server calls it
        self.registry.puts.append(self.path)
        if len(self.registry.puts) <= self.registry.allowed:
            self.do_GET()
            return
        self.rfile.read(int(self.headers["Content-Length"]))
        self.close_connection = True
        if self.registry.status:
            self.respond(self.registry.status, {}, b"")

    def do_GET(self) -> None:  # noqa: N802 - http.server calls it
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        # `Host` stays, because the registry builds the URLs of uploads from it.
        response = requests.request(
            self.command,
            f"http://{self.registry.upstream}{self.path}",
            data=body,
            headers=forwarded(self.headers.items()),
            timeout=5,
        )
        self.respond(response.status_code, forwarded(response.headers.items()), response.content)

    do_HEAD = do_GET  # noqa: N815 - http.server calls it
    do_POST = do_GET  # noqa: N815 - http.server calls it


def forwarded(headers: Any) -> dict[str, str]:
    """The headers that a proxy passes on."""
    return {name: value for name, value in headers if name.lower() not in NOT_FORWARDED}
