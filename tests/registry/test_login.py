"""A login at Debian's registry, with Basic and with Bearer, over TLS and on plain loopback."""

from __future__ import annotations

import base64

import pytest

from registry.conftest import USERS, Login
from registry.debian_registry import DebianRegistry
from registry.proxy import Proxy
from registry.scripted_server import Served
from registry.token_server import TokenServer

pytestmark = pytest.mark.registry

OCTOCAT = ("octocat", USERS["octocat"])


@pytest.mark.parametrize("user", USERS)
def test_basic_accepts_each_password_to_the_byte(
    basic_tls: DebianRegistry, login: Login, user: str
) -> None:
    """Letters of all scripts, colons and line ends get through."""
    result = login(basic_tls.host, user, USERS[user])
    assert (result.status, result.message) == ("accepted", "")


@pytest.mark.parametrize("user", USERS)
def test_bearer_accepts_each_password_to_the_byte(
    token_registry: DebianRegistry, login: Login, user: str
) -> None:
    """As with Basic, but with a token."""
    assert login(token_registry.host, user, USERS[user]).status == "accepted"


def test_a_registry_on_loopback_needs_no_tls(basic_plain: DebianRegistry, login: Login) -> None:
    """By name and by address; the registry checks the password."""
    for host in (basic_plain.host, f"127.0.0.1:{basic_plain.port}"):
        assert login(host, *OCTOCAT).status == "accepted"
        assert login(host, "octocat", "wrong").status == "rejected"


def test_basic_rejects_a_wrong_password(basic_tls: DebianRegistry, login: Login) -> None:
    """The message has the registry's words, and not the password."""
    result = login(basic_tls.host, "octocat", "wrong-password")
    assert result.status == "rejected"
    assert result.message == (
        f"{basic_tls.host} rejects the credential (401: authentication required); check that user "
        "name and password belong together and are neither revoked nor expired"
    )


@pytest.mark.parametrize("password", ["wrong-password", USERS["octocat"] + "\n"])
def test_bearer_rejects_a_wrong_password(
    token_registry: DebianRegistry, token_server: Served, login: Login, password: str
) -> None:
    """The token server rejects it. An additional line end makes a wrong password."""
    result = login(token_registry.host, "octocat", password)
    assert result.status == "rejected"
    assert result.message.startswith(
        f"{token_server.host} rejects the credential (401: incorrect username or password)"
    )
    assert result.unknown


def test_a_plain_login_names_no_scope(
    token_registry: DebianRegistry, token_server: Served, login: Login
) -> None:
    """As with `docker login`: it sends the service, the client and the credential."""
    login(token_registry.host, *OCTOCAT)
    [request] = token_server.requests
    assert (request.method, request.path) == ("GET", "/token")
    assert request.query == {
        "service": "registry.test",
        "account": "octocat",
        "offline_token": "true",
        "client_id": "codespaces-registry-secrets",
    }
    pair = base64.b64encode(":".join(OCTOCAT).encode()).decode()
    assert request.authorization == f"Basic {pair}"
    assert request.headers["User-Agent"] == "codespaces-registry-secrets"


@pytest.mark.parametrize("username", ["<token>", "00000000-0000-0000-0000-000000000000"])
def test_an_identity_token_is_refreshed(
    token_registry: DebianRegistry, token_server: Served, login: Login, username: str
) -> None:
    """The password is sent as a refresh token, without Basic."""
    assert login(token_registry.host, username, "an-identity-token").status == "accepted"
    [request] = token_server.requests
    assert (request.method, request.authorization) == ("POST", None)
    assert request.form == {
        "grant_type": "refresh_token",
        "refresh_token": "an-identity-token",
        "service": "registry.test",
        "client_id": "codespaces-registry-secrets",
    }


def test_a_wrong_identity_token_is_tried_both_ways(
    token_registry: DebianRegistry, token_server: Served, login: Login
) -> None:
    """Not every token server has the POST, so the GET follows a refusal."""
    result = login(token_registry.host, "<token>", "not-an-identity-token")
    assert result.status == "rejected"
    assert [request.method for request in token_server.requests] == ["POST", "GET"]


def test_an_expired_token_is_rejected(
    token_registry: DebianRegistry, tokens: TokenServer, login: Login
) -> None:
    """The registry's response to the token counts, not only the token server's."""
    tokens.lifetime = -500
    result = login(token_registry.host, *OCTOCAT)
    assert result.status == "rejected"
    assert f"{token_registry.host} rejects the token that localhost:" in result.message
    assert "(401: authentication required; invalid_token)" in result.message


@pytest.mark.parametrize("wrong", ["service", "issuer"])
def test_a_token_for_another_service_or_issuer_is_rejected(
    token_registry: DebianRegistry, tokens: TokenServer, login: Login, wrong: str
) -> None:
    """The registry rejects it."""
    setattr(tokens, wrong, "another one")
    assert login(token_registry.host, *OCTOCAT).status == "rejected"


def test_docker_hub_is_reached_at_its_real_hosts(
    hub: DebianRegistry, token_server: Served, monkeypatch: pytest.MonkeyPatch, login: Login
) -> None:
    """The server that Codespaces matches is only a name; `solo` is in `library/`."""
    ports = {"registry-1.docker.io:443": hub.port, "auth.docker.io:443": token_server.port}
    with Proxy(ports) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        right = login("https://index.docker.io/v1/", *OCTOCAT, "solo")
        wrong = login("https://index.docker.io/v1/", "octocat", "wrong")
    assert right.status == "accepted"
    assert wrong.message.startswith("auth.docker.io rejects the credential (401: incorrect user")
    assert {line.split()[1] for line in proxy.requests} == set(ports)
