"""Limit the time of a whole login, whatever a server does.

The timeout of `requests` is for the next bytes of a response, not for the whole response. A server
that sends a header byte by byte, or endless `100 Continue` responses, never exceeds it.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from concurrent.futures import Future, wait
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, TypeVar

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, ProxyManager
from urllib3.connection import HTTPConnection, HTTPSConnection

T = TypeVar("T")


class Connections:
    """The open connections of one login. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._over = False
        self._open: list[socket.socket] = []

    def register(self, connection: socket.socket) -> None:
        """Register a connection before anything is sent on it.

        Raises:
            TimeoutError: the login is over, and the connection is closed.
        """
        with self._lock:
            if self._over:
                connection.close()
                raise TimeoutError
            # An `SSLSocket` takes the descriptor away from the socket that it wraps.
            self._open.append(connection.dup())

    def shut_down(self) -> None:
        """Shut down every connection, also one that a thread waits for, and reject new ones."""
        with self._lock:
            self._over = True
            for connection in self._open:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
                connection.close()
            self._open.clear()


def run_within(seconds: float, work: Callable[[Connections], T]) -> T | None:
    """Run `work` in a thread; return its result, or None after `seconds`.

    At the end its connections are shut down, which ends the thread. Resolving a host name cannot be
    interrupted: a thread that does so continues, and ends at its next connection, before it sends
    anything.
    """
    connections = Connections()
    future: Future[T] = Future()
    Thread(target=_run, args=(future, work, connections), daemon=True).start()
    done, _ = wait([future], seconds)
    connections.shut_down()
    return future.result() if done else None


def _run(future: Future[T], work: Callable[[Connections], T], connections: Connections) -> None:
    try:
        future.set_result(work(connections))
    except BaseException as error:  # noqa: BLE001 - raised where the result is read
        future.set_exception(error)


class Adapter(HTTPAdapter):
    """Registers each connection of a `requests.Session`."""

    def __init__(self, connections: Connections) -> None:
        self._pools = _pools(connections)
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **settings: Any) -> None:  # noqa: ANN401 - as in the base class
        """Make the pools for direct connections."""
        super().init_poolmanager(*arguments, **settings)
        self._use_pools(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **settings: Any) -> ProxyManager:  # noqa: ANN401 - as in the base class
        """Make the pools for connections through a proxy."""
        manager: ProxyManager = super().proxy_manager_for(proxy, **settings)
        self._use_pools(manager)
        return manager

    def _use_pools(self, manager: PoolManager) -> None:
        manager.pool_classes_by_scheme = self._pools


def _pools(connections: Connections) -> dict[str, type[HTTPConnectionPool]]:
    class WatchedHTTPConnection(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            connection = super()._new_conn()
            connections.register(connection)
            return connection

    class WatchedHTTPSConnection(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            connection = super()._new_conn()
            connections.register(connection)
            return connection

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = WatchedHTTPConnection

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = WatchedHTTPSConnection

    return {"http": PlainPool, "https": SecurePool}
