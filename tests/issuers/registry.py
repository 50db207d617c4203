"""A registry on loopback that takes the credentials of an issuer, by Basic."""

from __future__ import annotations

import binascii
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

from issuers.issuer_server import IssuerServer


class Registry:
    """Serves `/v2/` within a `with` block.

    `logins` are the user names of all logins. `refusal` is the status of the response to a known
    credential, 200 if it may log in.
    """

    def __init__(self, issuer: IssuerServer) -> None:
        self.logins: list[str] = []
        self.refusal = 200
        self._issuer = issuer
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def server(self) -> str:
        """`127.0.0.1:PORT`."""
        return f"127.0.0.1:{self._server.server_port}"

    def _status(self, authorization: str) -> int:
        try:
            pair = b64decode(authorization.removeprefix("Basic "), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return 401
        username, _, password = pair.partition(":")
        if not username:
            return 401
        self.logins.append(username)
        return self.refusal if self._issuer.accepts(username, password) else 401

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status = registry._status(self.headers.get("Authorization", ""))
                self.send_response(status)
                if status == 401:
                    self.send_header("WWW-Authenticate", 'Basic realm="registry"')
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Write no log."""

        return Handler
