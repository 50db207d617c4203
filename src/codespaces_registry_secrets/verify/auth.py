"""Basic and Bearer: what a request to a registry must carry.

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

from codespaces_registry_secrets.verify.challenge import parse_challenges
from codespaces_registry_secrets.verify.errors import rejected, unreachable
from codespaces_registry_secrets.verify.http import (
    USER_AGENT,
    BasicCredentials,
    RegistryClient,
    RegistryResponse,
    host_of,
    is_loopback,
    parsed,
)

CHECK = "check that user name and password belong together and are neither revoked nor expired"

# User names that say that the password is an identity token: Docker's credential stores write the
# first; Azure's registries ask for the second ("az acr login --expose-token").
_IDENTITY = frozenset({b"<token>", b"00000000-0000-0000-0000-000000000000"})
# How token servers answer that have no POST for this: those that containerd asks again with GET.
_NO_POST = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
    }
)
# What a token server may answer; the last is only kept out of sight.
_TOKENS = ("token", "access_token", "refresh_token")
REFUSED = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Scheme(Protocol):
    """A way to tell a registry who is asking."""

    def authorization(self, scope: str = "") -> str:
        """The header for a request that needs `scope`, which is empty for a plain login."""

    def refused(self, host: str, answer: RegistryResponse) -> str:
        """What it means that the registry answers 401 or 403 all the same."""


@dataclass(frozen=True)
class Basic:
    """The credential itself, each time."""

    wire: RegistryClient
    credential: BasicCredentials

    def authorization(self, scope: str = "") -> str:  # noqa: ARG002 - good for everything
        """The same for each scope."""
        return _basic(self.wire, self.credential)

    def refused(self, host: str, answer: RegistryResponse) -> str:
        """It was the credential."""
        return f"{host} rejects the credential ({answer}); {CHECK}"


@dataclass(frozen=True)
class Bearer:
    """A token for each scope, which the token server at `realm` gives for the credential."""

    wire: RegistryClient
    credential: BasicCredentials
    realm: str
    service: str

    def authorization(self, scope: str = "") -> str:
        """Asks for a token. No scope at all is a plain login: then `docker login` names none.

        Raises:
            NotProvenError: the token server refuses the credential, or cannot be asked.
        """
        wanted = {"service": self.service, "scope": scope}
        answer = self._asked({name: value for name, value in wanted.items() if value})
        host = self.wire.named(self.realm)
        if answer.status in {*REFUSED, HTTPStatus.BAD_REQUEST}:
            raise rejected(f"{host} rejects the credential ({answer}); {CHECK}")
        if answer.status != HTTPStatus.OK:
            raise unreachable(f"{host} should give a token, and answers {answer}; run again later")
        return f"Bearer {_token(self.wire, answer, host)}"

    def refused(self, host: str, answer: RegistryResponse) -> str:
        """It was the token."""
        return (
            f"{host} does not accept the token that {self.wire.named(self.realm)} gives for the "
            f"credential ({answer}); {CHECK}, and ask those who run the registry otherwise"
        )

    def _asked(self, wanted: Mapping[str, str]) -> RegistryResponse:
        username = self.credential.username.get_secret_value()
        if username in _IDENTITY:
            token = self.credential.password.get_secret_value()
            grant = {"grant_type": "refresh_token", "client_id": USER_AGENT}
            answer = self.wire.post(self.realm, {**wanted, **grant, "refresh_token": token})
            if answer.status not in _NO_POST:
                return answer
        # Of a plain login, `docker login` hopes for a refresh token: servers may count on being
        # asked for one where there is no scope. A pull does not ask.
        plain = {} if "scope" in wanted else {"offline_token": "true", "client_id": USER_AGENT}
        query = urlencode({**wanted, "account": username, **plain})
        separator = "&" if parsed(self.realm).query else "?"
        return self.wire.get(f"{self.realm}{separator}{query}", _basic(self.wire, self.credential))


def scheme_for(
    wire: RegistryClient,
    credential: BasicCredentials,
    host: str,
    answer: RegistryResponse,
    trusted: Callable[[str], bool],
) -> Scheme:
    """What `host` asks for in its answer to a request that carried nothing.

    Bearer goes before Basic where there is a choice. A registry that asks for nothing gets Basic.
    `trusted` tells of a `host[:port]` whether it may be the token server.

    Raises:
        NotProvenError: it asks for something else, or names no token server to be trusted.
    """
    asked = {one.scheme: one.parameters for one in reversed(parse_challenges(answer.challenge))}
    if "bearer" in asked:
        realm = asked["bearer"].get("realm", "")
        _check_realm(realm, host)
        if not trusted(host_of(realm).removesuffix(":443")):
            raise rejected(
                f"{host} names the token server {wire.named(realm)}, which `allowed-servers` does "
                "not cover, so the credential is not sent there; add that host to "
                "`allowed-servers` if it belongs to this registry"
            )
        return Bearer(wire, credential, realm, asked["bearer"].get("service", ""))
    if "basic" in asked or answer.status == HTTPStatus.OK:
        return Basic(wire, credential)
    raise unreachable(f"{host} answers {answer}, and names no way to log in that Docker knows")


def _check_realm(realm: str, host: str) -> None:
    """A token server gets the credential over TLS; on this machine alone it may do without."""
    place = parsed(realm)
    at_home = is_loopback(host_of(realm)) and is_loopback(host)
    safe = place.scheme == "https" or (place.scheme == "http" and at_home)
    if not safe or not place.host or place.auth or place.fragment:
        raise unreachable(
            f"{host} names a token server that is no https URL, so the credential is not sent there"
        )


def _basic(wire: RegistryClient, credential: BasicCredentials) -> str:
    header = credential.header()
    wire.hide(header.partition(" ")[2].encode())
    return header


def _token(wire: RegistryClient, answer: RegistryResponse, host: str) -> str:
    try:
        body = json.loads(answer.body)
    except (ValueError, RecursionError):
        body = None
    given = body if isinstance(body, dict) else {}
    tokens = {name: text for name in _TOKENS if isinstance(text := given.get(name), str)}
    for text in tokens.values():
        wire.hide(text.encode(errors="replace"))
    token = tokens.get("token") or tokens.get("access_token", "")
    if token and token.isascii() and token.isprintable():
        return token
    raise unreachable(f"{host} should give a token, and its answer holds none; is it a registry's?")
