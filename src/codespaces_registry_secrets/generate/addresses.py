"""The addresses of services: checked before the identity of the job is sent to one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from codespaces_registry_secrets.generate.issuer import IssuerError
from codespaces_registry_secrets.verify.http import is_loopback, split_url


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


def path_segment(text: str) -> str:
    """A name as one segment of a URL's path.

    Raises:
        IssuerError: it would change the path.
    """
    if text in {"", ".", ".."}:
        raise IssuerError(f"`{text}` is not a name that an issuer accepts; correct the spec")
    return quote(text, safe="")
