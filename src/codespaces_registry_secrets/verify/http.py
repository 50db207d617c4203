"""Requests to a registry and its token server, with short timeouts and redacted answers.

A credential goes to the address that it is meant for and nowhere else: no redirect takes it to
another host, no `.netrc` adds one. Proxies and authorities are those of the environment, as the
`requests` library reads them (`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`, …).
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Self
from urllib.parse import urljoin

import requests
import urllib3
from pydantic import SecretBytes
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from codespaces_registry_secrets.inputs.sources import Mask
from codespaces_registry_secrets.text.redaction import Redactor
from codespaces_registry_secrets.verify.deadline import Adapter, Connections
from codespaces_registry_secrets.verify.errors import (
    CONNECT_SECONDS,
    READ_SECONDS,
    LoginError,
    connection_error,
    extract_message,
    rejected,
    unreachable,
)

USER_AGENT = "codespaces-registry-secrets"
BODY_BYTES = 64 * 1024
REDIRECTS = 3

# A server that gives the token `e` must not have every `e` in the log masked.
SHORTEST_MASK = 8

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECE = 8 * 1024
_NO_PROXY = {"no_proxy": "*"}


@dataclass(frozen=True)
class RegistryResponse:
    """An answer's status, what it said without any value, and its first 64 KiB."""

    status: int
    said: str
    challenge: str
    html: bool
    body: bytes = field(repr=False)

    def __str__(self) -> str:
        """`401: authentication required`."""
        return f"{self.status}: {self.said}" if self.said else str(self.status)


class RegistryClient:
    """Sends a credential, and keeps it and each token out of everything that comes back.

    `host` is the registry's own; `mask` is called with each secret that the credential leads to.
    """

    def __init__(
        self, credential: BasicCredentials, host: str, connections: Connections, mask: Mask
    ) -> None:
        self._host = host
        self._mask = mask
        self._session = _Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, Adapter(connections))
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        self._hidden = {credential.password.get_secret_value()}
        self._redact = Redactor(*self._hidden, username=credential.username.get_secret_value())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def hide(self, secret: bytes) -> None:
        """Mask a secret in the log, and redact it in every later message."""
        if secret in self._hidden:
            return
        self._hidden.add(secret)
        self._redact.add(secret)
        if len(secret) >= SHORTEST_MASK:
            self._mask(SecretBytes(secret))

    def redact(self, text: str) -> str:
        """Text from a server, for a message."""
        return self._redact(text)

    def named(self, url: str) -> str:
        """The host of a URL, for a message: a server may have put a secret into the name."""
        host = host_of(url)
        return host if host == self._host else self._redact.host(host)

    def get(self, url: str, authorization: str = "") -> RegistryResponse:
        """Raises NotProvenError where there is no answer, or only a redirect to elsewhere."""
        return self._follow("GET", url, {"Authorization": authorization})

    def head(self, url: str, authorization: str, accept: str) -> RegistryResponse:
        """As `get`; the answer has no body."""
        return self._follow("HEAD", url, {"Authorization": authorization, "Accept": accept})

    def post(
        self,
        url: str,
        body: Mapping[str, str | bytes] | bytes,
        headers: Mapping[str, str] | None = None,
    ) -> RegistryResponse:
        """As `get`, with a form or bytes; no redirect is followed, lest they go astray."""
        response = self._send("POST", url, headers or {}, body)
        if response.status_code in _REDIRECTS:
            response.close()
            raise self._refuse_redirect(url, joined(url, response.headers.get("Location", "")))
        return self._answer(url, response)

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> RegistryResponse:
        for _ in range(REDIRECTS + 1):
            response = self._send(method, url, headers)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return self._answer(url, response)
            response.close()
            following = joined(url, location)
            if origin(following) != origin(url):
                raise self._refuse_redirect(url, following)
            url = following
        raise unreachable(f"{self.named(url)} redirects again and again; is it a registry?")

    def _send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: Mapping[str, str | bytes] | bytes | None = None,
    ) -> requests.Response:
        try:
            return self._session.request(
                method,
                url,
                data=body,
                auth=_HeaderAuth(headers),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                stream=True,
                # A loopback host is never behind a proxy, and what goes there may be unencrypted.
                proxies=_NO_PROXY if is_loopback(host_of(url)) else None,
            )
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise connection_error(error, self.named(url), self._redact) from None

    def _answer(self, url: str, response: requests.Response) -> RegistryResponse:
        try:
            body = _body(response)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise connection_error(error, self.named(url), self._redact) from None
        finally:
            response.close()
        challenge = response.headers.get("WWW-Authenticate", "")
        return RegistryResponse(
            status=response.status_code,
            said=self._redact(extract_message(body, challenge)),
            challenge=challenge,
            html=response.headers.get("Content-Type", "").lower().startswith("text/html"),
            body=body,
        )

    def _refuse_redirect(self, url: str, following: str) -> LoginError:
        elsewhere = self._redact(f"{parsed(following).scheme}://{host_of(following)}")
        return unreachable(
            f"{self.named(url)} redirects to another place ({elsewhere}), and no credential is "
            "sent there; if that is the registry, name its host as the server"
        )


class _Session(requests.Session):
    """Leaves redirects alone. Even when told not to follow one, `requests` reads its whole body."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """There is none."""


class _HeaderAuth(AuthBase):
    """Sends these headers. Being there, it also keeps `requests` from looking into `.netrc`."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name: value for name, value in headers.items() if value}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


def _body(response: requests.Response) -> bytes:
    """The first 64 KiB, or as much of them as comes in time."""
    body, until = b"", time.monotonic() + READ_SECONDS
    while len(body) < BODY_BYTES and time.monotonic() < until:
        piece = response.raw.read1(_PIECE, decode_content=True)
        if not piece:
            break
        body += piece
    return body[:BODY_BYTES]


def parsed(url: str) -> Url:
    """The parts of a URL; of what is none, no parts."""
    try:
        return parse_url(url)
    except LocationParseError:
        return Url()


def host_of(url: str) -> str:
    """The host of a URL, with its port where it names one."""
    return parsed(url).netloc or ""


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, is this machine by its very name."""
    name = (parsed(f"https://{host}").host or "").strip("[]")
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def joined(url: str, location: str) -> str:
    """Where a redirect leads, or nowhere."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def origin(url: str) -> tuple[str | None, str | None, int | None]:
    """What two URLs have in common where a connection to one is a connection to the other."""
    place = parsed(url)
    default = {"https": 443, "http": 80}.get(place.scheme or "")
    return place.scheme, place.host, place.port or default


@dataclass(frozen=True)
class BasicCredentials:
    """What a registry is asked to accept. Exact to the byte: both may hold anything."""

    username: SecretBytes
    password: SecretBytes

    def header(self) -> str:
        """The `Authorization` header with both.

        Raises:
            NotProvenError: the user name cannot be sent; "a user-id containing a colon character
                is invalid" (RFC 7617), and Docker's `config.json` separates the two at the first.
        """
        username = self.username.get_secret_value()
        if b":" in username:
            message = "the user name holds a colon, so no registry can tell it from the password"
            raise rejected(message)
        pair = username + b":" + self.password.get_secret_value()
        return f"Basic {b64encode(pair).decode()}"
