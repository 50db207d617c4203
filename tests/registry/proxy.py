"""An HTTP proxy that resolves a few names to ports of this machine."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Mapping
from threading import Thread
from typing import Self


class Proxy:
    """Connects `CONNECT name:443` to a port of loopback; `requests` has every first line."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.requests: list[str] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline().decode().strip()
                while self.rfile.readline().strip():
                    pass
                proxy.requests.append(first)
                method, _, rest = first.partition(" ")
                port = ports.get(rest.partition(" ")[0]) if method == "CONNECT" else None
                if port is None:
                    self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with socket.create_connection(("127.0.0.1", port)) as upstream:
                    _join(self.connection, upstream)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _join(client: socket.socket, upstream: socket.socket) -> None:
    back = Thread(target=_pump, args=(upstream, client), daemon=True)
    back.start()
    _pump(client, upstream)
    back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
