"""A GitLab on loopback that has one project and one group, by "Deploy tokens API" of its docs.

Source of what the docs leave out: `lib/api/deploy_tokens.rb` and `app/models/deploy_token.rb` of
GitLab.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from urllib.parse import unquote

from aiohttp import web

from issuers.issuer_server import Now, SelfHostedServer, json_body, knows, real_time

NUMBERS = {"projects": ("7", "team/app"), "groups": ("3", "team")}
SCOPES = {"read_repository", "read_registry", "write_registry"}


@dataclass
class DeployToken:
    """A deploy token of the project or the group `owner`."""

    id: int
    owner: str
    name: str
    username: str
    secret: str
    scopes: list[str]
    expires_at: datetime | None
    settling: int = 0
    revoked: bool = False


class GitLab(SelfHostedServer):
    """Serves the project `team/app` with the number 7, and the group `team` with the number 3.

    `token` is an access token with `scopes` of a user who has `role`. `headers` says which headers
    name the next page: GitLab's own and `Link`, only one of the two, or none. `page_size` is the
    most that a page contains. `moved`: the project has another path. `repeats_page`: each page is the
    first one. `prefix` is the path of GitLab.
    """

    limit = 10

    def __init__(self, now: Now = real_time, *, prefix: str = "") -> None:
        super().__init__(now, prefix=prefix)
        self.token = "glpat-0123456789abcdefghij"
        self.scopes = ["api"]
        self.role: Literal["developer", "maintainer", "owner"] = "owner"
        self.headers: Literal["both", "link", "own", "none"] = "both"
        self.page_size = 100
        self.moved = False
        self.repeats_page = False
        self.deploy_tokens: dict[int, DeployToken] = {}
        self._last_id = 0

    def live(self) -> list[str]:
        """The ids of all deploy tokens that are not revoked, those of people included."""
        return [str(token.id) for token in self.deploy_tokens.values() if not token.revoked]

    def accepts(self, username: str, password: str) -> bool:
        """Whether the registry accepts a deploy token: until the end of the day of its expiry."""
        for token in self.deploy_tokens.values():
            if (token.username, token.secret) != (username, password) or token.revoked:
                continue
            if token.expires_at and token.expires_at < self._today():
                return False
            return knows(token) and "read_registry" in token.scopes
        return False

    def make_by_hand(self) -> str:
        """Create a deploy token of the project in the web pages."""
        return str(self._add("projects/7", "cluster", ["read_registry"], None).id)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Carry out a request to `/api/v4`."""
        match = re.fullmatch(
            rf"{self.prefix}/api/v4/(projects|groups)/([^/]+)/deploy_tokens(?:/(\d+))?",
            request.rel_url.raw_path,
        )
        if match is None:
            return _error(404, "404 Not Found")
        kind, name, token_id = match[1], unquote(match[2]), match[3]
        refusal = self._refusal(request, kind, name)
        if refusal is not None:
            return refusal
        owner = f"{kind}/{NUMBERS[kind][0]}"
        if token_id is not None:
            return self._delete(owner, int(token_id))
        if request.method == "GET":
            return self._list(request, owner)
        return self._create(owner, await json_body(request))

    def _refusal(self, request: web.Request, kind: str, name: str) -> web.Response | None:
        if request.headers.get("PRIVATE-TOKEN") != self.token:
            return _error(401, "401 Unauthorized")
        if "api" not in self.scopes:
            body = {
                "error": "insufficient_scope",
                "error_description": "The request requires higher privileges than provided.",
                "scope": "api",
            }
            return web.json_response(body, status=403)
        if self.moved and name == "team/app":
            location = f"{self.address}/api/v4/projects/7/deploy_tokens"
            return web.Response(status=301, headers={"Location": location})
        if name not in NUMBERS[kind]:
            return _error(404, f"404 {kind.capitalize().rstrip('s')} Not Found")
        if not self._is_permitted(kind, request.method):
            return _error(403, "403 Forbidden")
        return None

    def _is_permitted(self, kind: str, method: str) -> bool:
        changes_group = kind == "groups" and method != "GET"
        return self.role == "owner" or (self.role == "maintainer" and not changes_group)

    def _list(self, request: web.Request, owner: str) -> web.Response:
        size = min(int(request.query.get("per_page", "20")), self.page_size)
        page = int(request.query.get("page", "1"))
        tokens = [token for token in self.deploy_tokens.values() if token.owner == owner]
        has_next = page * size < len(tokens)
        shown = tokens[:size] if self.repeats_page else tokens[(page - 1) * size : page * size]
        headers = {}
        if self.headers in {"both", "own"}:
            headers["X-Next-Page"] = str(page + 1) if has_next else ""
        if self.headers in {"both", "link"} and has_next:
            headers["Link"] = f'<https://elsewhere.example/?page={page + 1}>; rel="next"'
        return web.json_response([self._shown(token) for token in shown], headers=headers)

    def _create(self, owner: str, body: Mapping[str, Any]) -> web.Response:
        name, scopes, expires_at = body.get("name"), body.get("scopes"), body.get("expires_at")
        if not isinstance(name, str) or not name:
            return web.json_response({"error": "name is missing"}, status=400)
        if not isinstance(scopes, list) or not scopes or not SCOPES.issuperset(scopes):
            return web.json_response({"error": "scopes does not have a valid value"}, status=400)
        if len(name) > 255:
            return _error(400, "Name is too long (maximum is 255 characters)")
        try:
            expiry = datetime.fromisoformat(expires_at) if expires_at else None
        except (TypeError, ValueError):
            return web.json_response({"error": "expires_at is invalid"}, status=400)
        token = self._add(owner, name, scopes, expiry)
        return web.json_response({**self._shown(token), "token": token.secret}, status=201)

    def _delete(self, owner: str, token_id: int) -> web.Response:
        token = self.deploy_tokens.get(token_id)
        if token is None or token.owner != owner:
            return _error(404, "404 Not Found")
        del self.deploy_tokens[token_id]
        return web.Response(status=204)

    def _add(
        self, owner: str, name: str, scopes: list[str], expires_at: datetime | None
    ) -> DeployToken:
        self._last_id += 1
        number = self._last_id
        secret = f"gldt-secret-of-token-{number:05}"
        username = f"gitlab+deploy-token-{number}"
        token = DeployToken(
            number, owner, name, username, secret, scopes, expires_at, self.settling
        )
        self.deploy_tokens[number] = token
        return token

    def _shown(self, token: DeployToken) -> dict[str, Any]:
        """The fields of `lib/api/entities/deploy_token.rb`: no time of creation."""
        expires_at = token.expires_at
        return {
            "id": token.id,
            "name": token.name,
            "username": token.username,
            "expires_at": expires_at and expires_at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "scopes": token.scopes,
            "revoked": token.revoked,
            "expired": expires_at is not None and expires_at < self._today(),
        }

    def _today(self) -> datetime:
        return self.now().replace(hour=0, minute=0, second=0, microsecond=0)


def _error(status: int, message: str) -> web.Response:
    return web.json_response({"message": message}, status=status)
