"""Authentication schemes that a registry offers in `WWW-Authenticate`."""

from __future__ import annotations

import pytest
from aiohttp import web

from codespaces_registry_secrets.verify.challenge import Challenge, parse_challenges
from registry.conftest import Login, Serve
from registry.scripted_server import Served, challenging

BEARER = Challenge("bearer", {"realm": "https://auth.test/token", "service": "a, b"})


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("", []),
        ('Bearer realm="https://auth.test/token",service="a, b"', [BEARER]),
        ('bearer  Realm = "https://auth.test/token" , SERVICE="a, b"', [BEARER]),
        (
            'Basic realm="x", Bearer realm="https://auth.test/token",service="a, b"',
            [Challenge("basic", {"realm": "x"}), BEARER],
        ),
        (
            'Negotiate, NTLM abc==, Bearer realm="https://auth.test/token", service="a, b", Basic',
            [
                Challenge("negotiate", {}),
                Challenge("ntlm", {"abc": "="}),
                BEARER,
                Challenge("basic", {}),
            ],
        ),
        (r'Basic realm="say \"hi\", please"', [Challenge("basic", {"realm": 'say "hi", please'})]),
        ("Basic realm=bare", [Challenge("basic", {"realm": "bare"})]),
        ('Basic realm="open', [Challenge("basic", {"realm": '"open'})]),
        ('Basic realm="', [Challenge("basic", {"realm": '"'})]),
        ('Basic realm=""', [Challenge("basic", {"realm": ""})]),
        ('realm="no scheme"', []),
        (",, \x00 (?), =", []),
    ],
)
def test_headers(header: str, expected: list[Challenge]) -> None:
    """Several challenges in one header, quoted commas, blanks, and invalid parts."""
    assert parse_challenges(header) == expected


def serve_tokens(serve: Serve, challenge: str) -> Served:
    """Serve a registry with a token server; `{url}` in its challenge is that of the server."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"access_token": "granted"})
        if request.headers.get("Authorization") == "Bearer granted":
            return web.json_response({})
        return challenging(challenge.format(url=server.url))

    server = serve(respond)
    return server


def test_bearer_takes_precedence_over_basic(serve: Serve, login: Login) -> None:
    """If a registry offers both, the credential is sent only to the token server."""
    bearer = 'Bearer realm="{url}/token?tenant=1",service="s"'
    server = serve_tokens(serve, f'Basic realm="registry", {bearer}')
    assert login(server.host, "me", "the password").status == "accepted"
    sent = [(request.authorization or "").partition(" ")[0] for request in server.requests]
    assert sent == ["", "Basic", "Bearer"]
    assert server.requests[1].query["tenant"] == "1"


def test_a_challenge_without_a_service(serve: Serve, login: Login) -> None:
    """The service is optional, so the token server gets none."""
    server = serve_tokens(serve, 'Bearer realm="{url}/token"')
    assert login(server.host, "me", "the password").status == "accepted"
    [_, token_request, _] = server.requests
    assert "service" not in token_request.query


@pytest.mark.parametrize(
    "realm",
    [
        "",
        "/token",
        "http://auth.test/token",
        "ftp://auth.test/token",
        "https://",
        "https://me@auth.test/token",
        "https://[broken/token",
        "http://auth.test\\@localhost/token",
        "http://auth.test#@localhost/token",
        "http://localhost.auth.test/token",
    ],
)
def test_an_unsafe_token_server(serve: Serve, login: Login, realm: str) -> None:
    """A token server without TLS gets no request."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging(f'Bearer realm="{realm}",service="s"')

    server = serve(respond)
    result = login(server.host, "me", "the password")
    assert result.status == "unreachable"
    assert "names a token server without an https URL" in result.message
    assert len(server.requests) == 1


def test_an_unsupported_scheme(serve: Serve, login: Login) -> None:
    """For example Digest."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging('Digest realm="x", nonce="y"')

    result = login(serve(respond).host, "me", "the password")
    assert result.status == "unreachable"
    assert "offers no authentication scheme that Docker supports" in result.message


def test_a_user_name_with_a_colon(serve: Serve, login: Login) -> None:
    """A Basic header cannot contain it."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return challenging('Basic realm="x"')

    server = serve(respond)
    result = login(server.host, "me:too", "the password")
    assert result.status == "rejected"
    assert "the user name contains a colon" in result.message
    assert len(server.requests) == 1
