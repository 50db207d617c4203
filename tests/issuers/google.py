"""Google's services for tokens and for keys of service accounts, and a registry, on loopback.

Sources: "REST Resource: projects.serviceAccounts.keys", "Method: token" of the Security Token
Service, "Method: projects.serviceAccounts.generateAccessToken" and "Restricting service account
usage", docs.cloud.google.com.
"""

from __future__ import annotations

import json
import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from issuers.id_tokens import SUBJECT, IdTokens
from issuers.issuer_server import IssuerServer, Now, json_body, knows, real_time

PROJECT = "team-images"
ACCOUNT = f"codespaces-pull@{PROJECT}.iam.gserviceaccount.com"
THROUGH = f"rotate-keys@{PROJECT}.iam.gserviceaccount.com"
PROVIDER = "projects/123456789012/locations/global/workloadIdentityPools/github/providers/actions"
OPTIONS = {"service-account": ACCOUNT, "workload-identity-provider": PROVIDER}
SCOPE = "https://www.googleapis.com/auth/cloud-platform"
LIMIT = 10

_GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
_ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"
_JWT = "urn:ietf:params:oauth:token-type:jwt"
_NEVER = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_KEYS = re.compile(
    r"/v1/projects/(?P<project>[^/]+)/serviceAccounts/(?P<account>[^/]+)/keys"
    r"(?:/(?P<key>\w+))?(?P<disable>:disable)?"
)
_IMPERSONATE = re.compile(r"/v1/projects/-/serviceAccounts/(?P<account>[^/]+):generateAccessToken")


@dataclass
class Key:
    """A key of the service account. `file` is its file, if somebody has it."""

    id: str
    file: str
    created: datetime
    valid_until: datetime
    settling: int
    disabled: bool = False

    @property
    def content(self) -> dict[str, object]:
        """The key as the API lists it."""
        content: dict[str, object] = {
            "name": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}/keys/{self.id}",
            "validAfterTime": f"{self.created:%Y-%m-%dT%H:%M:%SZ}",
            "validBeforeTime": f"{self.valid_until:%Y-%m-%dT%H:%M:%SZ}",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
            "keyOrigin": "GOOGLE_PROVIDED",
            "keyType": "USER_MANAGED",
        }
        return {**content, "disabled": True} if self.disabled else content


class GoogleServer(IssuerServer):
    """Serves all of them on one port.

    `trusted` are the subjects that the provider accepts. `accounts` are names of the service
    account. `principal` has the `permissions` on the
    service account: "federated", or an account that the job can impersonate if it is in
    `impersonated`. `policy` is the constraint that forbids new keys; empty if none does.
    `key_lifetime` is the policy's lifetime of new keys. `token_lifetime` is that of federated
    tokens, in seconds. `files` are all key files that were ever created, in base64.
    """

    limit = LIMIT

    def __init__(self, id_tokens: IdTokens, now: Now = real_time) -> None:
        super().__init__(now)
        self.trusted = {SUBJECT}
        self.accounts = {ACCOUNT}
        self.principal = "federated"
        self.impersonated: set[str] = set()
        self.permissions = {"list", "create", "disable", "delete"}
        self.policy = ""
        self.key_lifetime: timedelta | None = None
        self.token_lifetime = 3600
        self.keys: dict[str, Key] = {}
        self.files: list[str] = []
        self.access_tokens: dict[str, str] = {}
        self._id_tokens = id_tokens

    @property
    def environment(self) -> Mapping[str, str]:
        names = ("STS", "IAM", "IAMCREDENTIALS")
        return {f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}": f"{self.url}/" for name in names}

    def live(self) -> list[str]:
        return list(self.keys)

    def accepts(self, username: str, password: str) -> bool:
        if username != "_json_key_base64":
            return False
        for key in self.keys.values():
            if key.file == password and not key.disabled and self.now() < key.valid_until:
                return knows(key)
        return False

    def make_by_hand(self) -> str:
        return self._create().id

    async def respond(self, request: web.Request) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        body = await json_body(request)
        if line == "POST /v1/token":
            return self._exchange(request, body)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        if token not in self.access_tokens:
            return _error(401, "UNAUTHENTICATED", "Request had invalid credentials.")
        # An encoded slash is a part of a name, and separates nothing.
        path = request.rel_url.raw_path
        if found := _IMPERSONATE.fullmatch(path):
            return self._impersonate(unquote(found["account"]), token, body)
        if found := _KEYS.fullmatch(path):
            return self._manage(request, found, self.access_tokens[token], body)
        return _error(404, "NOT_FOUND", "The requested URL was not found on this server.")

    def _exchange(self, request: web.Request, body: Any) -> web.Response:
        expected = {
            "grantType": _GRANT,
            "audience": f"//iam.googleapis.com/{PROVIDER}",
            "scope": SCOPE,
            "requestedTokenType": _ACCESS_TOKEN,
            "subjectTokenType": _JWT,
        }
        if "Authorization" in request.headers:
            return _oauth_error("invalid_request", "There must be no client authentication.")
        if body.get("audience") != expected["audience"]:
            return _oauth_error(
                "invalid_target", "The target service indicated by the audience is invalid."
            )
        if {key: body.get(key) for key in expected} != expected:
            return _oauth_error("invalid_request", "The request is not as expected.")
        audience = f"https://iam.googleapis.com/{PROVIDER}"
        claims = self._id_tokens.verify(str(body.get("subjectToken")), audience)
        if claims is None:
            return _oauth_error("invalid_grant", "The ID token is not valid for this provider.")
        if claims["sub"] not in self.trusted:
            return _oauth_error(
                "unauthorized_client",
                "The given credential is rejected by the attribute condition.",
            )
        return web.json_response(
            {
                "access_token": self._issue("federated"),
                "issued_token_type": _ACCESS_TOKEN,
                "token_type": "Bearer",
                "expires_in": self.token_lifetime,
            }
        )

    def _impersonate(self, account: str, token: str, body: Any) -> web.Response:
        if self.access_tokens[token] != "federated" or account not in self.impersonated:
            return _denied("iam.serviceAccounts.getAccessToken")
        if body != {"scope": [SCOPE], "lifetime": "3600s"}:
            return _error(400, "INVALID_ARGUMENT", "The request is not as expected.")
        expires = self.now() + timedelta(hours=1)
        content = {"accessToken": self._issue(account), "expireTime": expires.isoformat()}
        return web.json_response(content)

    def _issue(self, principal: str) -> str:
        token = f"ya29.{secrets.token_urlsafe(90)}"
        self.access_tokens[token] = principal
        return token

    def _manage(
        self, request: web.Request, path: re.Match[str], principal: str, body: Any
    ) -> web.Response:
        names = {"GET": "list", "POST": "create", "DELETE": "delete"}
        permission = "disable" if path["disable"] else names.get(request.method, "")
        known_account = unquote(path["account"]) in self.accounts
        known_project = path["project"] in {PROJECT, "-"} and known_account
        allowed = principal == self.principal and permission in self.permissions
        if not known_project or not allowed:
            return _denied(f"iam.serviceAccountKeys.{permission}")
        if permission in {"disable", "delete"} and path["key"] not in self.keys:
            # With the wildcard for the project, Google does not tell that the key does not exist.
            if path["project"] == "-":
                return _denied(f"iam.serviceAccountKeys.{permission}")
            return _error(404, "NOT_FOUND", f"Service account key {path['key']} does not exist.")
        if permission == "list":
            return self._list(request.query.getall("keyTypes", []))
        if permission == "create":
            return self._respond_create(body)
        if permission == "disable":
            self.keys[path["key"]].disabled = True
        else:
            del self.keys[path["key"]]
        return web.json_response({})

    def _list(self, types: list[str]) -> web.Response:
        keys = [key.content for key in self.keys.values()]
        if types != ["USER_MANAGED"]:
            system = Key("5" * 40, "", self.now(), self.now() + timedelta(days=14), 0)
            keys.append({**system.content, "keyType": "SYSTEM_MANAGED"})
        return web.json_response({"keys": keys} if keys else {})

    def _respond_create(self, body: Any) -> web.Response:
        expected = {
            "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
            "keyAlgorithm": "KEY_ALG_RSA_2048",
        }
        if body != expected:
            return _error(400, "INVALID_ARGUMENT", "The request is not as expected.")
        if self.policy:
            violation = {
                "type": f"constraints/{self.policy}",
                "subject": f"projects/{PROJECT}/serviceAccounts/{ACCOUNT}",
                "description": "Key creation is not allowed on this service account.",
            }
            failure = {
                "@type": "type.googleapis.com/google.rpc.PreconditionFailure",
                "violations": [violation],
            }
            message = "Key creation is not allowed on this service account."
            return _error(400, "FAILED_PRECONDITION", message, failure)
        if len(self.keys) >= LIMIT:
            return _error(429, "RESOURCE_EXHAUSTED", "Maximum number of keys on account reached.")
        key = self._create()
        return web.json_response(
            {
                **key.content,
                "privateKeyType": "TYPE_GOOGLE_CREDENTIALS_FILE",
                "privateKeyData": key.file,
            }
        )

    def _create(self) -> Key:
        name = secrets.token_hex(20)
        created = self.now().replace(microsecond=0)
        valid_until = created + self.key_lifetime if self.key_lifetime else _NEVER
        key = Key(name, _key_file(name), created, valid_until, self.settling)
        self.files.append(key.file)
        self.keys[name] = key
        return key


def private_key(file: str) -> str:
    """The private key in a key file."""
    text: str = json.loads(b64decode(file))["private_key"]
    return text


def _key_file(key_id: str) -> str:
    """A key file in base64. Its key has the shape of one, which is enough for all that reads it."""
    body = b64encode(secrets.token_bytes(1192)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    pem = "\n".join(["-----BEGIN PRIVATE KEY-----", *lines, "-----END PRIVATE KEY-----", ""])
    content = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": key_id,
        "private_key": pem,
        "client_email": ACCOUNT,
        "client_id": "100000000000000000001",
        "token_uri": "https://oauth2.googleapis.com/token",
        "universe_domain": "googleapis.com",
    }
    return b64encode(json.dumps(content, indent=2).encode()).decode()


def _error(status: int, name: str, message: str, *details: object) -> web.Response:
    error: dict[str, object] = {"code": status, "message": message, "status": name}
    if details:
        error["details"] = list(details)
    return web.json_response({"error": error}, status=status)


def _denied(permission: str) -> web.Response:
    message = f"Permission '{permission}' denied on resource (or it may not exist)."
    return _error(403, "PERMISSION_DENIED", message)


def _oauth_error(code: str, description: str) -> web.Response:
    return web.json_response({"error": code, "error_description": description}, status=400)
