"""What a login showed about a credential."""

from __future__ import annotations

import html
import json
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import requests
import urllib3

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.verify.challenge import parse_challenges


@dataclass(frozen=True)
class LoginResult:
    """`rejected`: the registry said no. `unreachable`: it said neither yes nor no.

    `message` is what the registry said and what to do next, without any value; empty when accepted.
    """

    status: Literal["accepted", "rejected", "unreachable"]
    message: str = ""


class LoginError(RegistrySecretsError):
    """Ends a login before it is accepted; `verdict` says why. It does not leave this package."""

    def __init__(self, verdict: LoginResult) -> None:
        self.verdict = verdict
        super().__init__(verdict.message)

    def about(self, subject: str) -> LoginError:
        """The same, said of one thing in particular."""
        return LoginError(LoginResult(self.verdict.status, f"{subject}: {self.verdict.message}"))


def rejected(message: str) -> LoginError:
    """The registry refuses the credential."""
    return LoginError(LoginResult("rejected", message))


def unreachable(message: str) -> LoginError:
    """Nothing is known about the credential."""
    return LoginError(LoginResult("unreachable", message))


CONNECT_SECONDS = 5
READ_SECONDS = 10

_CERTIFICATE = (
    "the certificate of {host} does not verify ({why}); where an authority of your own signed it, "
    "let REQUESTS_CA_BUNDLE name a file with it"
)
_NO_BUNDLE = "REQUESTS_CA_BUNDLE names no file that is there, so no certificate can be verified"
_NO_TLS = "{host} speaks no TLS that is understood here; check the server's name and port"
_BROKEN = "{host} refused the connection or broke it off; check the server's name and port"

# The first that fits: what is wrapped in what differs, so the most telling comes first.
_WORDS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    (
        (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
        "the proxy of the environment does not lead to {host}; check HTTPS_PROXY and NO_PROXY",
    ),
    (
        (urllib3.exceptions.NameResolutionError,),
        "{host} does not resolve; check the server's name, and whether the runner may know it",
    ),
    (
        (requests.exceptions.ConnectTimeout,),
        "{host} took no connection within {connect} s; does a firewall keep the runner out?",
    ),
    (
        (requests.exceptions.Timeout, urllib3.exceptions.ReadTimeoutError),
        "{host} did not answer within {read} s; run again later",
    ),
)


class NoTlsError(LoginError):
    """The connection came to nothing; it may be that the host speaks no TLS."""


def connection_error(error: Exception, host: str, redact: Callable[[str], str]) -> LoginError:
    """What to say of a request to `host` that had no answer."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return unreachable(_CERTIFICATE.format(host=host, why=redact(cause.verify_message)))
    for kinds, words in _WORDS:
        if _any(causes, *kinds):
            times = {"connect": CONNECT_SECONDS, "read": READ_SECONDS}
            return unreachable(words.format(host=host, **times))
    if _any(causes, requests.exceptions.ConnectionError):
        words = _NO_TLS if _any(causes, requests.exceptions.SSLError) else _BROKEN
        return NoTlsError(LoginResult("unreachable", words.format(host=host)))
    if type(error) is OSError:
        return unreachable(_NO_BUNDLE)
    return unreachable(f"{host} gives no answer that can be read ({type(error).__name__})")


def _any(causes: list[BaseException], *kinds: type[BaseException]) -> bool:
    return any(isinstance(cause, kinds) for cause in causes)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that it wraps: `requests` and `urllib3` hand it on in several ways."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        inside = (*one.args, getattr(one, "reason", None), one.__cause__)
        waiting.extend(cause for cause in inside if isinstance(cause, BaseException))


# Where registries and token servers put their words: the distribution specification's `errors`,
# Docker Hub's `details`, OAuth 2.0's `error_description` (RFC 6749), problem details (RFC 9457).
_KEYS = ("message", "details", "detail", "error_description", "error", "title", "code")
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)


def extract_message(body: bytes, www_authenticate: str) -> str:
    """What an answer says for a reader, or nothing."""
    parts = [*_of_body(body.decode("utf-8", "replace")), *_of_challenges(www_authenticate)]
    return "; ".join(dict.fromkeys(part.strip().rstrip(".") for part in parts if part.strip()))


def _of_body(text: str) -> list[str]:
    try:
        body = json.loads(text)
    except ValueError:
        title = _TITLE.search(text)
        return [html.unescape(title[1])] if title else []
    except RecursionError:
        return []
    errors = body.get("errors") if isinstance(body, dict) else None
    return [_words(one) for one in (errors if isinstance(errors, list) and errors else [body])]


def _words(one: object) -> str:
    if not isinstance(one, dict):
        return one if isinstance(one, str) else ""
    words = (one.get(key) for key in _KEYS)
    return next((text for text in words if isinstance(text, str) and text.strip()), "")


def _of_challenges(header: str) -> list[str]:
    """A Bearer challenge may say what is wrong with a token (RFC 6750)."""
    given = [challenge.parameters for challenge in parse_challenges(header)]
    return [p.get("error_description") or p.get("error", "") for p in given]
