"""A token server by the "Token Authentication Implementation" of CNCF Distribution."""

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

from registry.certificate_authority import CertificateAuthority

ISSUER = "token server of the tests"

Access = list[dict[str, Any]]


@dataclass
class TokenServer:
    """Issues tokens to users for what each can pull.

    `service` is the audience of the tokens; `lifetime` is in seconds, and negative for expired
    tokens. `identity_tokens` maps refresh tokens to their users.
    """

    certificate_authority: CertificateAuthority
    passwords: dict[bytes, bytes] = field(default_factory=dict)
    identity_tokens: dict[str, bytes] = field(default_factory=dict)
    can_pull: Mapping[bytes, frozenset[str]] = field(default_factory=dict)
    service: str = "registry.test"
    issuer: str = ISSUER
    lifetime: int = 300

    def __post_init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._chain = self.certificate_authority.chain_for(self._key)

    async def respond(self, request: web.Request) -> web.StreamResponse:
        """Handle a GET with Basic credentials, or a POST with a refresh token."""
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
        """Issue a token with this access."""
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
        allowed = name in self.can_pull.get(user, frozenset()) and actions == "pull"
        return [{"type": kind, "name": name, "actions": ["pull"]}] if allowed else []
