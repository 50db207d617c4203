"""Servers that never finish a response, so that a client waits forever."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import Event, Thread
from typing import Self

PAUSE = 0.02

Attack = Callable[[], Iterator[bytes]]


def dribbled_header() -> Iterator[bytes]:
    """An endless header, sent byte by byte."""
    yield b"HTTP/1.1 200 OK\r\nX-Header: "
    while True:
        yield b"x"


def endless_continue() -> Iterator[bytes]:
    """Endless interim responses."""
    while True:
        yield b"HTTP/1.1 100 Continue\r\n\r\n"


def dribbled_chunk_extension() -> Iterator[bytes]:
    """A body whose first chunk never starts."""
    yield b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;"
    while True:
        yield b"x"


class Attacker:
    """Sends an endless response, on one connection at a time.

    `began` is set when the first response begins, `gone` when the client closes a connection.
    """

    def __init__(self, attack: Attack, context: ssl.SSLContext | None = None) -> None:
        self._attack = attack
        self._context = context
        self.began, self.gone = Event(), Event()

    def __enter__(self) -> Self:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.host = f"localhost:{self._socket.getsockname()[1]}"
        self._over = Event()
        self._thread = Thread(target=self._serve)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                raw, _ = self._socket.accept()
                with raw, suppress(ssl.SSLError):
                    self._respond(
                        self._context.wrap_socket(raw, server_side=True) if self._context else raw
                    )

    def _respond(self, connection: socket.socket) -> None:
        if connection.recv(65536).startswith(b"\x16"):
            return  # the client tries TLS first, on loopback too
        self.began.set()
        with connection:
            for piece in self._attack():
                if self._over.wait(PAUSE):
                    return
                try:
                    connection.sendall(piece)
                except OSError:
                    self.gone.set()
                    return
