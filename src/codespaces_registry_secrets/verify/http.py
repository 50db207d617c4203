"""Send requests to a registry and its token server, with short timeouts and redacted responses.

A credential is sent only to its own host: no redirect to another host is followed, and `.netrc` is
not read. Proxies and certificate authorities come from the environment, as the `requests`
library reads them (`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`, …).
"""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from ipaddress import ip_address
from typing import Self
from urllib.parse import urljoin

import requests
import urllib3
from pydantic import SecretBytes
from requests.auth import AuthBase
from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from codespaces_registry_secrets.github.auth import USER_AGENT
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

BODY_BYTES = 64 * 1024
REDIRECTS = 3

# Shorter secrets are not masked: a server that issues the token `e` would have every `e` in the log
# replaced.
MIN_MASK_LENGTH = 8

# A loopback host is never behind a proxy.
NO_PROXY = {"no_proxy": "*"}

_REDIRECT_STATUS = frozenset({301, 302, 303, 307, 308})
_CHUNK_BYTES = 8 * 1024
_DEFAULT_PORTS: Mapping[str | None, int] = {"https": 443, "http": 80}


@dataclass(frozen=True)
class BasicCredentials:
    """User name and password for a registry, exact to the byte: both can contain any byte."""

    username: SecretBytes
    password: SecretBytes

    def header(self) -> str:
        """The `Authorization` header with both.

        Raises:
            LoginError: the user name cannot be sent; "a user-id containing a colon character is
                invalid" (RFC 7617), and Docker's `config.json` splits the two at the first colon.
        """
        username = self.username.get_secret_value()
        if b":" in username:
            message = "the user name contains a colon, which Basic authentication does not allow"
            raise rejected(message)
        pair = username + b":" + self.password.get_secret_value()
        return f"Basic {b64encode(pair).decode()}"


@dataclass(frozen=True)
class RegistryResponse:
    """A response: its status, its redacted message, and its first 64 KiB."""

    status: int
    message: str
    challenge: str
    html: bool
    body: bytes = field(repr=False)

    @property
    def is_transient(self) -> bool:
        """Whether the same request can succeed later."""
        limited = self.status == HTTPStatus.TOO_MANY_REQUESTS
        return limited or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR

    def __str__(self) -> str:
        """`401: authentication required`."""
        return f"{self.status}: {self.message}" if self.message else str(self.status)


class RegistryClient:
    """Sends a credential, and redacts it and each token from every response.

    `host` is the host of the registry. `mask` is called with each secret that is derived from the
    credential.
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
        if len(secret) >= MIN_MASK_LENGTH:
            self._mask(SecretBytes(secret))

    def redact(self, text: str) -> str:
        """Redact text from a server for a message."""
        return self._redact(text)

    def redact_host(self, url: str) -> str:
        """The host of a URL for a message, redacted: a server can put a secret into the name."""
        host = host_of(url)
        return host if host == self._host else self._redact.host(host)

    def get(self, url: str, authorization: str = "") -> RegistryResponse:
        """Send a GET, and follow redirects within the same origin.

        Raises:
            LoginError: there is no response, or a redirect to another origin.
        """
        return self._follow("GET", url, {"Authorization": authorization})

    def head(self, url: str, authorization: str, accept: str) -> RegistryResponse:
        """Send a HEAD, as `get` does; the response has no body."""
        return self._follow("HEAD", url, {"Authorization": authorization, "Accept": accept})

    def post(
        self,
        url: str,
        body: Mapping[str, str | bytes] | bytes,
        headers: Mapping[str, str] | None = None,
    ) -> RegistryResponse:
        """Send a POST with a form or bytes; follow no redirect, because it could leak them.

        Raises:
            LoginError: there is no response, or a redirect.
        """
        response = self._send("POST", url, headers or {}, body)
        if response.status_code in _REDIRECT_STATUS:
            response.close()
            raise self._refuse_redirect(url, join_url(url, response.headers.get("Location", "")))
        return self._read(url, response)

    def _follow(self, method: str, url: str, headers: Mapping[str, str]) -> RegistryResponse:
        for _ in range(REDIRECTS + 1):
            response = self._send(method, url, headers)
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECT_STATUS or not location:
                return self._read(url, response)
            response.close()
            destination = join_url(url, location)
            if origin(destination) != origin(url):
                raise self._refuse_redirect(url, destination)
            url = destination
        raise unreachable(
            f"{self.redact_host(url)} redirects more than {REDIRECTS} times; check that it is a "
            "registry"
        )

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
                auth=HeaderAuth(headers),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                stream=True,
                proxies=NO_PROXY if is_loopback(host_of(url)) else None,
            )
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise connection_error(error, self.redact_host(url), self._redact) from None

    def _read(self, url: str, response: requests.Response) -> RegistryResponse:
        try:
            body = _read_body(response)
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise connection_error(error, self.redact_host(url), self._redact) from None
        finally:
            response.close()
        challenge = response.headers.get("WWW-Authenticate", "")
        return RegistryResponse(
            status=response.status_code,
            message=self._redact(extract_message(body, challenge)),
            challenge=challenge,
            html=response.headers.get("Content-Type", "").lower().startswith("text/html"),
            body=body,
        )

    def _refuse_redirect(self, url: str, destination: str) -> LoginError:
        host = host_of(destination)
        named = f"{split_url(destination).scheme}://{host}" if host else "an invalid URL"
        return unreachable(
            f"{self.redact_host(url)} redirects to another origin ({self._redact(named)}), and no "
            "credential is sent there; if that is the registry, use its host as the server"
        )


class _Session(requests.Session):
    """Ignores redirects. `requests` reads their whole body even if it must not follow them."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        """No target."""


class HeaderAuth(AuthBase):
    """Sends these headers. Because an auth is set, `requests` does not read `.netrc`."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name: value for name, value in headers.items() if value}

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        """Add the headers to a request."""
        request.headers.update(self._headers)
        return request


def _read_body(response: requests.Response) -> bytes:
    """The first 64 KiB, or as much of them as arrives in READ_SECONDS."""
    body, until = b"", time.monotonic() + READ_SECONDS
    while len(body) < BODY_BYTES and time.monotonic() < until:
        chunk = response.raw.read1(_CHUNK_BYTES, decode_content=True)
        if not chunk:
            break
        body += chunk
    return body[:BODY_BYTES]


# URLs are parsed as the HTTP client parses them: another parser might see another host in one.
def split_url(url: str) -> Url:
    """The parts of a URL; all None if it is invalid."""
    try:
        return parse_url(url)
    except LocationParseError:
        return Url()


def host_of(url: str) -> str:
    """The host of a URL, with its port if it has one; empty if the URL is invalid."""
    return split_url(url).netloc or ""


def is_loopback(host: str) -> bool:
    """Whether a host, with or without a port, names this machine; it is not resolved."""
    name = (split_url(f"https://{host}").host or "").strip("[]")
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def join_url(url: str, location: str) -> str:
    """The URL that a redirect leads to; empty if it is invalid."""
    try:
        return urljoin(url, location)
    except ValueError:
        return ""


def origin(url: str) -> tuple[str | None, str | None, int | None]:
    """Scheme, host and port: URLs with the same origin share a server."""
    parts = split_url(url)
    return parts.scheme, parts.host, parts.port or _DEFAULT_PORTS.get(parts.scheme)
