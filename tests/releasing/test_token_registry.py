"""The registry client with a login: with a password, and with tokens, as ghcr.io has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from registry.debian_registry import DebianRegistry, passwords
from release.registry import Registry
from release.settings import ReleaseError
from releasing.http_server import Handler, serve_handler

NAME = "octo-org/codespaces-registry-secrets"
LOGIN = ("octocat", "correct")


@pytest.fixture
def basic(tmp_path: Path) -> Iterator[DebianRegistry]:
    """A registry that accepts one password, over plain HTTP."""
    folder = tmp_path / "registry"
    folder.mkdir()
    with DebianRegistry(folder, passwords(folder, dict([LOGIN]))) as registry:
        yield registry


@pytest.mark.registry
def test_an_image_is_pushed_with_a_password(basic: DebianRegistry, layout: Path) -> None:
    """And tagged afterwards."""
    registry = Registry(f"{basic.host}/{NAME}", LOGIN)
    digest = registry.push(layout)
    assert registry.find_digest("0.1.0") is None
    registry.set_tag(digest, "0.1.0")
    assert registry.find_digest("0.1.0") == digest


@pytest.mark.registry
@pytest.mark.parametrize("login", [None, ("octocat", "wrong")])
def test_a_rejected_password_is_an_error(
    basic: DebianRegistry, layout: Path, login: tuple[str, str] | None
) -> None:
    """Its message has no password."""
    with pytest.raises(ReleaseError, match="returned 401") as caught:
        Registry(f"{basic.host}/{NAME}", login).push(layout)
    assert "wrong" not in str(caught.value)


@contextmanager
def serve(requests_seen: list[tuple[str, str]]) -> Iterator[str]:
    """A registry that asks for a token of its own token server; it has no images."""

    class TokenHandler(Handler):
        def do_GET(self) -> None:  # noqa: N802 - http.server calls it
            requests_seen.append((self.path, self.headers.get("Authorization", "")))
            if self.path.startswith("/token"):
                self.respond(200, {}, json.dumps({"token": "of-the-server"}).encode())
            elif self.headers.get("Authorization") == "Bearer of-the-server":
                self.respond(404, {}, b"")
            else:
                realm = f"http://{self.headers['Host']}/token"
                challenge = f'Bearer realm="{realm}",service="ghcr.io",scope="repository:x:pull"'
                self.respond(401, {"WWW-Authenticate": challenge}, b"")

        do_HEAD = do_GET  # noqa: N815 - http.server calls it

    with serve_handler(TokenHandler) as host:
        yield host


def test_a_token_is_fetched_and_sent_again() -> None:
    """The login is sent to the token server only, and the token serves the next requests."""
    seen: list[tuple[str, str]] = []
    with serve(seen) as host:
        registry = Registry(f"{host}/{NAME}", LOGIN)
        assert registry.find_digest("0.1.0") is None
        assert registry.find_digest("0.2.0") is None

    basic = requests.Request("GET", "http://localhost", auth=LOGIN).prepare()
    paths = [path for path, _ in seen]
    query = parse_qs(urlsplit(paths[1]).query)
    assert query == {"service": ["ghcr.io"], "scope": ["repository:x:pull"]}
    assert [authorization for _, authorization in seen] == [
        "",
        basic.headers["Authorization"],
        "Bearer of-the-server",
        "Bearer of-the-server",
    ]
    assert paths[0] == paths[2] == f"/v2/{NAME}/manifests/0.1.0"
