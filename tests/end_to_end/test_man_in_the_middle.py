"""A server that poses as GitHub's API gets no request, so no token and no value."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from aiohttp import web

from github_app import add_app, app_inputs
from github_sandbox import World
from registry.certificate_authority import CertificateAuthority
from registry.scripted_server import Served
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, Action

SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "a-password-that-must-not-leak"}
COMMENT = {"comment": "true", "github_token": JOB_TOKEN}
HOSTS = ["localhost", "api.github.example"]


async def accept(_: web.Request) -> web.StreamResponse:
    """Respond to everything, as somebody who wants to see all requests."""
    return web.json_response({})


@contextmanager
def impostor(authority: CertificateAuthority, host: str) -> Iterator[Served]:
    """A server on loopback whose certificate is for a host."""
    with Served(accept, authority.certify(host).context()) as served:
        yield served


def authority(path: Path) -> CertificateAuthority:
    """A new certificate authority."""
    path.mkdir()
    return CertificateAuthority(path)


@pytest.mark.parametrize("trusted", [False, True], ids=["unknown authority", "another host"])
@pytest.mark.parametrize("login", ["token", "App"])
def test_a_certificate_that_is_not_that_of_github_gets_no_request(
    login: str, trusted: bool, world: World, action: Action, tmp_path: Path
) -> None:
    """Neither one of an unknown authority, nor one of a known authority for another host."""
    signer = authority(tmp_path / "signer")
    variables = {"REQUESTS_CA_BUNDLE": str(signer.bundle)} if trusted else {}
    add_app(world, {"octo-org": {"codespaces_secrets": "write"}})
    inputs = {"token": TOKEN} if login == "token" else app_inputs()

    with impostor(signer, HOSTS[1] if trusted else HOSTS[0]) as served:
        step = action.step(
            SPEC, {**ENVIRONMENT, **variables}, **{**inputs, **COMMENT}, api_url=served.url
        )

    assert served.requests == []
    assert step.exit_code == 1
    assert "certificate" in step.log
    assert world.secrets("repository:octo-org/app") == {}


def test_the_certificate_of_the_host_is_accepted(action: Action, tmp_path: Path) -> None:
    """The test above fails for the certificate alone: with the right one, requests arrive."""
    signer = authority(tmp_path / "signer")
    with impostor(signer, HOSTS[0]) as served:
        action.step(
            SPEC, {**ENVIRONMENT, "REQUESTS_CA_BUNDLE": str(signer.bundle)}, api_url=served.url
        )
    assert served.requests


@pytest.mark.parametrize("scheme", ["http", "ftp"])
def test_an_api_without_tls_gets_no_request(scheme: str, action: Action, world: World) -> None:
    """The error names the input, whatever would respond."""
    step = action.step(SPEC, ENVIRONMENT, api_url=f"{scheme}://api.github.example")
    assert step.exit_code == 1
    assert "input `api-url`: must" in step.log
    assert world.secrets("repository:octo-org/app") == {}
