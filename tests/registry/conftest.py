"""Registries to log in to: Debian's in processes of their own, and some that only the tests know."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretBytes

from codespaces_registry_secrets.verify import login as login_module
from codespaces_registry_secrets.verify.errors import LoginResult
from registry import debian_registry
from registry.authority import Authority, Files
from registry.debian_registry import DebianRegistry
from registry.serving import Handler, Served
from registry.token_server import ISSUER, TokenServer

USERS = {
    "octocat": "correct horse battery staple",
    "umlaut": "pä$$wörd ☃ 密码",
    "colon": "a:b::c:",
    "lines": "-----BEGIN KEY-----\nfirst line\r\n\nsecond line\n-----END KEY-----\n",
    "short": "x",
}
SERVICE = "registry.test"

Login = Callable[..., LoginResult]
Serve = Callable[..., Served]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """The one authority whose certificates are believed."""
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, authority: Authority, tmp_path: Path) -> None:
    """No proxy, no `.netrc`, no AWS; the authority of the tests is believed."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))


def ignore(value: SecretBytes) -> None:
    """No log that a value could show in."""


@pytest.fixture
def login() -> Login:
    """`prove` with plain texts for values."""

    def log_in(
        server: str, username: str, password: str, *images: str, **options: Any
    ) -> LoginResult:
        values = SecretBytes(username.encode()), SecretBytes(password.encode())
        endpoint = os.environ.get("AWS_ENDPOINT_URL_ECR", "")
        return login_module.login(
            server, *values, images, **{"mask": ignore, "ecr_endpoint": endpoint, **options}
        )

    return log_in


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Servers that answer as a test says, until it ends."""
    with ExitStack() as stack:

        def start(handler: Handler, files: Files | None = None) -> Served:
            return stack.enter_context(Served(handler, files.context() if files else None))

        yield start


@pytest.fixture(scope="session")
def installed() -> None:
    """Debian's registry is there; without it, these tests fail rather than look as if they ran."""
    if missing := debian_registry.missing():
        pytest.fail(
            f"{' and '.join(missing)} not found: `apt-get install docker-registry apache2-utils`, "
            "or leave these tests out with `-m 'not registry'`",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def basic_tls(
    installed: None, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DebianRegistry]:
    """Basic, over TLS."""
    folder = tmp_path_factory.mktemp("basic-tls")
    auth = debian_registry.passwords(folder, USERS)
    with DebianRegistry(folder, auth, authority.certify("localhost", "127.0.0.1")) as registry:
        yield registry


@pytest.fixture(scope="session")
def basic_plain(
    installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DebianRegistry]:
    """Basic, without TLS, on loopback."""
    folder = tmp_path_factory.mktemp("basic-plain")
    with DebianRegistry(folder, debian_registry.passwords(folder, USERS)) as registry:
        yield registry


@pytest.fixture
def tokens(authority: Authority) -> TokenServer:
    """Who there is, and what they may pull, for the registry of the same test."""
    return TokenServer(
        authority,
        passwords={name.encode(): password.encode() for name, password in USERS.items()},
        identity_tokens={"an-identity-token": b"octocat"},
        may_pull={b"octocat": frozenset({"team/devbox", "library/solo"})},
    )


@pytest.fixture
def token_server(tokens: TokenServer, serve: Serve, authority: Authority) -> Served:
    """`tokens`, served over TLS."""
    return serve(tokens.answer, authority.certify("localhost", "auth.docker.io"))


@pytest.fixture
def token_registry(
    installed: None, token_server: Served, authority: Authority, tmp_path: Path
) -> Iterator[DebianRegistry]:
    """Bearer, over TLS, with tokens of `token_server`."""
    settings = token_settings(f"{token_server.url}/token", authority)
    with DebianRegistry(tmp_path, settings, authority.certify("localhost")) as registry:
        yield registry


@pytest.fixture
def hub(
    installed: None, authority: Authority, tokens: TokenServer, tmp_path: Path
) -> Iterator[DebianRegistry]:
    """Docker Hub, but for the way there; it has the image `library/solo:latest`."""
    settings = token_settings("https://auth.docker.io/token", authority)
    files = authority.certify("registry-1.docker.io", "localhost")
    with DebianRegistry(tmp_path, settings, files) as registry:
        access = [{"type": "repository", "name": "library/solo", "actions": ["pull", "push"]}]
        bearer = f"Bearer {tokens.token(access)}"
        registry.push("library/solo", "latest", bearer, authority.bundle)
        yield registry


def token_settings(realm: str, authority: Authority) -> dict[str, dict[str, str]]:
    """The `auth` of a registry that believes the tokens of a realm."""
    bundle = str(authority.bundle)
    token = {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}
    return {"token": token}
