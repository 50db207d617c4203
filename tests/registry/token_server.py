"""A token server as "Token Authentication Implementation" of CNCF Distribution wants it."""

from __future__ import annotations

import base64
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa

from registry.authority import Authority

ISSUER = "token server of the tests"

Access = list[dict[str, Any]]


@dataclass
class TokenServer:
    """Knows users, and what each may pull; gives tokens that a registry believes.

    `service` is what the tokens are for; `lifetime` is in seconds, and negative where they are to
    have ended before. `identity_tokens` are refresh tokens and whose they are.
    """

    authority: Authority
    passwords: dict[bytes, bytes] = field(default_factory=dict)
    identity_tokens: dict[str, bytes] = field(default_factory=dict)
    may_pull: Mapping[bytes, frozenset[str]] = field(default_factory=dict)
    service: str = "registry.test"
    issuer: str = ISSUER
    lifetime: int = 300

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._chain = self.authority.chain_for(self._key)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """GET with Basic credentials, or POST with a refresh token."""
        if request.method == "POST":
            form = await request.post()
            user = self.identity_tokens.get(str(form.get("refresh_token")))
            scope = str(form.get("scope", ""))
        else:
            user = self._user(request.headers.get("Authorization", ""))
            scope = request.query.get("scope", "")
        if user is None:
            return web.json_response({"details": "incorrect username or password"}, status=401)
        key = "access_token" if request.method == "POST" else "token"
        return web.json_response({key: self.token(self._granted(user, scope))})

    def token(self, access: Access) -> str:
        """A token for what is listed."""
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "aud": self.service,
            "sub": "somebody",
            "iat": now - 1000,
            "nbf": now - 1000,
            "exp": now + self.lifetime,
            "jti": uuid.uuid4().hex,
            "access": access,
        }
        return jwt.encode(claims, self._key, "RS256", headers={"x5c": self._chain})

    def _user(self, authorization: str) -> bytes | None:
        user, _, password = base64.b64decode(authorization.partition(" ")[2]).partition(b":")
        return user if user and self.passwords.get(user) == password else None

    def _granted(self, user: bytes, scope: str) -> Access:
        kind, _, rest = scope.partition(":")
        name, _, actions = rest.rpartition(":")
        allowed = name in self.may_pull.get(user, frozenset()) and actions == "pull"
        return [{"type": kind, "name": name, "actions": ["pull"]}] if allowed else []
