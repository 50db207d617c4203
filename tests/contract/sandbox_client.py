"""A bare HTTP client for the sandbox: what it says is what is on the wire."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from nacl.public import PublicKey, SealedBox

from github_sandbox import Sandbox, World

OWNER_TOKEN = "ghp_owner"
PREFIXES = {
    "organization": "/orgs/octo-org/codespaces/secrets",
    "repository": "/repos/octo-org/api/codespaces/secrets",
    "user": "/user/codespaces/secrets",
}
TARGETS = {
    "organization": "organization:octo-org",
    "repository": "repository:octo-org/api",
    "user": "user:octocat",
}
NEEDED = {"organization": {"visibility": "private"}, "repository": {}, "user": {}}


def small_world() -> World:
    """`octocat` owns `octo-org` with four repositories; `hubot` is a member, `stranger` is not."""
    world = World()
    for login in ("octocat", "hubot", "stranger"):
        world.add_user(login)
    world.add_organization("octo-org", owners=("octocat",))
    world.add_member("octo-org", "hubot")
    for name in ("api", "web", "docs", "old"):
        world.add_repository(f"octo-org/{name}", private=name != "docs", archived=name == "old")
    world.add_repository("octocat/dotfiles", private=False)
    world.add_token(OWNER_TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


class Client:
    """Sends one token; follows no redirect and repeats nothing."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, json: Any = None) -> requests.Response:
        """One request."""
        return self.session.request(
            method, self.url + path, json=json, allow_redirects=False, timeout=10
        )

    def get(self, path: str) -> requests.Response:
        """GET."""
        return self.send("GET", path)

    def put(self, path: str, json: Any = None) -> requests.Response:
        """PUT."""
        return self.send("PUT", path, json)

    def delete(self, path: str) -> requests.Response:
        """DELETE."""
        return self.send("DELETE", path)

    def sealed(self, prefix: str, value: bytes) -> dict[str, Any]:
        """A value sealed for a scope, as a body carries it."""
        key = self.get(f"{prefix}/public-key").json()
        return {"encrypted_value": seal(key["key"], value), "key_id": key["key_id"]}


def seal(key: str, value: bytes) -> str:
    """A value in a sealed box for a public key, both in base64."""
    box = SealedBox(PublicKey(base64.b64decode(key)))
    return base64.b64encode(box.encrypt(value)).decode()


@contextmanager
def client_of(sandbox: Sandbox, token: str = OWNER_TOKEN) -> Iterator[Client]:
    """A client that is closed in the end."""
    client = Client(sandbox.url, token)
    with client.session:
        yield client
