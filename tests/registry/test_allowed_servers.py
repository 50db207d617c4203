"""A credential is sent to no server but those that the workflow allows."""

from __future__ import annotations

import pytest
from aiohttp import web

from codespaces_registry_secrets.model.allowlist import is_allowed
from codespaces_registry_secrets.model.registries import DOCKER_HUB
from registry.authority import Authority
from registry.conftest import USERS, Login, Serve
from registry.debian_registry import DebianRegistry
from registry.proxy import Proxy
from registry.serving import Served, challenging

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
    """They match the server as the spec has it, and `*` never a `/`."""
    assert is_allowed(["other.test", glob], server) is expected


@pytest.fixture
def elsewhere(serve: Serve) -> Served:
    """A token server on another host than its registry."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "token-for-a-while"})

    return serve(answer)


@pytest.fixture
def registry(serve: Serve, elsewhere: Served) -> Served:
    """A registry that sends everybody there."""

    async def answer(request: web.Request) -> web.StreamResponse:
        if "Authorization" in request.headers:
            return web.json_response({})
        return challenging(f'Bearer realm="{elsewhere.url}/token"')

    return serve(answer)


def test_a_token_server_elsewhere(login: Login, registry: Served, elsewhere: Served) -> None:
    """It gets nothing unless it is allowed too; without the input, as before."""
    verdict = login(registry.host, *ME, allowed_servers=(registry.host,))
    assert verdict.status == "rejected"
    assert verdict.message == (
        f"{registry.host} names the token server {elsewhere.host}, which `allowed-servers` does "
        "not cover, so the credential is not sent there; add that host to `allowed-servers` if it "
        "belongs to this registry"
    )
    assert not elsewhere.seen
    assert [seen.authorization for seen in registry.seen] == [None]
    for allowed in ((registry.host, elsewhere.host), ("localhost:*",), ()):
        assert login(registry.host, *ME, allowed_servers=allowed).status == "accepted"


def test_a_server_that_is_not_allowed(login: Login, registry: Served) -> None:
    """It is not asked at all."""
    verdict = login(registry.host, *ME, allowed_servers=("*.azurecr.io",))
    assert verdict.status == "rejected"
    assert verdict.message == (
        f"`allowed-servers` does not cover {registry.host}, so no credential is sent there; add it "
        "to the input, or correct the server"
    )
    assert not registry.seen


@pytest.mark.registry
def test_the_token_server_of_docker_hub_is_known(
    hub: DebianRegistry, token_server: Served, monkeypatch: pytest.MonkeyPatch, login: Login
) -> None:
    """Whoever allows Docker Hub allows `auth.docker.io`."""
    ports = {"registry-1.docker.io:443": hub.port, "auth.docker.io:443": token_server.port}
    with Proxy(ports) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert login(DOCKER_HUB, *ME, "solo", allowed_servers=(DOCKER_HUB,)).status == "accepted"


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
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
    case: tuple[str, str, str, bool],
) -> None:
    """Those that belong to a registry, and no others."""
    server, host, realm, allowed = case

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path == "/token":
            return web.json_response({"token": "token-for-a-while"})
        if "Authorization" in request.headers:
            return web.json_response({})
        return challenging(f'Bearer realm="https://{realm}/token"')

    served = serve(answer, authority.certify(host, "gitlab.com"))
    names = (host, "gitlab.com")
    with Proxy({f"{name}:443": served.port for name in names}) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        verdict = login(server, *ME, allowed_servers=(server,))
    assert verdict.status == ("accepted" if allowed else "rejected"), verdict.message
    sent = [seen for seen in served.seen if seen.authorization]
    assert bool(sent) is allowed
