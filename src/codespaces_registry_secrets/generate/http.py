"""Send requests to issuers and to the runner's service for ID tokens.

Proxies and certificate authorities come from the environment, as for registries. No redirect is
followed, because it could lead the identity of the job to another host. `.netrc` is not read.
"""

from __future__ import annotations

import json as json_module
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests
import urllib3
from pydantic import SecretBytes
from requests.auth import AuthBase

from codespaces_registry_secrets.generate.issuer import IssuerError
from codespaces_registry_secrets.github.auth import USER_AGENT
from codespaces_registry_secrets.text.redaction import Redactor
from codespaces_registry_secrets.verify.errors import connection_error, extract_message
from codespaces_registry_secrets.verify.http import host_of, is_loopback, split_url

CONNECT_SECONDS, READ_SECONDS = 5, 30
MAX_BYTES = 4 * 1024 * 1024

_NO_PROXY = {"no_proxy": "*"}


class RedirectError(IssuerError):
    """The issuer redirects to another address, which is not followed."""


@dataclass(frozen=True)
class IssuerResponse:
    """A response: its status, its redacted message, its headers and its body."""

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
        """The issuer's time, of the header `Date`; None if there is none."""
        try:
            return parsedate_to_datetime(self.headers.get("Date", ""))
        except ValueError:
            return None

    def __str__(self) -> str:
        """`403: the policy forbids it`."""
        return f"{self.status}: {self.message}" if self.message else str(self.status)


class IssuerClient:
    """Sends requests, masks each secret that it is told of, and redacts it from every message."""

    def __init__(self, mask: Callable[[SecretBytes], None]) -> None:
        self._mask = mask
        self._redact = Redactor()
        self._session = requests.Session()
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
        # With the cookie of a session, an issuer can require what it requires of a browser.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def hide(self, secret: str) -> None:
        """Mask a secret in the log, and redact it in every later message."""
        self._redact.add(secret.encode())
        self._mask(SecretBytes(secret.encode()))

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
            IssuerError: there is no response.
            RedirectError: the response is a redirect.
        """
        host = host_of(url)
        try:
            with self._session.request(
                method,
                url,
                data=form,
                json=json,
                auth=_Headers(headers or {}),
                timeout=(CONNECT_SECONDS, READ_SECONDS),
                allow_redirects=False,
                stream=True,
                proxies=_NO_PROXY if is_loopback(host) else None,
            ) as response:
                body = response.raw.read(MAX_BYTES, decode_content=True)
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise IssuerError(str(connection_error(error, host, self._redact))) from None
        if response.is_redirect:
            raise RedirectError(f"{host} redirects to another address, which is not followed")
        message = self._redact(_error_message(body))
        return IssuerResponse(response.status_code, message, response.headers, body)


def is_rejection(response: IssuerResponse) -> bool:
    """Whether the issuer certainly did not carry out the request."""
    rejections = range(HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR)
    return response.status in rejections and response.status != HTTPStatus.REQUEST_TIMEOUT


class _Headers(AuthBase):
    """Sends these headers. Because an auth is set, `requests` does not read `.netrc`."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


def _error_message(body: bytes) -> str:
    """The message in a response; clouds wrap it in the object `error`."""
    try:
        content = json_module.loads(body)
    except (RecursionError, ValueError):
        content = None
    error = content.get("error") if isinstance(content, dict) else None
    if isinstance(error, dict):
        body = json_module.dumps(error).encode()
    return extract_message(body, "")


def endpoint(environ: Mapping[str, str], variable: str, default: str) -> str:
    """The URL of a service without a trailing slash: of the step's `variable`, or `default`.

    Raises:
        IssuerError: the variable is no https URL (http only for a loopback host).
    """
    return safe_url(environ.get(variable) or default, variable)


def safe_url(text: str, name: str) -> str:
    """The URL of a service that `name` sets, without a trailing slash.

    Raises:
        IssuerError: it is no https URL (http only for a loopback host).
    """
    url = split_url(text)
    safe = url.scheme == "https" or (url.scheme == "http" and is_loopback(url.netloc or ""))
    if not safe or not url.host or url.auth or url.query or url.fragment:
        raise IssuerError(
            f"{name} must be an https URL (http only for a loopback host) without a user, a query "
            "or a fragment, so nothing was sent; correct it"
        )
    return text.rstrip("/")
