"""What stands between the runner and a registry is no fault of the credential, and is named."""

from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web

from codespaces_registry_secrets.verify import http
from registry.authority import Authority
from registry.conftest import Login, Serve
from registry.serving import challenging

ME = ("me", "the-secret-of-mine")


async def fine(request: web.Request) -> web.StreamResponse:
    """A registry that is open to all."""
    return web.json_response({})


def test_a_registry_that_asks_for_nothing(serve: Serve, login: Login) -> None:
    """It gets the credential by Basic all the same."""
    server = serve(fine)
    assert login(server.host, *ME).status == "accepted"
    assert [bool(seen.authorization) for seen in server.seen] == [False, True]


def test_a_registry_that_asks_for_nothing_but_minds(serve: Serve, login: Login) -> None:
    """A credential that is refused where none is needed is rejected."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=403 if "Authorization" in request.headers else 200)

    assert login(serve(answer).host, *ME).status == "rejected"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (500, '{"errors":[{"message":"the disk is full"}]}', "is out of order (500: the disk is full)"),
        (503, "<html><title>Down for\nrepair</title>", "is out of order (503: Down for repair)"),
        (429, '{"errors":[{"code":"TOOMANYREQUESTS"}]}', "has had too many requests (429: TOOMANYREQUESTS)"),
        (403, '{"title": "IP not allowed"}', "turns everybody away (403: IP not allowed)"),
        (404, "<TITLE>Nothing &amp; nobody</TITLE>", "does not answer as a registry does (404: Nothing & nobody)"),
        (200, "<html>Welcome</html>", "does not answer as a registry does (200)"),
        (401, "", "names no way to log in"),
        (301, "", "does not answer as a registry does (301)"),
    ],
)  # fmt: skip
def test_answers_that_say_nothing_of_the_credential(
    serve: Serve, login: Login, status: int, body: str, words: str
) -> None:
    """Before a credential was asked for, a 403 is a firewall's, and a web page no registry's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        kind = "text/html" if body.startswith("<") else "application/json"
        return web.Response(status=status, text=body, content_type=kind)

    server = serve(answer)
    verdict = login(server.host, *ME)
    assert verdict.status == "unreachable"
    assert f"{server.host} " in verdict.message
    assert words in verdict.message


@pytest.mark.parametrize(
    ("response", "status", "words"),
    [
        ((500, "oh"), "unreachable", "should give a token, and answers 500"),
        ((404, "oh"), "unreachable", "should give a token, and answers 404"),
        ((200, "<html>hello</html>"), "unreachable", "its answer holds none"),
        ((200, '["token"]'), "unreachable", "its answer holds none"),
        ((200, '{"token": ""}'), "unreachable", "its answer holds none"),
        ((200, '{"token": "a\\nb"}'), "unreachable", "its answer holds none"),
        ((200, "[" * 60000), "unreachable", "its answer holds none"),
        ((403, '{"errors": [{"message": "suspended."}, {"message": "unpaid"}]}'), "rejected", "(403: suspended; unpaid)"),
        ((400, '{"error": "invalid_grant"}'), "rejected", "(400: invalid_grant)"),
        ((401, "[" * 60000), "rejected", "(401)"),
    ],
)  # fmt: skip
def test_answers_of_a_token_server(
    serve: Serve, login: Login, response: tuple[int, str], status: str, words: str
) -> None:
    """A refusal is the credential's; anything else but a token is the token server's."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/v2/":
            return challenging(f'Bearer realm="{server.url}/token"')
        return web.Response(status=response[0], text=response[1])

    server = serve(answer)
    verdict = login(server.host, *ME)
    assert verdict.status == status
    assert words in verdict.message


@pytest.mark.parametrize("at", ["/v2/", "/token"])
def test_a_hang(serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch, at: str) -> None:
    """Of the registry, or of its token server."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == at:
            await asyncio.sleep(60)
        return challenging(f'Bearer realm="{server.url}/token"')

    server = serve(answer)
    verdict = login(server.host, *ME)
    assert verdict.status == "unreachable"
    assert verdict.message == f"{server.host} did not answer within 10 s; run again later"


def test_a_hang_in_the_middle(serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first half of an answer is no answer."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"errors": ')
        await asyncio.sleep(60)
        return response

    verdict = login(serve(answer).host, *ME)
    assert verdict.status == "unreachable"
    assert "did not answer within 10 s" in verdict.message


def test_an_answer_that_never_ends(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither in bytes nor in time is more read than a message needs."""
    monkeypatch.setattr(http, "READ_SECONDS", 0.5)
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse(status=500)
        await response.prepare(request)
        piece = b"x" if request.path == "/v2/" else b"x" * 65536
        while True:
            await response.write(piece)
            sent += 1
            await asyncio.sleep(0.05)

    assert login(serve(answer).host, *ME).status == "unreachable"
    assert sent < 40


def test_a_hang_before_tls(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """Something listens, and never says a word."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(http, "READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        verdict = login(f"localhost:{silent.getsockname()[1]}", *ME)
    assert verdict.status == "unreachable"
    assert "within" in verdict.message


def test_no_connection_in_time(login: Login, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue of those who wait to be let in is full."""
    monkeypatch.setattr(http, "CONNECT_SECONDS", 0.3)
    with ExitStack() as stack:
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        verdict = login(f"127.0.0.1:{full.getsockname()[1]}", *ME)
    assert verdict.status == "unreachable"
    assert "took no connection within 5 s" in verdict.message


def test_nothing_listens(login: Login) -> None:
    """The port is closed."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        host = f"localhost:{taken.getsockname()[1]}"
    verdict = login(host, *ME)
    assert verdict.status == "unreachable"
    assert verdict.message.startswith(f"{host} refused the connection or broke it off")


def test_a_host_that_does_not_resolve(login: Login) -> None:
    """`.invalid` never does (RFC 2606)."""
    verdict = login("registry.invalid", *ME)
    assert verdict.status == "unreachable"
    assert verdict.message.startswith("registry.invalid does not resolve; check the server's name")


@pytest.mark.parametrize("server", ["a..b", "[::1", "registry.test:99999", "", "a b"])
def test_what_is_no_host(login: Login, server: str) -> None:
    """The spec lets none of these through; should one come, nothing breaks."""
    assert login(server, *ME).status == "unreachable"


def test_an_authority_that_nobody_knows(serve: Serve, login: Login, tmp_path: Path) -> None:
    """The credential is not sent, and no way without TLS is tried."""
    server = serve(fine, Authority(tmp_path).certify("localhost"))
    verdict = login(server.host, *ME)
    assert verdict.status == "unreachable"
    assert verdict.message.startswith(f"the certificate of {server.host} does not verify (")
    assert "REQUESTS_CA_BUNDLE" in verdict.message
    assert not server.seen


def test_a_certificate_for_another_name(serve: Serve, login: Login, authority: Authority) -> None:
    """The message says which name was expected."""
    server = serve(fine, authority.certify("other.test"))
    verdict = login(server.host, *ME)
    assert verdict.status == "unreachable"
    assert "Hostname mismatch, certificate is not valid for 'localhost'" in verdict.message
    assert not server.seen


def test_a_bundle_of_authorities_that_is_not_there(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, rather than the registry."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    verdict = login(serve(fine).host, *ME)
    assert verdict.status == "unreachable"
    assert verdict.message.startswith("REQUESTS_CA_BUNDLE names no file")


def test_an_answer_in_a_code_that_cannot_be_read(serve: Serve, login: Login) -> None:
    """Said to be compressed, and is not."""

    async def answer(request: web.Request) -> web.StreamResponse:
        headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}
        return web.Response(body=b"no gzip", headers=headers)

    verdict = login(serve(answer).host, *ME)
    assert verdict.status == "unreachable"
    assert "gives no answer that can be read" in verdict.message
