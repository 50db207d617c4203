"""The runner's service for ID tokens on loopback, with tokens as GitHub issues them.

Sources: "OpenID Connect reference", docs.github.com, and `oidc-utils.ts` of actions/toolkit.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

ISSUER = "https://token.actions.githubusercontent.com"
OWNER, REPOSITORY, REF = "octo-org", "infra", "refs/heads/main"
# Repositories that were created before July 2026 have the first form, unless they chose the second.
SUBJECT = f"repo:{OWNER}/{REPOSITORY}:ref:{REF}"
IMMUTABLE_SUBJECT = f"repo:{OWNER}@1/{REPOSITORY}@2:ref:{REF}"
LIFETIME = timedelta(minutes=5)

_REQUEST_TOKEN = "the-job's-token-for-the-service-of-id-tokens"


class IdTokens:
    """Issues ID tokens to a job within a `with` block.

    `subject` is the claim `sub` of the next tokens: SUBJECT, IMMUTABLE_SUBJECT, or that of another
    workflow. `issued` are all tokens so far. `status` other than 200 rejects requests. `now` is the
    time of both the service and whoever verifies a token.
    """

    def __init__(
        self, subject: str = SUBJECT, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self.subject = subject
        self.now = now
        self.status = 200
        self.issued: list[str] = []
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def environment(self) -> Mapping[str, str]:
        """The variables that the runner sets for a job with `id-token: write`."""
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"http://127.0.0.1:{self._server.server_port}/_apis/"
            "pipelines/workflows/idtoken?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": _REQUEST_TOKEN,
        }

    def issue(self, audience: str, *, lifetime: timedelta = LIFETIME, **claims: object) -> str:
        """Issue a token for an audience; `claims` replace those of the job."""
        now = int(self.now().timestamp())
        content = {
            "jti": str(uuid.uuid4()),
            "iss": ISSUER,
            "aud": audience,
            "sub": self.subject,
            "ref": REF,
            "ref_type": "branch",
            "repository": f"{OWNER}/{REPOSITORY}",
            "repository_id": "2",
            "repository_owner": OWNER,
            "repository_owner_id": "1",
            "repository_visibility": "private",
            "job_workflow_ref": f"{OWNER}/{REPOSITORY}/.github/workflows/rotate.yml@{REF}",
            "event_name": "schedule",
            "runner_environment": "github-hosted",
            "iat": now,
            "nbf": now - 600,
            "exp": now + int(lifetime.total_seconds()),
            **claims,
        }
        token = jwt.encode(content, self._key, "RS256", headers={"kid": "1"})
        self.issued.append(token)
        return token

    def verify(self, token: str, audience: str) -> Mapping[str, object] | None:
        """The claims of a token; None if its signature, issuer, audience or time is wrong."""
        # PyJWT would compare the times with the clock of the machine.
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}
        try:
            claims = jwt.decode(
                token,
                self._key.public_key(),
                ["RS256"],
                audience=audience,
                issuer=ISSUER,
                options=options,
            )
        except jwt.PyJWTError:
            return None
        return claims if claims["nbf"] <= self.now().timestamp() < claims["exp"] else None

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        tokens = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, body = tokens._respond(self.path, self.headers.get("Authorization", ""))
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                """Write no log."""

        return Handler

    def _respond(self, path: str, authorization: str) -> tuple[int, Mapping[str, object]]:
        if authorization != f"Bearer {_REQUEST_TOKEN}":
            return 401, {"message": "the token of the request is not valid"}
        if self.status != 200:
            return self.status, {"message": "try again"}
        default = f"https://github.com/{OWNER}"
        audience = parse_qs(urlsplit(path).query).get("audience", [default])[0]
        return 200, {"count": 1, "value": self.issue(audience)}
