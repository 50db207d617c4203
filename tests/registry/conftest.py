"""Registries to log in to: Debian's in processes of their own, and servers of the tests."""

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
from registry.certificate_authority import CertificateAuthority, Files
from registry.debian_registry import DebianRegistry
from registry.scripted_server import Handler, Served
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
def certificate_authority(tmp_path_factory: pytest.TempPathFactory) -> CertificateAuthority:
    """The only authority whose certificates are trusted."""
    return CertificateAuthority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(autouse=True)
def _environment(
    monkeypatch: pytest.MonkeyPatch, certificate_authority: CertificateAuthority, tmp_path: Path
) -> None:
    """No proxy, no `.netrc`, no AWS; the authority of the tests is trusted."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NETRC", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate_authority.bundle))


def ignore(value: SecretBytes) -> None:
    """Mask nothing, because there is no log."""


@pytest.fixture
def login() -> Login:
    """`login` with plain texts for values."""

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
    """Start servers that run a test's handler until the test ends."""
    with ExitStack() as stack:

        def start(handler: Handler, files: Files | None = None) -> Served:
            return stack.enter_context(Served(handler, files.context() if files else None))

        yield start


@pytest.fixture(scope="session")
def installed() -> None:
    """Fail the tests if Debian's registry is not installed, rather than skip them."""
    if missing := debian_registry.missing():
        pytest.fail(
            f"{' and '.join(missing)} not found: `apt-get install docker-registry apache2-utils`, "
            "or leave these tests out with `-m 'not registry'`",
            pytrace=False,
        )


@pytest.fixture(scope="session")
def basic_tls(
    installed: None,
    certificate_authority: CertificateAuthority,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[DebianRegistry]:
    """A registry with Basic, over TLS."""
    folder = tmp_path_factory.mktemp("basic-tls")
    auth = debian_registry.passwords(folder, USERS)
    with DebianRegistry(
        folder, auth, certificate_authority.certify("localhost", "127.0.0.1")
    ) as registry:
        yield registry


@pytest.fixture(scope="session")
def basic_plain(
    installed: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DebianRegistry]:
    """A registry with Basic, without TLS, on loopback."""
    folder = tmp_path_factory.mktemp("basic-plain")
    with DebianRegistry(folder, debian_registry.passwords(folder, USERS)) as registry:
        yield registry


@pytest.fixture
def tokens(certificate_authority: CertificateAuthority) -> TokenServer:
    """The users and what they can pull, for the registry of the same test."""
    return TokenServer(
        certificate_authority,
        passwords={name.encode(): password.encode() for name, password in USERS.items()},
        identity_tokens={"an-identity-token": b"octocat"},
        can_pull={b"octocat": frozenset({"team/devbox", "library/solo"})},
    )


@pytest.fixture
def token_server(
    tokens: TokenServer, serve: Serve, certificate_authority: CertificateAuthority
) -> Served:
    """`tokens` over TLS."""
    return serve(tokens.respond, certificate_authority.certify("localhost", "auth.docker.io"))


@pytest.fixture
def token_registry(
    installed: None,
    token_server: Served,
    certificate_authority: CertificateAuthority,
    tmp_path: Path,
) -> Iterator[DebianRegistry]:
    """A registry with Bearer, over TLS, with tokens of `token_server`."""
    settings = token_settings(f"{token_server.url}/token", certificate_authority)
    with DebianRegistry(tmp_path, settings, certificate_authority.certify("localhost")) as registry:
        yield registry


@pytest.fixture
def hub(
    installed: None,
    certificate_authority: CertificateAuthority,
    tokens: TokenServer,
    tmp_path: Path,
) -> Iterator[DebianRegistry]:
    """A registry in place of Docker Hub; it has the image `library/solo:latest`."""
    settings = token_settings("https://auth.docker.io/token", certificate_authority)
    files = certificate_authority.certify("registry-1.docker.io", "localhost")
    with DebianRegistry(tmp_path, settings, files) as registry:
        access = [{"type": "repository", "name": "library/solo", "actions": ["pull", "push"]}]
        bearer = f"Bearer {tokens.token(access)}"
        registry.push("library/solo", "latest", bearer, certificate_authority.bundle)
        yield registry


def token_settings(
    realm: str, certificate_authority: CertificateAuthority
) -> dict[str, dict[str, str]]:
    """The `auth` of a registry that accepts the tokens of a realm."""
    bundle = str(certificate_authority.bundle)
    token = {"realm": realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": bundle}
    return {"token": token}
