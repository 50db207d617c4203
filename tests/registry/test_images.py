"""Check that a credential can pull the images of the spec."""

from __future__ import annotations

from base64 import b64encode

import pytest
from aiohttp import web

from registry.certificate_authority import CertificateAuthority
from registry.conftest import USERS, Login, Serve
from registry.debian_registry import DebianRegistry
from registry.scripted_server import Served
from registry.token_server import TokenServer

OCTOCAT = ("octocat", USERS["octocat"])
needs_registry = pytest.mark.registry


@pytest.fixture
def pushed(
    token_registry: DebianRegistry, tokens: TokenServer, certificate_authority: CertificateAuthority
) -> str:
    """The digest of `team/devbox:latest`; `team/secret:latest` exists too, and no user can pull it."""
    digest = ""
    for name in ("team/secret", "team/devbox"):
        access = [{"type": "repository", "name": name, "actions": ["pull", "push"]}]
        bearer = f"Bearer {tokens.token(access)}"
        digest = token_registry.push(name, "latest", bearer, certificate_authority.bundle)
    return digest


@needs_registry
def test_images_that_can_be_pulled(
    token_registry: DebianRegistry, token_server: Served, pushed: str, login: Login
) -> None:
    """By tag, by digest, by both, and by neither; each requests only `pull`."""
    images = [
        "team/devbox",
        "team/devbox:latest",
        f"team/devbox@{pushed}",
        f"team/devbox:gone@{pushed}",
    ]
    assert login(token_registry.host, *OCTOCAT, *images).status == "accepted"
    scopes = [request.query.get("scope") for request in token_server.requests]
    assert scopes == [None] + 4 * ["repository:team/devbox:pull"]
    assert [("offline_token" in request.query) for request in token_server.requests] == [
        True,
        *4 * [False],
    ]


@needs_registry
def test_images_by_basic(
    basic_tls: DebianRegistry, certificate_authority: CertificateAuthority, login: Login
) -> None:
    """The request for the manifest carries the credential."""
    basic = f"Basic {b64encode(':'.join(OCTOCAT).encode()).decode()}"
    basic_tls.push("team/devbox", "v1", basic, certificate_authority.bundle)
    assert login(basic_tls.host, *OCTOCAT, "team/devbox:v1").status == "accepted"
    result = login(basic_tls.host, *OCTOCAT, "team/devbox:v1", "team/devbox:v2")
    assert result.status == "rejected"
    assert result.message == (
        "image team/devbox:v2: the image does not exist, or the credential has no permission to see it (404); check the name"
    )


@needs_registry
def test_an_image_that_cannot_be_pulled(
    token_registry: DebianRegistry, pushed: str, login: Login
) -> None:
    """The token server issues a token without access; the registry rejects it."""
    result = login(token_registry.host, *OCTOCAT, "team/devbox", "team/secret:latest")
    assert result.status == "rejected"
    assert result.message.startswith(
        "image team/secret:latest: the login is accepted, but has no permission to pull it (401: "
    )


@needs_registry
def test_an_image_that_does_not_exist(
    token_registry: DebianRegistry, pushed: str, login: Login
) -> None:
    """404 can also mean that the credential has no permission to see it."""
    result = login(token_registry.host, *OCTOCAT, "team/devbox:v9")
    assert result.status == "rejected"
    assert result.message.startswith("image team/devbox:v9: the image does not exist, or the")
    assert not result.unknown


@pytest.mark.parametrize(
    "image",
    [
        "",
        "Team/devbox",
        "team/../token",
        "team/devbox?x=1",
        "https://ghcr.io/x",
        "a@sha256:1",
        "a b",
    ],
)
def test_an_invalid_image_name(serve: Serve, login: Login, image: str) -> None:
    """The message has it, and it never becomes part of a URL."""

    async def open_to_all(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(open_to_all)
    result = login(server.host, *OCTOCAT, image)
    assert result.status == "rejected"
    assert result.message.startswith(f"image {image}: not an image name")
    assert {request.path for request in server.requests} == {"/v2/"}


@pytest.mark.parametrize(
    ("status", "expected", "message"),
    [
        (403, "rejected", "the login is accepted, but has no permission to pull it (403)"),
        (429, "unreachable", "returned 429 for its manifest; run again later"),
        (500, "unreachable", "returned 500 for its manifest; run again later"),
        (400, "unreachable", "returned 400 for its manifest; check that it is a registry"),
    ],
)
def test_other_responses_for_a_manifest(
    serve: Serve, login: Login, status: int, expected: str, message: str
) -> None:
    """Only a response about the credential rejects it."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=200 if request.path == "/v2/" else status)

    result = login(serve(respond).host, *OCTOCAT, "team/devbox")
    assert result.status == expected
    assert result.message.startswith("image team/devbox: ")
    assert message in result.message


def test_a_name_with_one_part_is_sent_as_it_is(serve: Serve, login: Login) -> None:
    """Only Docker Hub has its images in `library/`."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(respond)
    assert login(server.host, *OCTOCAT, "solo").status == "accepted"
    assert server.requests[-1].path == "/v2/solo/manifests/latest"


def test_every_manifest_type_is_accepted(serve: Serve, login: Login) -> None:
    """Docker's and OCI's, for one platform and for several."""

    async def respond(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(respond)
    assert login(server.host, *OCTOCAT, "team/devbox").status == "accepted"
    last = server.requests[-1]
    assert (last.method, last.path) == ("HEAD", "/v2/team/devbox/manifests/latest")
    assert last.headers["Accept"].split(", ") == [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
