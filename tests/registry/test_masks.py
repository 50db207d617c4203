"""Every secret that is derived from a credential is masked before it is used."""

from __future__ import annotations

from base64 import b64encode

import pytest
from aiohttp import web
from pydantic import SecretBytes

from registry.certificate_authority import CertificateAuthority
from registry.conftest import Login, Serve
from registry.proxy import Proxy
from registry.scripted_server import challenging

USER, PASSWORD = "octocat", "correct horse battery staple"
ECR = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")


def pair(username: str, password: str) -> str:
    """The value of a Basic header."""
    return b64encode(f"{username}:{password}".encode()).decode()


class Masks(list[str]):
    """Records the masks, in order."""

    def __call__(self, value: SecretBytes) -> None:
        self.append(value.get_secret_value().decode())


def test_basic(serve: Serve, login: Login) -> None:
    """User name and password in base64 are masked before they are sent."""
    masks = Masks()

    async def respond(request: web.Request) -> web.StreamResponse:
        carried = request.headers.get("Authorization", "").removeprefix("Basic ")
        return web.json_response({}) if carried in masks else challenging('Basic realm="x"')

    assert login(serve(respond).host, USER, PASSWORD, mask=masks).status == "accepted"
    assert masks == [pair(USER, PASSWORD)]


@pytest.mark.parametrize("body", [
    {"token": "token-for-a-while"},
    {"access_token": "token-for-a-while", "refresh_token": "refresh-token-for-long"},
])  # fmt: skip
@pytest.mark.parametrize("username", [USER, "<token>"])
def test_bearer(serve: Serve, login: Login, body: dict[str, str], username: str) -> None:
    """Every token that a token server issues, used or not."""
    masks = Masks()

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response(body)
        known = request.headers.get("Authorization", "").removeprefix("Bearer ") in masks
        return web.json_response({}) if known else challenging(f'Bearer realm="{server.url}/token"')

    server = serve(respond)
    assert login(server.host, username, PASSWORD, mask=masks).status == "accepted"
    basic = [] if username == "<token>" else [pair(USER, PASSWORD)]
    assert masks == [*basic, *body.values()]


def test_an_unusable_token(serve: Serve, login: Login) -> None:
    """Also a token that no header can carry is masked."""
    masks = Masks()

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "two\nlines", "refresh_token": 1})
        return challenging(f'Bearer realm="{server.url}/token"')

    server = serve(respond)
    assert login(server.host, USER, PASSWORD, mask=masks).status == "unreachable"
    assert masks == [pair(USER, PASSWORD), "two\nlines"]


def test_a_login_of_ecr(
    serve: Serve,
    login: Login,
    certificate_authority: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The signature of the request, AWS's token, and the password in it."""
    masks = Masks()
    token = pair("AWS", "password-for-half-a-day")

    async def aws(request: web.Request) -> web.StreamResponse:
        signature = request.headers["Authorization"].rpartition("Signature=")[2]
        assert masks == [signature]
        return web.json_response({"authorizationData": [{"authorizationToken": token}]})

    async def respond(request: web.Request) -> web.StreamResponse:
        carried = request.headers.get("Authorization", "").removeprefix("Basic ")
        return web.json_response({}) if carried in masks else challenging('Basic realm="x"')

    server = serve(respond, certificate_authority.certify(ECR))
    with Proxy({f"{ECR}:443": server.port}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        result = login(ECR, *KEY, ecr_endpoint=serve(aws).url, mask=masks)
    assert result.status == "accepted"
    assert masks[1:] == [token, "password-for-half-a-day"]


@pytest.mark.parametrize(
    ("token", "masked"), [("e", False), ("1234567", False), ("12345678", True)]
)
def test_a_token_too_short_to_mask(serve: Serve, login: Login, token: str, *, masked: bool) -> None:
    """It is not masked, because a server could otherwise have single letters of the log replaced."""
    masks = Masks()

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": token})
        return challenging(f'Bearer realm="{server.url}/token"')

    server = serve(respond)
    login(server.host, USER, PASSWORD, mask=masks)
    assert masks == [pair(USER, PASSWORD), *([token] if masked else [])]


def test_a_secret_that_is_already_masked(serve: Serve, login: Login) -> None:
    """A token that equals the password, or an empty token, gets no mask."""
    masks = Masks()

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": PASSWORD, "access_token": ""})
        return challenging(f'Bearer realm="{server.url}/token"')

    server = serve(respond)
    login(server.host, USER, PASSWORD, mask=masks)
    assert masks == [pair(USER, PASSWORD)]
