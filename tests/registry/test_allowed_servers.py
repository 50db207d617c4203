"""A credential is sent only to servers that `allowed-servers` covers."""

from __future__ import annotations

import pytest
from aiohttp import web

from codespaces_registry_secrets.model.allowlist import is_allowed
from codespaces_registry_secrets.model.registries import DOCKER_HUB
from registry.certificate_authority import CertificateAuthority
from registry.conftest import USERS, Login, Serve
from registry.debian_registry import DebianRegistry
from registry.proxy import Proxy
from registry.scripted_server import Served, challenging

ME = ("octocat", USERS["octocat"])


@pytest.mark.parametrize(
    ("server", "glob", "expected"),
    [
        ("mycompany.azurecr.io", "*.azurecr.io", True),
        ("mycompany.azurecr.io", "mycompany.azurecr.io", True),
        ("mycompany.azurecr.io", "your*", False),
        ("evil.test/x.azurecr.io", "*.azurecr.io", False),
        ("evil.test/x.azurecr.io", "*[!a].azurecr.io", False),
        ("evil.test/x.azurecr.io", "evil.test?x.azurecr.io", False),
        ("mycompany.azurecr.io.evil.test", "*.azurecr.io", False),
        ("registry.test:5000", "registry.test", False),
        ("registry.test:5000", "registry.test:*", True),
        (DOCKER_HUB, DOCKER_HUB, True),
        (DOCKER_HUB, "*", True),
        (DOCKER_HUB, "https://*", False),
    ],
)
def test_globs(server: str, glob: str, expected: bool) -> None:
    """They match the server as written in the spec, and `*` never matches a `/`."""
    assert is_allowed(["other.test", glob], server) is expected


@pytest.fixture
def token_host(serve: Serve) -> Served:
    """A token server on another host than its registry."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "token-for-a-while"})

    return serve(respond)


@pytest.fixture
def registry(serve: Serve, token_host: Served) -> Served:
    """A registry that names that token server."""

    async def respond(request: web.Request) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return web.json_response({})
        return challenging(f'Bearer realm="{token_host.url}/token"')

    return serve(respond)


def test_a_token_server_on_another_host(login: Login, registry: Served, token_host: Served) -> None:
    """It gets no request unless the input covers it too, or is empty."""
    result = login(registry.host, *ME, allowed_servers=(registry.host,))
    assert result.status == "rejected"
    assert result.message == (
        f"{registry.host} names the token server {token_host.host}, which `allowed-servers` does "
        "not cover, so the credential is not sent there; add that host to `allowed-servers` if it "
        "belongs to this registry"
    )
    assert not token_host.requests
    assert [request.authorization for request in registry.requests] == [None]
    for allowed in ((registry.host, token_host.host), ("localhost:*",), ()):
        assert login(registry.host, *ME, allowed_servers=allowed).status == "accepted"


def test_a_server_that_is_not_allowed(login: Login, registry: Served) -> None:
    """It gets no request."""
    result = login(registry.host, *ME, allowed_servers=("*.azurecr.io",))
    assert result.status == "rejected"
    assert result.message == (
        f"`allowed-servers` does not cover {registry.host}, so no credential is sent there; add it "
        "to the input, or correct the server"
    )
    assert not registry.requests


@pytest.mark.registry
def test_the_token_server_of_docker_hub_is_covered(
    hub: DebianRegistry, token_server: Served, monkeypatch: pytest.MonkeyPatch, login: Login
) -> None:
    """To allow Docker Hub allows `auth.docker.io`."""
    ports = {"registry-1.docker.io:443": hub.port, "auth.docker.io:443": token_server.port}
    with Proxy(ports) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        for image in ("solo", "library/solo"):
            result = login(DOCKER_HUB, *ME, image, allowed_servers=(DOCKER_HUB,))
            assert result.status == "accepted"


@pytest.mark.parametrize(
    "case",
    [
        ("registry.gitlab.com", "registry.gitlab.com", "gitlab.com", True),
        ("registry.gitlab.com", "registry.gitlab.com", "gitlab.com.evil.test", False),
        ("registry.gitlab.com", "registry.gitlab.com", "auth.docker.io", False),
        (DOCKER_HUB, "registry-1.docker.io", "auth.evil.test", False),
        ("ghcr.io", "ghcr.io", "ghcr.io", True),
        ("ghcr.io", "ghcr.io", "GHCR.io:443", True),
        ("ghcr.io", "ghcr.io", "ghcr.io:8443", False),
        ("quay.io", "quay.io", "quay.io", True),
        ("quay.io", "quay.io", "auth.docker.io", False),
    ],
)
def test_known_token_servers(
    serve: Serve,
    login: Login,
    certificate_authority: CertificateAuthority,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str, str, bool],
) -> None:
    """A registry's own token server is covered, and no other."""
    server, host, realm, allowed = case

    async def respond(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "token-for-a-while"})
        if "Authorization" in request.headers:
            return web.json_response({})
        return challenging(f'Bearer realm="https://{realm}/token"')

    served = serve(respond, certificate_authority.certify(host, "gitlab.com"))
    names = (host, "gitlab.com")
    with Proxy({f"{name}:443": served.port for name in names}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        result = login(server, *ME, allowed_servers=(server,))
    assert result.status == ("accepted" if allowed else "rejected"), result.message
    sent = [request for request in served.requests if request.authorization]
    assert bool(sent) is allowed
