"""A minimal HTTP client for the sandbox that returns responses unchanged."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import requests
from nacl.public import PublicKey, SealedBox

from github_sandbox import Sandbox, World
from github_sandbox.accounts import utc_now

OWNER_TOKEN = "ghp_owner"
SCOPES = ("repo", "delete_repo", "admin:org", "codespace")
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


def small_world(now: Callable[[], datetime] = utc_now) -> World:
    """`octocat` owns `octo-org` with four repositories; `hubot` is a member, `stranger` is not."""
    world = World(now)
    for login in ("octocat", "hubot", "stranger"):
        world.add_user(login)
    world.add_organization("octo-org", owners=("octocat",))
    world.add_member("octo-org", "hubot")
    for name in ("api", "web", "docs", "old"):
        world.add_repository(f"octo-org/{name}", private=name != "docs", archived=name == "old")
    world.add_repository("octocat/dotfiles", private=False)
    world.add_token(OWNER_TOKEN, user="octocat", scopes=SCOPES)
    return world


def actions_values(world: World, repository: str) -> dict[str, bytes | None]:
    """The values of a repository's own Actions secrets by name."""
    stored = world.actions_secrets(world.scope(f"repository:{repository}"))
    return {name: stored[name].value for name in sorted(stored)}


class Client:
    """Send requests with one token; without redirects and retries."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"

    def send(self, method: str, path: str, json: Any = None) -> requests.Response:
        """Send a request."""
        return self.session.request(
            method, self.url + path, json=json, allow_redirects=False, timeout=10
        )

    def get(self, path: str) -> requests.Response:
        """Send a GET."""
        return self.send("GET", path)

    def put(self, path: str, json: Any = None) -> requests.Response:
        """Send a PUT."""
        return self.send("PUT", path, json)

    def delete(self, path: str) -> requests.Response:
        """Send a DELETE."""
        return self.send("DELETE", path)

    def sealed(self, prefix: str, value: bytes) -> dict[str, Any]:
        """Seal a value for a scope; return the fields of the request body."""
        key = self.get(f"{prefix}/public-key").json()
        return {"encrypted_value": seal(key["key"], value), "key_id": key["key_id"]}


def seal(key: str, value: bytes) -> str:
    """Seal a value with a public key; both the key and the result are base64."""
    box = SealedBox(PublicKey(base64.b64decode(key)))
    return base64.b64encode(box.encrypt(value)).decode()


@contextmanager
def client_of(sandbox: Sandbox, token: str = OWNER_TOKEN) -> Iterator[Client]:
    """Open a client inside a `with` block."""
    client = Client(sandbox.url, token)
    with client.session:
        yield client
