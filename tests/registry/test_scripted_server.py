"""The server of the tests leaves nothing open, whatever its client does."""

from __future__ import annotations

import gc
import socket
import ssl
from contextlib import ExitStack

from aiohttp import web

from registry.certificate_authority import CertificateAuthority
from registry.scripted_server import Served


async def respond(request: web.Request) -> web.StreamResponse:
    return web.json_response({})


def test_a_client_that_never_closes_does_not_keep_a_connection_open(
    certificate_authority: CertificateAuthority,
) -> None:
    """With TLS, the end of a connection usually waits for the client. Warnings are errors."""
    context = ssl.create_default_context(cafile=str(certificate_authority.bundle))
    with ExitStack() as clients:
        with Served(respond, certificate_authority.certify("localhost").context()) as server:
            plain = socket.create_connection(("127.0.0.1", server.port))
            client = clients.enter_context(context.wrap_socket(plain, server_hostname="localhost"))
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert client.recv(12) == b"HTTP/1.1 200"
        gc.collect()
