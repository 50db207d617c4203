"""A registry that knows one login, for the demo; the tests log in to a real one."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@contextmanager
def registry(username: str, password: str) -> Iterator[str]:
    """Its server, `127.0.0.1:PORT`, between `with` and its end: plain http, as on any loopback."""
    wanted = f"Basic {base64.b64encode(f'{username}:{password}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == wanted
            self.send_response(HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED)
            if not known:
                self.send_header("WWW-Authenticate", 'Basic realm="demo"')
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing: the demo shows what the Action says."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()
