"""An HTTP proxy that knows a few names, whatever the real network says they are."""

from __future__ import annotations

import socket
import socketserver
from collections.abc import Mapping
from threading import Thread
from typing import Self


class Proxy:
    """Leads `CONNECT name:443` to a port of loopback; `asked` has every first line."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self.asked: list[str] = []
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline().decode().strip()
                while self.rfile.readline().strip():
                    pass
                proxy.asked.append(first)
                method, _, rest = first.partition(" ")
                port = ports.get(rest.partition(" ")[0]) if method == "CONNECT" else None
                if port is None:
                    self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with socket.create_connection(("127.0.0.1", port)) as there:
                    _join(self.connection, there)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _join(here: socket.socket, there: socket.socket) -> None:
    back = Thread(target=_pump, args=(there, here), daemon=True)
    back.start()
    _pump(here, there)
    back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while piece := source.recv(65536):
            sink.sendall(piece)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass
