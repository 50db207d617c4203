"""No answer -> what stood in the way, and what to do about it."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator

import requests
import urllib3

from codespaces_registry_secrets.verify.result import NotProvenError, Verdict, unreachable

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


class NoTlsError(NotProvenError):
    """The connection came to nothing; it may be that the host speaks no TLS."""


def explain(error: Exception, host: str, redact: Callable[[str], str]) -> NotProvenError:
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
        return NoTlsError(Verdict("unreachable", words.format(host=host)))
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
