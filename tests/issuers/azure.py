"""Entra, Azure Resource Manager and a registry on loopback, as far as passwords of a token need it.

Sources: `Microsoft.ContainerRegistry/Registry` of Azure/azure-rest-api-specs, 2025-11-01, with its
examples; `acr/token.py` of azure-cli; "OAuth 2.0 client credentials flow" and "Asynchronous Azure
operations", learn.microsoft.com.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from issuers.id_tokens import SUBJECT, IdTokens
from issuers.issuer_server import IssuerServer, Now, json_body, knows, real_time

TENANT, CLIENT_ID = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
SUBSCRIPTION, GROUP = "33333333-3333-3333-3333-333333333333", "team-images"
REGISTRY, TOKEN = "mycompany", "codespaces-pull"
REGISTRY_ID = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}"
    f"/providers/Microsoft.ContainerRegistry/registries/{REGISTRY}"
)
TOKEN_ID = f"{REGISTRY_ID}/tokens/{TOKEN}"
OPTIONS = {
    "tenant": TENANT,
    "client-id": CLIENT_ID,
    "subscription": SUBSCRIPTION,
    "resource-group": GROUP,
    "token": TOKEN,
}
AUDIENCE = "api://AzureADTokenExchange"
API_VERSION = "2025-11-01"
SLOTS = ("password1", "password2")

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_READ, _WRITE = "tokens/read", "tokens/write"
_GENERATE, _POLL = "generateCredentials/action", "operationStatuses/read"


@dataclass
class Password:
    """A password in its slot."""

    name: str
    value: str
    created: datetime
    expires: datetime | None
    settling: int

    @property
    def id(self) -> str:
        """The id that the issuer gives it."""
        return f"{self.name}@{self.created.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class AzureServer(IssuerServer):
    """Serves the three on one port.

    `trusted` are the subjects of federated credentials. `permissions` are those of the identity,
    after `Microsoft.ContainerRegistry/registries/`. `polls` is how often an operation is in
    progress when it is polled; with 0, the response has the result. `async_operation`: the state of
    an operation is a resource of its own; `result_in_state`: that resource has the result, too.
    `retry_after` is the header `Retry-After` of an operation; None if it has none. `token_lifetime`
    is that of access tokens, in seconds. `status` is the status of the token of the registry.
    `redirects` are the addresses that requests are redirected to. `operation_state` is the state of
    a finished operation, and `operation_host` the host of its address. `has_creation_time`: the
    response to a creation has the time. `values` are all passwords that were ever created.
    """

    limit = 2

    def __init__(self, id_tokens: IdTokens, now: Now = real_time) -> None:
        super().__init__(now)
        self.trusted = {SUBJECT}
        self.permissions = {_READ, _WRITE, _GENERATE, _POLL}
        self.polls = 1
        self.async_operation = False
        self.result_in_state = False
        self.retry_after: str | None = "0"
        self.token_lifetime = 3600
        self.status = "enabled"
        self.has_creation_time = True
        self.redirects: dict[str, str] = {}
        self.operation_state: Mapping[str, object] = {"status": "Succeeded"}
        self.operation_host = ""
        self.slots: dict[str, Password] = {}
        self.access_tokens: list[str] = []
        self.values: list[str] = []
        self._id_tokens = id_tokens
        self._latest = datetime.fromtimestamp(0, UTC)
        self._operations: dict[str, tuple[int, object]] = {}

    @property
    def environment(self) -> Mapping[str, str]:
        # A trailing slash is usual in both; the scope must not repeat it.
        return {"AZURE_AUTHORITY_HOST": self.url, "AZURE_RESOURCE_MANAGER_URL": f"{self.url}/"}

    def live(self) -> list[str]:
        ordered = sorted(self.slots.values(), key=lambda password: password.created)
        return [password.id for password in ordered]

    def accepts(self, username: str, password: str) -> bool:
        if username != TOKEN or self.status != "enabled":
            return False
        for slot in self.slots.values():
            expired = slot.expires is not None and slot.expires <= self.now()
            if slot.value == password and not expired:
                return knows(slot)
        return False

    def make_by_hand(self) -> str:
        return self._generate(next(slot for slot in SLOTS if slot not in self.slots), None).id

    async def respond(self, request: web.Request) -> web.StreamResponse:
        line = f"{request.method} {request.path}"
        if line in self.redirects:
            return web.Response(status=307, headers={"Location": self.redirects[line]})
        if line == f"POST /{TENANT}/oauth2/v2.0/token":
            return self._sign_in(dict(await request.post()))
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in (
            self.access_tokens
        ):
            return _error(401, "InvalidAuthenticationToken", "The access token is invalid.")
        if request.query.get("api-version") != API_VERSION:
            return _error(400, "InvalidApiVersionParameter", "The api-version is invalid.")
        body = await json_body(request)
        return self._manage(line, request.path, body)

    def _manage(self, line: str, path: str, body: Any) -> web.Response:
        operations = f"GET {REGISTRY_ID}/operationStatuses/"
        if line == f"GET {TOKEN_ID}":
            return self._allowed(_READ) or web.json_response(self._token())
        if line == f"PATCH {TOKEN_ID}":
            return self._allowed(_WRITE) or self._update(body)
        if line == f"POST {REGISTRY_ID}/generateCredentials":
            return self._allowed(_GENERATE) or self._respond_generate(body)
        if line.startswith(operations):
            return self._allowed(_POLL) or self._poll(path.rpartition("/")[2])
        return _error(404, "ResourceNotFound", f"The resource '{path}' was not found.")

    def _sign_in(self, form: Mapping[str, Any]) -> web.Response:
        expected = {
            "grant_type": "client_credentials",
            "client_id": CLIENT_ID,
            "scope": f"{self.url}/.default",
            "client_assertion_type": _ASSERTION,
        }
        if {key: form.get(key) for key in expected} != expected:
            return _entra_error("AADSTS900144: The request body is not as expected.")
        claims = self._id_tokens.verify(str(form.get("client_assertion")), AUDIENCE)
        if claims is None:
            return _entra_error("AADSTS700024: Client assertion is not within its valid time.")
        if claims["sub"] not in self.trusted:
            return _entra_error(
                "AADSTS700213: No matching federated identity record found for presented "
                f"assertion subject '{claims['sub']}'."
            )
        self.access_tokens.append(f"entra-{secrets.token_urlsafe(48)}")
        return web.json_response(
            {
                "token_type": "Bearer",
                "expires_in": self.token_lifetime,
                "access_token": self.access_tokens[-1],
            }
        )

    def _allowed(self, permission: str) -> web.Response | None:
        if permission in self.permissions:
            return None
        return _error(
            403,
            "AuthorizationFailed",
            f"The client '{CLIENT_ID}' does not have authorization to perform action "
            f"'Microsoft.ContainerRegistry/registries/{permission}' over scope '{REGISTRY_ID}'.",
        )

    def _token(self) -> Mapping[str, object]:
        passwords = [
            {"name": slot.name, **_times(slot, "{:%Y-%m-%dT%H:%M:%S.%f}1+00:00")}
            for slot in self.slots.values()
        ]
        properties: dict[str, object] = {"provisioningState": "Succeeded", "status": self.status}
        if passwords:
            properties["credentials"] = {"passwords": passwords}
        return {"id": TOKEN_ID, "name": TOKEN, "properties": properties}

    def _update(self, content: Any) -> web.Response:
        try:
            named = [slot["name"] for slot in content["properties"]["credentials"]["passwords"]]
        except (KeyError, TypeError):
            return _error(400, "InvalidRequestBody", "The request body is invalid.")
        if not set(named) <= set(self.slots):
            return _error(400, "InvalidRequestBody", "There is no such password.")
        self.slots = {name: self.slots[name] for name in named}
        if not self.polls:
            return web.json_response(self._token())
        headers = {"Azure-AsyncOperation": self._operation(None), **self._pause()}
        return web.json_response(self._token(), status=201, headers=headers)

    def _respond_generate(self, content: Any) -> web.Response:
        if not isinstance(content, dict) or content.get("tokenId") != TOKEN_ID:
            return _error(404, "TokenNotFound", "The token was not found.")
        name, expiry = content.get("name"), content.get("expiry")
        if name not in {None, *SLOTS}:
            return _error(400, "InvalidName", "The name must be password1 or password2.")
        expires = None if expiry is None else datetime.fromisoformat(expiry)
        if expires is not None and expires <= self.now():
            return _error(400, "InvalidExpiry", "The expiry is in the past.")
        # Without a name, both passwords are replaced.
        passwords = [self._generate(slot, expires) for slot in ([name] if name else SLOTS)]
        result = {
            "username": TOKEN,
            "passwords": [
                {
                    "name": password.name,
                    "value": password.value,
                    **(_times(password, "{:%Y-%m-%dT%H:%M:%S}Z") if self.has_creation_time else {}),
                }
                for password in passwords
            ],
        }
        if not self.polls:
            return web.json_response(result)
        headers = self._pause()
        if self.result_in_state:
            self.operation_state = {**self.operation_state, "properties": result}
        else:
            headers["Location"] = self._operation(result)
        if self.async_operation or self.result_in_state:
            headers["Azure-AsyncOperation"] = self._operation(None)
        return web.Response(status=202, headers=headers)

    def _generate(self, slot: str, expires: datetime | None) -> Password:
        # Two creations are never in the same second, so that each has an id of its own.
        self._latest = max(self.now(), self._latest + timedelta(seconds=1))
        value = secrets.token_urlsafe(39)
        self.values.append(value)
        self.slots[slot] = Password(slot, value, self._latest, expires, self.settling)
        return self.slots[slot]

    def _operation(self, result: object) -> str:
        """The URL of an operation that has a result, or whose state is a resource."""
        name = f"registries-{uuid.uuid4()}"
        self._operations[name] = (self.polls, result)
        host = self.operation_host or self.url
        return f"{host}{REGISTRY_ID}/operationStatuses/{name}?api-version={API_VERSION}"

    def _pause(self) -> dict[str, str]:
        """The header that says when to poll an operation."""
        return {} if self.retry_after is None else {"Retry-After": self.retry_after}

    def _poll(self, name: str) -> web.Response:
        polls, result = self._operations[name]
        self._operations[name] = (max(polls - 1, 0), result)
        headers = self._pause()
        if result is None:
            state = {"status": "InProgress"} if polls else self.operation_state
            return web.json_response(state, headers=headers)
        if polls:
            return web.Response(status=202, headers=headers)
        return web.json_response(result)


def _times(password: Password, form: str) -> Mapping[str, str]:
    times = {"creationTime": password.created, "expiry": password.expires}
    return {key: form.format(time) for key, time in times.items() if time is not None}


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": {"code": code, "message": message}}, status=status)


def _entra_error(message: str) -> web.Response:
    content = {
        "error": "invalid_client",
        "error_description": f"{message} Trace ID: 5d4b Timestamp: 2026-11-29 12:00:00Z",
        "error_codes": [int(message.partition(":")[0].removeprefix("AADSTS"))],
    }
    return web.json_response(content, status=401)
