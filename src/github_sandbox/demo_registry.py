"""A container registry that accepts one login, for the demo; the tests use a real registry."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def serve_registry(username: str, password: str) -> Iterator[str]:
    """Serve the registry inside a `with` block, and yield its server, `127.0.0.1:PORT`.

    It speaks plain HTTP, which clients accept on loopback.
    """
    accepted = f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            valid = self.headers["Authorization"] == accepted
            self.send_response(HTTPStatus.OK if valid else HTTPStatus.UNAUTHORIZED)
            if not valid:
                self.send_header("WWW-Authenticate", 'Basic realm="demo"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Log nothing, so that the demo shows the Action's log only."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
