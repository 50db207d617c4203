"""A server that sends any bytes as a response: what no HTTP library would send."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from threading import Event, Thread
from typing import Self

MAX_REQUEST = 64 * 1024
# The client closes a connection when its time is over; no server waits longer than that.
MAX_WAIT = 5.0


@dataclass(frozen=True)
class Reply:
    """Pieces of a response, with a pause in seconds before each; `close` ends the connection."""

    pieces: Sequence[bytes]
    pause: float = 0.0

    @property
    def raw(self) -> bytes:
        """All that is sent."""
        return b"".join(self.pieces)


@dataclass(frozen=True)
class Received:
    """A request, and what the server sent for it."""

    head: str
    body: bytes
    reply: Reply

    @property
    def method_and_path(self) -> tuple[str, str]:
        """`GET` and `/v2/`, without the query."""
        method, target, *_ = [*self.head.split("\r\n")[0].split(" "), "", ""]
        return method, target.partition("?")[0]

    @property
    def authorization(self) -> str:
        """The header, empty if there is none."""
        for line in self.head.split("\r\n")[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "authorization":
                return value.strip()
        return ""

    @property
    def text(self) -> str:
        """All that the client sent."""
        return self.head + self.body.decode("latin-1")


class RawServer:
    """Answers each request with what `respond` returns for it, and closes the connection.

    It serves plain HTTP on a free port of loopback within a `with` block, one connection at a time.
    """

    def __init__(self, respond: Callable[[str, str], Reply]) -> None:
        self.respond = respond
        self.received: list[Received] = []
        self._over = Event()
        self._thread = Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.host = f"127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.settimeout(MAX_WAIT)
                self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        head, body = _read_request(connection)
        if not head:
            return  # a TLS handshake, or nothing
        received = Received(head, body, Reply(()))
        reply = self.respond(*received.method_and_path)
        self.received.append(Received(head, body, reply))
        for piece in reply.pieces:
            if reply.pause:
                self._over.wait(reply.pause)
            connection.sendall(piece)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        # Closing a socket with unread bytes would reset the connection, and lose the response.
        connection.settimeout(0.02)
        deadline = time.monotonic() + MAX_WAIT
        while connection.recv(MAX_REQUEST) and time.monotonic() < deadline:
            pass


def _read_request(connection: socket.socket) -> tuple[str, bytes]:
    """The head and the body of a request; both empty if it is no HTTP."""
    raw = connection.recv(MAX_REQUEST)
    if raw.startswith(b"\x16"):
        return "", b""
    while b"\r\n\r\n" not in raw:
        more = connection.recv(MAX_REQUEST)
        if not more:
            return "", b""
        raw += more
    head, _, body = raw.partition(b"\r\n\r\n")
    text = head.decode("latin-1")
    lengths = [
        int(line.partition(":")[2])
        for line in text.split("\r\n")
        if line.lower().startswith("content-length:")
    ]
    while lengths and len(body) < lengths[0]:
        more = connection.recv(MAX_REQUEST)
        if not more:
            break
        body += more
    return text, body
