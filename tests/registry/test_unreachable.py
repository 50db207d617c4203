"""Logins without a result about the credential: the message names the cause."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web

from codespaces_registry_secrets.verify import http
from registry.certificate_authority import CertificateAuthority
from registry.conftest import Login, Serve
from registry.scripted_server import challenging

ME = ("me", "the-secret-of-mine")


async def fine(request: web.Request) -> web.StreamResponse:
    """A registry that requires no credential."""
    return web.json_response({})


def test_a_registry_that_requires_no_credential(serve: Serve, login: Login) -> None:
    """It gets the credential by Basic anyway."""
    server = serve(fine)
    assert login(server.host, *ME).status == "accepted"
    assert [bool(request.authorization) for request in server.requests] == [False, True]
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


def test_a_registry_that_requires_no_credential_and_rejects_it(serve: Serve, login: Login) -> None:
    """The credential is rejected, although none is required."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=403 if "Authorization" in request.headers else 200)

    assert login(serve(respond).host, *ME).status == "rejected"


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (500, '{"errors":[{"message":"the disk is full"}]}', "returned a server error (500: the disk is full)"),
        (503, "<html><title>Down for\nrepair</title>", "returned a server error (503: Down for repair)"),
        (429, '{"errors":[{"code":"TOOMANYREQUESTS"}]}', "reports a rate limit (429: TOOMANYREQUESTS)"),
        (403, '{"title": "IP not allowed"}', "denies access before any login (403: IP not allowed)"),
        (404, "<TITLE>Nothing &amp; nobody</TITLE>", "does not respond like a registry (404: Nothing & nobody)"),
        (200, "<html>Welcome</html>", "does not respond like a registry (200)"),
        (401, "", "offers no authentication scheme"),
        (301, "", "does not respond like a registry (301)"),
    ],
)  # fmt: skip
def test_responses_that_show_nothing_about_the_credential(
    serve: Serve, login: Login, status: int, body: str, message: str
) -> None:
    """A 403 before any login is a firewall's, and a web page is not a registry's."""

    async def respond(request: web.Request) -> web.StreamResponse:
        kind = "text/html" if body.startswith("<") else "application/json"
        return web.Response(status=status, text=body, content_type=kind)

    server = serve(respond)
    result = login(server.host, *ME)
    assert result.status == "unreachable"
    assert f"{server.host} " in result.message
    assert message in result.message


@pytest.mark.parametrize(
    ("response", "status", "message"),
    [
        ((500, "oh"), "unreachable", "returned 500 instead of a token; run again later"),
        ((404, "oh"), "unreachable", "returned 404 instead of a token; check the server"),
        ((200, "<html>hello</html>"), "unreachable", "returned no token in its response"),
        ((200, '["token"]'), "unreachable", "returned no token in its response"),
        ((200, '{"token": ""}'), "unreachable", "returned no token in its response"),
        ((200, '{"token": "a\\nb"}'), "unreachable", "returned no token in its response"),
        ((200, '{"token": "\\ud800-of-a-pair"}'), "unreachable", "returned no token in its response"),
        ((200, "[" * 60000), "unreachable", "returned no token in its response"),
        ((403, '{"errors": [{"message": "suspended."}, {"message": "unpaid"}]}'), "rejected", "(403: suspended; unpaid)"),
        ((400, '{"error": "invalid_grant"}'), "rejected", "(400: invalid_grant)"),
        ((401, "[" * 60000), "rejected", "(401)"),
    ],
)  # fmt: skip
def test_responses_of_a_token_server(
    serve: Serve, login: Login, response: tuple[int, str], status: str, message: str
) -> None:
    """A refusal rejects the credential; any other response without a token does not."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/v2/":
            return challenging(f'Bearer realm="{server.url}/token"')
        return web.Response(status=response[0], text=response[1])

    server = serve(respond)
    result = login(server.host, *ME)
    assert result.status == status
    assert result.unknown == (response[0] == 401)
    assert message in result.message


@pytest.mark.parametrize("at", ["/v2/", "/token"])
def test_a_server_that_does_not_respond(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    """The registry, or its token server."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == at:
            await asyncio.sleep(60)
        return challenging(f'Bearer realm="{server.url}/token"')

    server = serve(respond)
    result = login(server.host, *ME)
    assert result.status == "unreachable"
    assert result.message == f"{server.host} did not respond within 10 s; run again later"


def test_a_response_in_parts_is_read_to_its_end(serve: Serve, login: Login) -> None:
    """A message can be in several of them."""

    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        for part in (b'{"message": "the disk', b" of the registry", b' is full"}'):
            await response.write(part)
            await asyncio.sleep(0.05)
        return response

    assert "(500: the disk of the registry is full)" in login(serve(respond).host, *ME).message


def test_a_response_that_stops_in_the_middle(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It counts as no response."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)

    async def respond(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"errors": ')
        await asyncio.sleep(60)
        return response

    result = login(serve(respond).host, *ME)
    assert result.status == "unreachable"
    assert "did not respond within 10 s" in result.message


def test_an_endless_response(serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client stops after a number of bytes and after a time."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    sent = 0

    async def respond(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        piece = b"x" if request.path == "/v2/" else b"x" * 65536
        while True:
            await response.write(piece)
            sent += 1
            await asyncio.sleep(0.05)

    assert login(serve(respond).host, *ME).status == "unreachable"
    assert sent < 40


def test_a_server_that_does_not_start_tls(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """It accepts the connection, and sends nothing."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        result = login(f"localhost:{silent.getsockname()[1]}", *ME)
    assert result.status == "unreachable"
    assert "within" in result.message


def test_a_connection_that_is_not_accepted_in_time(
    login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server's queue of connections is full."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.3)
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        result = login(f"127.0.0.1:{full.getsockname()[1]}", *ME)
    assert result.status == "unreachable"
    assert "accepted no connection within 5 s" in result.message


def test_a_closed_port(login: Login) -> None:
    """No process listens on it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"localhost:{taken.getsockname()[1]}"
    result = login(host, *ME)
    assert result.status == "unreachable"
    assert result.message.startswith(f"{host} refused or closed the connection")


def test_a_host_that_does_not_resolve(login: Login) -> None:
    """`.invalid` never does (RFC 2606)."""
    result = login("registry.invalid", *ME)
    assert result.status == "unreachable"
    assert result.message.startswith("registry.invalid does not resolve; check the server's name")


@pytest.mark.parametrize("server", ["a..b", "[::1", "registry.test:99999", "", "a b"])
def test_an_invalid_host(login: Login, server: str) -> None:
    """The spec rejects all of these; if one gets through, the login fails with a message."""
    assert login(server, *ME).status == "unreachable"


def test_an_unknown_certificate_authority(serve: Serve, login: Login, tmp_path: Path) -> None:
    """The credential is not sent, also not without TLS."""
    server = serve(fine, CertificateAuthority(tmp_path).certify("localhost"))
    result = login(server.host, *ME)
    assert result.status == "unreachable"
    assert result.message.startswith(f"the certificate of {server.host} could not be verified (")
    assert "REQUESTS_CA_BUNDLE" in result.message
    assert not server.requests


def test_a_certificate_for_another_name(
    serve: Serve, login: Login, certificate_authority: CertificateAuthority
) -> None:
    """The message says which name was expected."""
    server = serve(fine, certificate_authority.certify("other.test"))
    result = login(server.host, *ME)
    assert result.status == "unreachable"
    assert "Hostname mismatch, certificate is not valid for 'localhost'" in result.message
    assert not server.requests


def test_a_missing_bundle_of_authorities(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names the variable, not the registry."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    result = login(serve(fine).host, *ME)
    assert result.status == "unreachable"
    assert result.message.startswith("REQUESTS_CA_BUNDLE names a file that does not exist")


def test_a_response_that_cannot_be_decoded(serve: Serve, login: Login) -> None:
    """Its header says that it is compressed, but it is not."""

    async def respond(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=b"no gzip", headers=headers)

    result = login(serve(respond).host, *ME)
    assert result.status == "unreachable"
    assert "returned an unreadable response" in result.message
