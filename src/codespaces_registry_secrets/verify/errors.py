"""The result of a login, and the messages for a login that was not accepted."""

from __future__ import annotations

import html
import json
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Literal

import requests
import urllib3

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.verify.challenge import parse_challenges

CONNECT_SECONDS = 5
READ_SECONDS = 10

# Why the connection failed, and what to do.
_CERTIFICATE = (
    "the certificate of {host} could not be verified ({reason}); if your own certificate authority "
    "signed it, set REQUESTS_CA_BUNDLE to a file that contains it"
)
_NO_BUNDLE = (
    "REQUESTS_CA_BUNDLE names a file that does not exist, so no certificate can be verified"
)
_NO_TLS = "the TLS handshake with {host} failed; check the server's name and port"
_NO_CONNECTION = (
    "{host} accepted no connection within {connect} s; check whether a firewall blocks the runner"
)
_BROKEN = "{host} refused or closed the connection; check the server's name and port"

# The first entry that matches is used. The libraries wrap errors in varying order, so entries are
# sorted from the most specific cause to the least.
_MESSAGES: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
        "could not connect to {host} through the configured proxy; check HTTPS_PROXY and NO_PROXY",
    ),
    (
        (urllib3.exceptions.NameResolutionError,),
        "{host} does not resolve; check the server's name, and the DNS of the runner",
    ),
    (
        (requests.exceptions.ConnectTimeout,),
        _NO_CONNECTION,
    ),
    (
        (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError),
        "{host} did not respond within {read} s; run again later",
    ),
)

# Where registries and token servers put a message: the distribution specification's `errors`,
# Docker Hub's `details`, OAuth 2.0's `error_description` (RFC 6749), problem details (RFC 9457).
_KEYS = ("message", "details", "detail", "error_description", "error", "title", "code")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class LoginResult:
    """The result of a login. `unreachable`: there is no result about the credential.

    `message` is the reason and what to do, without any value; empty if accepted. `unknown`: the
    registry does not know the credential, which is also its response to one that is seconds old.
    """

    status: Literal["accepted", "rejected", "unreachable"]
    message: str = ""
    unknown: bool = False


class LoginError(RegistrySecretsError):
    """The login was not accepted; `result` has the reason. `login` catches it."""

    def __init__(self, result: LoginResult) -> None:
        self.result = result
        super().__init__(result.message)

    def about(self, subject: str) -> LoginError:
        """The same error with `subject` in front of its message."""
        return LoginError(replace(self.result, message=f"{subject}: {self.result.message}"))


def rejected(message: str, *, unknown: bool = False) -> LoginError:
    """The credential is rejected."""
    return LoginError(LoginResult("rejected", message, unknown))


def unreachable(message: str) -> LoginError:
    """The login shows nothing about the credential."""
    return LoginError(LoginResult("unreachable", message))


class NoTlsError(LoginError):
    """The connection failed; perhaps the host has no TLS."""


def connection_error(error: Exception, host: str, redact: Callable[[str], str]) -> LoginError:
    """Translate the error of a request to `host` that got no response."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            reason = redact(cause.verify_message)
            return unreachable(_CERTIFICATE.format(host=host, reason=reason))
    for kinds, message in _MESSAGES:
        if _any(causes, *kinds):
            times = {"connect": CONNECT_SECONDS, "read": READ_SECONDS}
            return unreachable(message.format(host=host, **times))
    if _any(causes, requests.exceptions.ConnectionError):
        message = _NO_TLS if _any(causes, requests.exceptions.SSLError) else _BROKEN
        return NoTlsError(LoginResult("unreachable", message.format(host=host)))
    if type(error) is OSError:
        return unreachable(_NO_BUNDLE)
    return unreachable(f"{host} returned an unreadable response ({type(error).__name__})")


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all errors that it wraps, in the ways of `requests` and `urllib3`."""
    pending, visited_ids = [error], set[int]()
    while pending:
        current = pending.pop()
        if id(current) in visited_ids:
            continue
        visited_ids.add(id(current))
        yield current
        wrapped = (*current.args, getattr(current, "reason", None), current.__cause__)
        pending.extend(cause for cause in wrapped if isinstance(cause, BaseException))


def extract_message(body: bytes, www_authenticate: str) -> str:
    """Find the message in a response, empty if it has none. It is not redacted yet."""
    parts = [
        *_body_messages(body.decode("utf-8", "replace")),
        *_challenge_messages(www_authenticate),
    ]
    return "; ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts if part.strip()))


def _body_messages(text: str) -> list[str]:
    try:
        body = json.loads(text)
    except ValueError:
        title = _TITLE.search(text)
        return [html.unescape(title[1])] if title else []
    except RecursionError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [
        _message_of(error) for error in (errors if isinstance(errors, list) and errors else [body])
    ]


def _message_of(error: object) -> str:
    if not isinstance(error, dict):
        return error if isinstance(error, str) else ""
    texts = (error.get(key) for key in _KEYS)
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")


def _challenge_messages(header: str) -> list[str]:
    """A Bearer challenge can say what is wrong with a token (RFC 6750)."""
    parameters = [challenge.parameters for challenge in parse_challenges(header)]
    return [p.get("error_description") or p.get("error", "") for p in parameters]
