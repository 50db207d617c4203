"""A credential is sent only to its registry, and no message contains it."""

from __future__ import annotations

import asyncio
import base64
import gc
import html
import json
import time
from pathlib import Path
from urllib.parse import quote

import pytest
from aiohttp import web

from codespaces_registry_secrets.text.redaction import Redactor
from codespaces_registry_secrets.verify.http import (
    BasicCredentials,
    RegistryClient,
    is_loopback,
    origin,
)
from registry.certificate_authority import CertificateAuthority
from registry.conftest import Login, Serve
from registry.proxy import Proxy
from registry.scripted_server import challenging

USER, PASSWORD = "octocat", 'pä"ss <&>\n-----BEGIN KEY-----\nc2VjcmV0'
NOT_SHOWN = "text not shown because it repeats the credential"


def pair(request: web.Request) -> str:
    """The value of a request's Basic header."""
    return request.headers.get("Authorization", " ").split(" ", 1)[1]


@pytest.mark.parametrize(
    "echo",
    [
        "no user octocat with the password " + PASSWORD,
        PASSWORD.upper(),
        PASSWORD.replace("\n", " "),
        PASSWORD[-15:],
        quote(PASSWORD),
        html.escape(PASSWORD),
        json.dumps(PASSWORD),
        base64.b64encode(PASSWORD.encode()).decode(),
        base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
        base64.b64encode(f"?{PASSWORD}".encode()).decode(),
        base64.urlsafe_b64encode(f"??{PASSWORD}".encode()).decode(),
        PASSWORD.encode().hex(),
        "".join(f"&#{ord(c)};" for c in PASSWORD),
        "".join(f"&#x{ord(c):X};" for c in PASSWORD),
        "".join(f"\\u{ord(c):04x}" for c in PASSWORD),
        "".join(f"%{byte:02x}" for byte in PASSWORD.encode()),
        quote("".join(f"&#{ord(c)};" for c in PASSWORD)),
    ],
)
@pytest.mark.parametrize("form", ["errors", "details", "title", "challenge"])
def test_a_response_that_repeats_the_password(
    serve: Serve, login: Login, echo: str, form: str
) -> None:
    """In whole or in part, in any encoding and place: the message is not shown."""

    async def respond(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        if not pair(request):
            return challenging(challenge)
        if form == "title":
            page = f"<title>{html.escape(echo)}</title>"
            return web.Response(status=403, text=page, content_type="text/html")
        if form == "challenge":
            description = (
                echo.replace("\n", " ").replace('"', r"\"").encode("ascii", "ignore").decode()
            )
            return challenging(f'{challenge}, error_description="{description}"')
        body = {"errors": [{"message": echo}]} if form == "errors" else {"details": echo}
        return challenging(challenge, 403, body)

    result = login(serve(respond).host, USER, PASSWORD)
    assert result.status == "rejected"
    assert NOT_SHOWN in result.message
    assert not any(part.lower() in result.message.lower() for part in (echo, "BEGIN", "c2Vjc"))


def test_a_response_that_repeats_a_short_password(serve: Serve, login: Login) -> None:
    """It is compared as a whole."""

    async def respond(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        return challenging(challenge, 401, {"details": "hunter2 is wrong"})

    result = login(serve(respond).host, USER, "hunter2")
    assert NOT_SHOWN in result.message
    assert "hunter2" not in result.message


def test_a_response_that_repeats_the_user_name(serve: Serve, login: Login) -> None:
    """Stars replace it; the rest of the message stays."""

    async def respond(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        return challenging(challenge, 401, {"details": "user \x1bOctocat: no\n::error::octocats"})

    result = login(serve(respond).host, USER, PASSWORD)
    assert "(401: user ***: no ::error::octocats)" in result.message


def test_a_response_that_repeats_a_token(serve: Serve, login: Login) -> None:
    """A token is as secret as the credential that it was issued for."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        challenge = f'Bearer realm="{server.url}/token"'
        return challenging(challenge, 401, {"details": f"bad header {request.headers.items()}"})

    server = serve(respond)
    result = login(server.host, USER, PASSWORD)
    assert result.status == "rejected"
    assert NOT_SHOWN in result.message


def test_a_long_message_is_cut(serve: Serve, login: Login) -> None:
    """Messages stay short."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({"details": "on and on " * 5000}, status=500)

    assert len(login(serve(respond).host, USER, PASSWORD).message) < 500


@pytest.mark.parametrize("at", ["greeting", "login", "token", "refresh", "manifest"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host(serve: Serve, login: Login, at: str, status: int) -> None:
    """No request is sent to that host. The message names only its origin."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def respond(request: web.Request) -> web.StreamResponse:
        known = bool(pair(request))
        is_at = {
            "greeting": request.path == "/v2/",
            "login": request.path == "/v2/" and known,
            "token": request.path == "/token",
            "refresh": request.method == "POST",
            "manifest": request.method == "HEAD",
        }
        if is_at[at]:
            location = f"{trapped.url}{request.path}?{quote(PASSWORD)}"
            return web.Response(status=status, headers={"Location": location})
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        return web.json_response({}) if known else challenging(f'Bearer realm="{server.url}/token"')

    trapped, server = serve(trap), serve(respond)
    user = "<token>" if at == "refresh" else USER
    result = login(server.host, user, PASSWORD, "team/devbox")
    assert result.status == "unreachable"
    assert f"{server.host} redirects to another origin ({trapped.url})" in result.message
    assert not trapped.requests


def test_a_redirect_to_a_host_named_like_the_password(serve: Serve, login: Login) -> None:
    """The message does not show the host."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://my-long-password.test/"})

    result = login(serve(respond).host, USER, "my-long-password")
    assert result.status == "unreachable"
    assert NOT_SHOWN in result.message


@pytest.mark.parametrize("name", ["my-long-password", "%6dy-long-password"])
def test_a_token_server_named_like_the_password(serve: Serve, login: Login, name: str) -> None:
    """The message does not show the host."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="https://{name}.invalid/token"')

    result = login(serve(respond).host, USER, "my-long-password")
    assert result.status == "unreachable"
    assert "a host whose name contains the credential" in result.message
    assert "-long-password" not in result.message


@pytest.mark.parametrize(
    "form", ["{}#@{}/v2/", "{}?@{}/v2/", "{}\\@{}/v2/", "{}\\.{}/v2/", "{}/@{}/v2/"]
)
def test_a_redirect_that_looks_like_the_same_host(serve: Serve, login: Login, form: str) -> None:
    """The host that the client would connect to counts."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def respond(request: web.Request) -> web.StreamResponse:
        location = form.format(trapped.url, server.host)
        return web.Response(status=307, headers={"Location": location})

    trapped, server = serve(trap), serve(respond)
    result = login(server.host, USER, PASSWORD)
    assert result.status == "unreachable"
    assert "redirects to another origin" in result.message
    assert not trapped.requests


def test_a_redirect_to_an_invalid_url(serve: Serve, login: Login) -> None:
    """An invalid URL is another origin, too."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://[broken/"})

    message = login(serve(respond).host, USER, PASSWORD).message
    assert "redirects to another origin (an invalid URL), and no credential is sent" in message


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://registry.test:443/v2/", True),
        ("HTTPS://Registry.test", True),
        ("https://registry.test:80", False),
        ("http://registry.test:443", False),
        ("http://registry.test", False),
        ("https://registry.test:444", False),
    ],
)
def test_the_default_port_belongs_to_the_origin(url: str, *, same: bool) -> None:
    """A redirect that only names the port is followed."""
    assert (origin(url) == origin("https://registry.test/")) == same
    assert origin("http://registry.test") == origin("http://registry.test:80")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("localhost:5000", True),
        ("127.0.0.1:5000", True),
        ("127.255.0.1", True),
        ("[::1]:5000", True),
        ("[::2]", False),
        ("127.0.0.1.evil.test", False),
        ("localhost.evil.test", False),
        ("registry.test", False),
        ("", False),
        ("[broken", False),
    ],
)
def test_only_this_machine_is_loopback(host: str, *, loopback: bool) -> None:
    """A login there needs no TLS."""
    assert is_loopback(host) == loopback


def test_a_redirect_within_the_registry(serve: Serve, login: Login) -> None:
    """It is followed, with the credential."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/v2/":
            return web.Response(status=307, headers={"Location": "/registry/v2/"})
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(respond)
    assert login(server.host, USER, PASSWORD).status == "accepted"
    assert [request.path for request in server.requests] == 2 * ["/v2/", "/registry/v2/"]


def test_a_redirect_loop(serve: Serve, login: Login) -> None:
    """They are followed three times."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/v2/"})

    server = serve(respond)
    result = login(server.host, USER, PASSWORD)
    assert result.status == "unreachable"
    assert result.message.endswith("redirects more than 3 times; check that it is a registry")
    assert len(server.requests) == 4


def test_netrc_is_not_used(
    serve: Serve, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither before the credential is requested nor instead of it."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login other password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(respond)
    assert login(server.host, USER, PASSWORD).status == "accepted"
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert [request.authorization for request in server.requests] == [None, f"Basic {expected}"]


def test_the_proxy_of_the_environment(
    serve: Serve,
    login: Login,
    certificate_authority: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It connects to the registry, and sees only its name."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(respond, certificate_authority.certify("registry.example.test"))
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert login("registry.example.test", USER, PASSWORD).status == "accepted"
        assert {line.rpartition(" ")[0] for line in proxy.requests} == {
            "CONNECT registry.example.test:443"
        }
        result = login("other.example.test", USER, PASSWORD)
    assert result.status == "unreachable"
    assert result.message.startswith(
        "could not connect to other.example.test through the configured proxy"
    )


def test_a_remote_registry_and_a_token_server_without_tls(
    serve: Serve,
    login: Login,
    certificate_authority: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only a registry on this machine can name a token server on this machine without TLS."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="{trapped.url}/token"')

    trapped = serve(trap)
    server = serve(respond, certificate_authority.certify("registry.example.test"))
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        result = login("registry.example.test", USER, PASSWORD)
    assert result.status == "unreachable"
    assert not trapped.requests


def test_a_remote_registry_without_tls(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a registry on this machine can do without TLS."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(respond)
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        result = login("registry.example.test", USER, PASSWORD)
    assert result.status == "unreachable"
    assert "the TLS handshake with registry.example.test failed" in result.message
    assert not server.requests
    assert all(line.startswith("CONNECT ") for line in proxy.requests)


def test_no_proxy_for_this_machine(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests to loopback can be unencrypted, so no proxy gets them."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(respond)
    with Proxy({}) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert login(server.host, USER, PASSWORD).status == "accepted"
    assert not proxy.requests


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "unreachable", "late"])
def test_no_object_keeps_a_value_after_a_login(serve: Serve, login: Login, outcome: str) -> None:
    """After any result."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if outcome == "late":
            await asyncio.sleep(60)
        if not pair(request):
            return challenging('Basic realm="x"')
        return web.json_response({}, status={"accepted": 200, "rejected": 401}.get(outcome, 500))

    result = login(serve(respond).host, USER, PASSWORD, seconds=0.5)
    assert result.status == {"late": "unreachable"}.get(outcome, outcome)
    deadline = time.monotonic() + 5
    while any(
        isinstance(thing, RegistryClient | BasicCredentials | Redactor)
        for thing in gc.get_objects()
    ):
        assert time.monotonic() < deadline
        gc.collect()
