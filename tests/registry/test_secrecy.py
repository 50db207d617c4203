"""A credential goes where it is meant to go, and comes back in no message."""

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
from codespaces_registry_secrets.verify.http import BasicCredentials, RegistryClient
from registry.authority import Authority
from registry.conftest import Login, Serve
from registry.proxy import Proxy
from registry.serving import challenging

USER, PASSWORD = "octocat", 'pä"ss <&>\n-----BEGIN KEY-----\nc2VjcmV0'
LEFT_OUT = "response not shown because it repeats the credential"


def pair(request: web.Request) -> str:
    """What a request's Basic header carries."""
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
def test_a_password_that_is_repeated(serve: Serve, login: Login, echo: str, form: str) -> None:
    """Whole or in part, in whatever code and place, it takes the registry's words with it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        if not pair(request):
            return challenging(challenge)
        if form == "title":
            page = f"<title>{html.escape(echo)}</title>"
            return web.Response(status=403, text=page, content_type="text/html")
        if form == "challenge":
            said = echo.replace("\n", " ").replace('"', r"\"").encode("ascii", "ignore").decode()
            return challenging(f'{challenge}, error_description="{said}"')
        body = {"errors": [{"message": echo}]} if form == "errors" else {"details": echo}
        return challenging(challenge, 403, body)

    verdict = login(serve(answer).host, USER, PASSWORD)
    assert verdict.status == "rejected"
    assert LEFT_OUT in verdict.message
    assert not any(part.lower() in verdict.message.lower() for part in (echo, "BEGIN", "c2Vjc"))


def test_a_short_password_that_is_repeated(serve: Serve, login: Login) -> None:
    """It counts as a whole."""

    async def answer(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        return challenging(challenge, 401, {"details": "hunter2 is wrong"})

    verdict = login(serve(answer).host, USER, "hunter2")
    assert LEFT_OUT in verdict.message
    assert "hunter2" not in verdict.message


def test_a_user_name_that_is_repeated(serve: Serve, login: Login) -> None:
    """Stars take its place; the rest is worth reading."""

    async def answer(request: web.Request) -> web.StreamResponse:
        challenge = 'Basic realm="x"'
        return challenging(challenge, 401, {"details": "user \x1bOctocat: no\n::error::octocats"})

    verdict = login(serve(answer).host, USER, PASSWORD)
    assert "(401: user ***: no ::error::octocats)" in verdict.message


def test_a_token_that_is_repeated(serve: Serve, login: Login) -> None:
    """What a credential leads to is as secret as itself."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        challenge = f'Bearer realm="{server.url}/token"'
        return challenging(challenge, 401, {"details": f"bad header {request.headers.items()}"})

    server = serve(answer)
    verdict = login(server.host, USER, PASSWORD)
    assert verdict.status == "rejected"
    assert LEFT_OUT in verdict.message


def test_long_words_are_cut(serve: Serve, login: Login) -> None:
    """A message stays one."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"details": "on and on " * 5000}, status=500)

    assert len(login(serve(answer).host, USER, PASSWORD).message) < 500


@pytest.mark.parametrize("at", ["greeting", "login", "token", "refresh", "manifest"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host(serve: Serve, login: Login, at: str, status: int) -> None:
    """Nothing is sent there, credential or not. The message names the place, but no more of it."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def answer(request: web.Request) -> web.StreamResponse:
        known = bool(pair(request))
        here = {
            "greeting": request.path == "/v2/",
            "login": request.path == "/v2/" and known,
            "token": request.path == "/token",
            "refresh": request.method == "POST",
            "manifest": request.method == "HEAD",
        }
        if here[at]:
            elsewhere = f"{trapped.url}{request.path}?{quote(PASSWORD)}"
            return web.Response(status=status, headers={"Location": elsewhere})
        if request.path == "/token":
            return web.json_response({"token": "a-token-for-a-while"})
        return web.json_response({}) if known else challenging(f'Bearer realm="{server.url}/token"')

    trapped, server = serve(trap), serve(answer)
    user = "<token>" if at == "refresh" else USER
    verdict = login(server.host, user, PASSWORD, "team/devbox")
    assert verdict.status == "unreachable"
    assert f"{server.host} redirects to another place ({trapped.url})" in verdict.message
    assert not trapped.seen


def test_a_redirect_to_a_host_named_like_the_password(serve: Serve, login: Login) -> None:
    """Not even so does it come into the message."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://my-long-password.test/"})

    verdict = login(serve(answer).host, USER, "my-long-password")
    assert verdict.status == "unreachable"
    assert LEFT_OUT in verdict.message


@pytest.mark.parametrize("name", ["my-long-password", "%6dy-long-password"])
def test_a_token_server_named_like_the_password(serve: Serve, login: Login, name: str) -> None:
    """Whatever comes of it, its name is not told."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="https://{name}.invalid/token"')

    verdict = login(serve(answer).host, USER, "my-long-password")
    assert verdict.status == "unreachable"
    assert "a host whose name contains the credential" in verdict.message
    assert "-long-password" not in verdict.message


@pytest.mark.parametrize(
    "form", ["{}#@{}/v2/", "{}?@{}/v2/", "{}\\@{}/v2/", "{}\\.{}/v2/", "{}/@{}/v2/"]
)
def test_a_redirect_that_looks_like_home(serve: Serve, login: Login, form: str) -> None:
    """What counts as its host is what a connection would be made to."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    async def answer(request: web.Request) -> web.StreamResponse:
        location = form.format(trapped.url, server.host)
        return web.Response(status=307, headers={"Location": location})

    trapped, server = serve(trap), serve(answer)
    verdict = login(server.host, USER, PASSWORD)
    assert verdict.status == "unreachable"
    assert "redirects to another place" in verdict.message
    assert not trapped.seen


def test_a_redirect_to_nowhere(serve: Serve, login: Login) -> None:
    """What is no URL leads to another place, too."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=307, headers={"Location": "https://[broken/"})

    assert "redirects to another place" in login(serve(answer).host, USER, PASSWORD).message


def test_a_redirect_at_home(serve: Serve, login: Login) -> None:
    """Within the registry it is followed, with the credential."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/v2/":
            return web.Response(status=307, headers={"Location": "/registry/v2/"})
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(answer)
    assert login(server.host, USER, PASSWORD).status == "accepted"
    assert [seen.path for seen in server.seen] == 2 * ["/v2/", "/registry/v2/"]


def test_redirects_in_a_circle(serve: Serve, login: Login) -> None:
    """They are followed three times."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "/v2/"})

    server = serve(answer)
    verdict = login(server.host, USER, PASSWORD)
    assert verdict.status == "unreachable"
    assert "redirects again and again" in verdict.message
    assert len(server.seen) == 4


def test_netrc_is_not_used(
    serve: Serve, login: Login, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither before the credential is asked for nor instead of it."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine localhost login other password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(answer)
    assert login(server.host, USER, PASSWORD).status == "accepted"
    expected = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    assert [seen.authorization for seen in server.seen] == [None, f"Basic {expected}"]


def test_the_proxy_of_the_environment(
    serve: Serve, login: Login, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked for the registry, and sees nothing but its name."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}) if pair(request) else challenging('Basic realm="x"')

    server = serve(answer, authority.certify("registry.example.test"))
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert login("registry.example.test", USER, PASSWORD).status == "accepted"
        assert {line.rpartition(" ")[0] for line in proxy.asked} == {
            "CONNECT registry.example.test:443"
        }
        verdict = login("other.example.test", USER, PASSWORD)
    assert verdict.status == "unreachable"
    assert verdict.message.startswith("the proxy of the environment does not lead to other.example")


def test_a_remote_registry_and_a_token_server_without_tls(
    serve: Serve, login: Login, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a registry on this machine may name a token server on this machine without TLS."""

    async def trap(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "a-token-for-a-while"})

    async def answer(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="{trapped.url}/token"')

    trapped = serve(trap)
    server = serve(answer, authority.certify("registry.example.test"))
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        verdict = login("registry.example.test", USER, PASSWORD)
    assert verdict.status == "unreachable"
    assert not trapped.seen


def test_a_remote_registry_without_tls(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anywhere but on this machine, no TLS is no login."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(answer)
    with Proxy({"registry.example.test:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        verdict = login("registry.example.test", USER, PASSWORD)
    assert verdict.status == "unreachable"
    assert "speaks no TLS that is understood here" in verdict.message
    assert not server.seen
    assert all(line.startswith("CONNECT ") for line in proxy.asked)


def test_no_proxy_for_this_machine(
    serve: Serve, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What goes to loopback may be unencrypted, so no proxy sees it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(answer)
    with Proxy({}) as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert login(server.host, USER, PASSWORD).status == "accepted"
    assert not proxy.asked


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "unreachable", "late"])
def test_nothing_holds_a_value_when_a_login_is_over(
    serve: Serve, login: Login, outcome: str
) -> None:
    """Whatever came of it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if outcome == "late":
            await asyncio.sleep(60)
        if not pair(request):
            return challenging('Basic realm="x"')
        return web.json_response({}, status={"accepted": 200, "rejected": 401}.get(outcome, 500))

    verdict = login(serve(answer).host, USER, PASSWORD, seconds=0.5)
    assert verdict.status == {"late": "unreachable"}.get(outcome, outcome)
    until = time.monotonic() + 5
    while any(
        isinstance(one, RegistryClient | BasicCredentials | Redactor) for one in gc.get_objects()
    ):
        assert time.monotonic() < until
        gc.collect()
