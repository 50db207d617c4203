"""Send requests to issuers and to the runner's service for ID tokens.

Proxies and certificate authorities come from the environment, as for registries. No redirect is
followed, because it could lead the identity of the job to another host. `.netrc` is not read.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from pydantic import SecretBytes

from codespaces_registry_secrets.generate.issuer import IssuerError
from codespaces_registry_secrets.github.auth import USER_AGENT
from codespaces_registry_secrets.text.date_header import parse_date_header
from codespaces_registry_secrets.text.redaction import Redactor
from codespaces_registry_secrets.verify.errors import connection_error, extract_message
from codespaces_registry_secrets.verify.http import NO_PROXY, HeaderAuth, host_of, is_loopback

CONNECT_SECONDS, READ_SECONDS = 5, 30
MAX_BYTES = 4 * 1024 * 1024


class UnreachableError(IssuerError):
    """The issuer did not respond, so it is unknown whether the request was carried out."""


class RedirectError(IssuerError):
    """The issuer redirects to another address, which is not followed."""


@dataclass(frozen=True)
class IssuerResponse:
    """A response of a host: its status, its redacted message, its headers and its body."""

    host: str
    status: int
    message: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether the request was successful."""
        return self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def json(self) -> Any:  # noqa: ANN401 - each issuer validates the shape that it needs
        """The body as JSON; None if it is not JSON."""
        try:
            return json_module.loads(self.body)
        except (RecursionError, ValueError):
            return None

    @property
    def date(self) -> datetime | None:
        """The issuer's time in UTC, of the header `Date`; None if there is none."""
        return parse_date_header(self.headers.get("Date"))

    def __str__(self) -> str:
        """`iam.example.com responded 403: the policy forbids it`."""
        reason = f": {self.message}" if self.message else ""
        return f"{self.host} responded {self.status}{reason}"


def json_error(body: bytes) -> str:
    """The message in a response; clouds wrap it in the object `error`."""
    try:
        content = json_module.loads(body)
    except (RecursionError, ValueError):
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        body = json_module.dumps(error).encode()
    return extract_message(body, "")


class IssuerClient:
    """Sends requests, masks each secret that it is told of, and redacts it from every message.

    `read_error` finds the message in the body of a response.
    """

    def __init__(
        self,
        mask: Callable[[SecretBytes], None],
        read_error: Callable[[bytes], str] = json_error,
    ) -> None:
        self._mask = mask
        self._read_error = read_error
        self._redact = Redactor()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # With the cookie of a session, an issuer can require what it requires of a browser.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def hide(self, secret: str) -> None:
        """Mask a secret in the log, and redact it in every later message."""
        self._redact.add(secret.encode())
        self._mask(SecretBytes(secret.encode()))

    def hide_field(self, content: object, key: str) -> None:
        """Hide the secret in the JSON of a response, before anything else is read from it."""
        secret = content.get(key) if isinstance(content, dict) else None
        if isinstance(secret, str) and secret:
            self.hide(secret)

    def redact(self, text: str) -> str:
        """Redact text from an issuer for a message."""
        return self._redact(text)

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        form: Mapping[str, str] | bytes | None = None,
        json: object = None,
    ) -> IssuerResponse:
        """Send one request, with a form, bytes or JSON as its body.

        Raises:
            UnreachableError: there is no response.
            RedirectError: the response is a redirect.
        """
        host = host_of(url)
        try:
            with self._session.request(
                method,
                url,
                data=form,
                json=json,
                auth=HeaderAuth(headers or {}),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                proxies=NO_PROXY if is_loopback(host) else None,
            ) as response:
                body = response.raw.read(MAX_BYTES, decode_content=True)
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise UnreachableError(str(connection_error(error, host, self._redact))) from None
        if response.is_redirect:
            raise RedirectError(f"{host} redirects to another address, which is not followed")
        message = self._redact(self._read_error(body))
        return IssuerResponse(host, response.status_code, message, response.headers, body)
