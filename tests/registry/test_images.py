"""A login that is good is worth nothing where the image may not be pulled."""

from __future__ import annotations

from base64 import b64encode

import pytest
from aiohttp import web

from registry.authority import Authority
from registry.conftest import USERS, Login, Serve
from registry.debian_registry import DebianRegistry
from registry.serving import Served
from registry.token_server import TokenServer

OCTOCAT = ("octocat", USERS["octocat"])
needs_registry = pytest.mark.registry


@pytest.fixture
def pushed(token_registry: DebianRegistry, tokens: TokenServer, authority: Authority) -> str:
    """The digest of `team/devbox:latest`; `team/secret:latest` is there too, for nobody."""
    digest = ""
    for name in ("team/secret", "team/devbox"):
        access = [{"type": "repository", "name": name, "actions": ["pull", "push"]}]
        bearer = f"Bearer {tokens.token(access)}"
        digest = token_registry.push(name, "latest", bearer, authority.bundle)
    return digest


@needs_registry
def test_images_that_may_be_pulled(
    token_registry: DebianRegistry, token_server: Served, pushed: str, login: Login
) -> None:
    """By tag, by digest, by both, and by neither; each asks for `pull` and no more."""
    images = [
        "team/devbox",
        "team/devbox:latest",
        f"team/devbox@{pushed}",
        f"team/devbox:gone@{pushed}",
    ]
    assert login(token_registry.host, *OCTOCAT, *images).status == "accepted"
    scopes = [seen.query.get("scope") for seen in token_server.seen]
    assert scopes == [None] + 4 * ["repository:team/devbox:pull"]


@needs_registry
def test_images_by_basic(basic_tls: DebianRegistry, authority: Authority, login: Login) -> None:
    """The credential goes with the request for the manifest."""
    basic = f"Basic {b64encode(':'.join(OCTOCAT).encode()).decode()}"
    basic_tls.push("team/devbox", "v1", basic, authority.bundle)
    assert login(basic_tls.host, *OCTOCAT, "team/devbox:v1").status == "accepted"
    verdict = login(basic_tls.host, *OCTOCAT, "team/devbox:v1", "team/devbox:v2")
    assert verdict.status == "rejected"
    assert verdict.message == (
        "image team/devbox:v2: no such image, or the credential may not see it (404); check the name"
    )


@needs_registry
def test_an_image_that_may_not_be_pulled(
    token_registry: DebianRegistry, pushed: str, login: Login
) -> None:
    """A token without the access is granted; what counts is what the registry makes of it."""
    verdict = login(token_registry.host, *OCTOCAT, "team/devbox", "team/secret:latest")
    assert verdict.status == "rejected"
    assert verdict.message.startswith(
        "image team/secret:latest: the login is good, but may not pull it (401: "
    )


@needs_registry
def test_an_image_that_is_not_there(
    token_registry: DebianRegistry, pushed: str, login: Login
) -> None:
    """404 means that, or that the credential may not see it."""
    verdict = login(token_registry.host, *OCTOCAT, "team/devbox:v9")
    assert verdict.status == "rejected"
    assert verdict.message.startswith("image team/devbox:v9: no such image, or the credential")


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
def test_what_is_no_image(serve: Serve, login: Login, image: str) -> None:
    """It is named, and never becomes part of a URL."""

    async def open_to_all(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(open_to_all)
    verdict = login(server.host, *OCTOCAT, image)
    assert verdict.status == "rejected"
    assert verdict.message.startswith(f"image {image}: not an image's name")
    assert {seen.path for seen in server.seen} == {"/v2/"}


@pytest.mark.parametrize(
    ("status", "verdict", "words"),
    [
        (403, "rejected", "the login is good, but may not pull it (403)"),
        (429, "unreachable", "answers 429"),
        (500, "unreachable", "answers 500"),
    ],
)
def test_other_answers_for_a_manifest(
    serve: Serve, login: Login, status: int, verdict: str, words: str
) -> None:
    """What says nothing about the credential rejects nothing."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({}, status=200 if request.path == "/v2/" else status)

    found = login(serve(answer).host, *OCTOCAT, "team/devbox")
    assert found.status == verdict
    assert found.message.startswith("image team/devbox: ")
    assert words in found.message


def test_every_kind_of_manifest_is_fine(serve: Serve, login: Login) -> None:
    """An image may be one for several platforms, as Docker or as OCI writes it."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return web.json_response({})

    server = serve(answer)
    assert login(server.host, *OCTOCAT, "team/devbox").status == "accepted"
    last = server.seen[-1]
    assert (last.method, last.path) == ("HEAD", "/v2/team/devbox/manifests/latest")
    assert last.headers["Accept"].split(", ") == [
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    ]
