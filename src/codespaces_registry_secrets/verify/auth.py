"""Make the `Authorization` header for a registry: Basic, or Bearer with a token server's token.

Sources: "Token Authentication Specification" and "OAuth2 Token Authentication" of CNCF
Distribution; RFC 7617 and RFC 6750; what `docker login` sends.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol
from urllib.parse import urlencode

from codespaces_registry_secrets.github.auth import USER_AGENT
from codespaces_registry_secrets.model.registries import IDENTITY_TOKEN_USERS
from codespaces_registry_secrets.verify.challenge import parse_challenges
from codespaces_registry_secrets.verify.errors import rejected, unreachable
from codespaces_registry_secrets.verify.http import (
    BasicCredentials,
    RegistryClient,
    RegistryResponse,
    host_of,
    is_loopback,
    split_url,
)

ADVICE = "check that user name and password belong together and are neither revoked nor expired"
REJECTED_STATUS = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})

# The responses of token servers without POST: containerd repeats the request with GET after these.
_POST_UNSUPPORTED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
# The tokens in a token server's response. A refresh token is not used, only masked.
_TOKEN_KEYS = ("token", "access_token", "refresh_token")


class Scheme(Protocol):
    """An authentication scheme, for the requests to one registry."""

    def authorization(self, scope: str) -> str:
        """The header for a request that needs `scope`, which is empty for a plain login."""

    def rejection_message(self, host: str, response: RegistryResponse) -> str:
        """The message if the registry returns 401 or 403 despite the header."""


def choose_scheme(
    client: RegistryClient,
    credential: BasicCredentials,
    host: str,
    response: RegistryResponse,
    trusted: Callable[[str], bool],
) -> Scheme:
    """Choose a scheme that `host` offers in its response to a request without a credential.

    Bearer takes precedence over Basic. A registry that requires nothing gets Basic. `trusted` is
    called with the `host[:port]` of a token server, and returns whether it can get the credential.

    Raises:
        LoginError: it offers no supported scheme, or its token server is not trusted.
    """
    challenges = reversed(parse_challenges(response.challenge))
    offered = {challenge.scheme: challenge.parameters for challenge in challenges}
    if "bearer" in offered:
        realm = offered["bearer"].get("realm", "")
        _check_realm(realm, host)
        if not trusted(host_of(realm).removesuffix(":443")):
            raise rejected(
                f"{host} names the token server {client.redact_host(realm)}, which "
                "`allowed-servers` does not cover, so the credential is not sent there; add that "
                "host to `allowed-servers` if it belongs to this registry"
            )
        return Bearer(client, credential, realm, offered["bearer"].get("service", ""))
    if "basic" in offered or response.status == HTTPStatus.OK:
        return Basic(client, credential)
    raise unreachable(
        f"{host} returned {response}, and offers no authentication scheme that Docker supports"
    )


def _check_realm(realm: str, host: str) -> None:
    """Require TLS for a token server, except if it and the registry are on this machine."""
    url = split_url(realm)
    on_loopback = is_loopback(host_of(realm)) and is_loopback(host)
    safe = url.scheme == "https" or (url.scheme == "http" and on_loopback)
    if not safe or not url.host or url.auth or url.fragment:
        raise unreachable(
            f"{host} names a token server without an https URL, so the credential is not sent there"
        )


@dataclass(frozen=True)
class Basic:
    """Sends the credential with each request."""

    client: RegistryClient
    credential: BasicCredentials

    def authorization(self, scope: str) -> str:  # noqa: ARG002 - valid for every scope
        """The header, the same for each scope."""
        return _basic_header(self.client, self.credential)

    def rejection_message(self, host: str, response: RegistryResponse) -> str:
        """The registry rejects the credential itself."""
        return f"{host} rejects the credential ({response}); {ADVICE}"


@dataclass(frozen=True)
class Bearer:
    """Sends a token for each scope, which the token server at `realm` issues for the credential."""

    client: RegistryClient
    credential: BasicCredentials
    realm: str
    service: str

    def authorization(self, scope: str) -> str:
        """Request a token. A plain login has no scope, as `docker login` sends none.

        Raises:
            LoginError: the token server rejects the credential, or cannot be reached.
        """
        parameters = {"service": self.service, "scope": scope}
        response = self._request({name: value for name, value in parameters.items() if value})
        host = self.client.redact_host(self.realm)
        if response.status in {*REJECTED_STATUS, HTTPStatus.BAD_REQUEST}:
            unknown = response.status == HTTPStatus.UNAUTHORIZED
            message = f"{host} rejects the credential ({response}); {ADVICE}"
            raise rejected(message, unknown=unknown)
        if response.status != HTTPStatus.OK:
            advice = "run again later" if response.is_transient else "check the server's name"
            raise unreachable(f"{host} returned {response} instead of a token; {advice}")
        return f"Bearer {_parse_token(self.client, response, host)}"

    def rejection_message(self, host: str, response: RegistryResponse) -> str:
        """The registry rejects the token."""
        return (
            f"{host} rejects the token that {self.client.redact_host(self.realm)} issued for the "
            f"credential ({response}); {ADVICE}, or ask who runs the registry"
        )

    def _request(self, parameters: Mapping[str, str]) -> RegistryResponse:
        username = self.credential.username.get_secret_value()
        if username in IDENTITY_TOKEN_USERS:
            token = self.credential.password.get_secret_value()
            grant = {"grant_type": "refresh_token", "client_id": USER_AGENT}
            response = self.client.post(self.realm, {**parameters, **grant, "refresh_token": token})
            if response.status not in _POST_UNSUPPORTED:
                return response
        # For a plain login, `docker login` requests a refresh token. Servers can depend on that if
        # there is no scope. A pull requests none.
        plain = {} if "scope" in parameters else {"offline_token": "true", "client_id": USER_AGENT}
        query = urlencode({**parameters, "account": username, **plain})
        separator = "&" if split_url(self.realm).query else "?"
        header = _basic_header(self.client, self.credential)
        return self.client.get(f"{self.realm}{separator}{query}", header)


def _basic_header(client: RegistryClient, credential: BasicCredentials) -> str:
    header = credential.header()
    client.hide(header.removeprefix("Basic ").encode())
    return header


def _parse_token(client: RegistryClient, response: RegistryResponse, host: str) -> str:
    """The token in a response; each token that it has is masked."""
    try:
        body = json.loads(response.body)
    except (ValueError, RecursionError):
        body = None
    fields = body if isinstance(body, dict) else {}
    tokens = {key: text for key in _TOKEN_KEYS if isinstance(text := fields.get(key), str)}
    for text in tokens.values():
        client.hide(text.encode(errors="replace"))
    token = tokens.get("token") or tokens.get("access_token")
    if token and token.isascii() and token.isprintable():
        return token
    raise unreachable(
        f"{host} returned no token in its response; check that it is the registry's token server"
    )
