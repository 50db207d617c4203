"""What GitHub refuses -> what the user can do about it.

Sources: "Troubleshooting the REST API" and "Permissions required for fine-grained personal access
tokens", docs.github.com; the messages as GitHub sends them.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit

import requests
from github import GithubException
from urllib3.exceptions import (
    NewConnectionError,
    TimeoutError,  # noqa: A004 - the family of urllib3's own
)

from codespaces_registry_secrets.errors import (
    GitHubError,
    NoResponseError,
    TokenRefusedError,
)
from codespaces_registry_secrets.github.transport import (
    RedirectError,
    guard_parsing,
    redirect_error,
)
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.text.redaction import LONGEST, Redactor

# What is told of the headers, and how much: a URL that is cut leads nowhere.
_SHOWN = {"x-accepted-github-permissions": LONGEST, "x-github-sso": 2000}


@contextmanager
def translate_errors(
    target: Target, secrets: Callable[[], Iterable[bytes]], *, app: bool = False
) -> Iterator[None]:
    """Turn every failure of a request for `target` into a GitHubError that says what to do.

    No message repeats one of the `secrets`, whatever GitHub or a proxy in its place answers; they
    are asked for where there is an error. `app` where the installation of an App is asked for.
    """
    try:
        with guard_parsing():
            yield
    except GithubException as error:
        raise response_error(error, target, Redactor(*secrets()), app=app) from None
    except RedirectError as error:
        raise redirect_error(error, Redactor(*secrets())) from None
    except requests.RequestException as error:
        raise connection_error(error, Redactor(*secrets())) from None


def response_error(
    error: GithubException, target: Target, redact: Redactor, *, app: bool = False
) -> GitHubError:
    """The message for an error status; `app` where the installation of an App was asked for."""
    given = error.headers or {}
    headers = {name: redact(given.get(name, ""), longest) for name, longest in _SHOWN.items()}
    said = redact(_said(error.data))
    if error.status == HTTPStatus.UNAUTHORIZED:
        return TokenRefusedError(_unauthorized(said, app=app), error.status)
    if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return GitHubError(_forbidden(target, said, headers), error.status)
    if error.status == HTTPStatus.NOT_FOUND:
        why = (
            _no_installation(said) if app else f"{target.not_found_reason} ({_permissions(target)})"
        )
        return GitHubError(f"GitHub answers 404: {why}", error.status)
    return GitHubError(f"GitHub answers {error.status}: {said}", error.status)


def connection_error(error: requests.RequestException, redact: Redactor) -> NoResponseError:
    """The message for no answer, or for none but 5xx after every retry.

    The text of an error may hold a header: it passes `redact`.
    """
    host, cause = _host(error), _cause(error)
    proxy = isinstance(error, requests.exceptions.ProxyError)
    if isinstance(cause, socket.gaierror) and not proxy:
        message = f"{host} does not resolve; check the input `api-url` and the runner's network"
        return NoResponseError(message)
    if isinstance(error, requests.exceptions.RetryError):
        what = "GitHub answered with server errors, again and again"
    elif _timed_out(error):
        what = "GitHub did not answer in time"
    else:
        through = " through the proxy of the environment" if proxy else ""
        said = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        what = f"could not connect to {host}{through}: {redact(said)}"
    return NoResponseError(f"{what}. It is safe to re-run.")


def _host(error: requests.RequestException) -> str:
    """The host that was asked; an answer that breaks off in the middle does not tell it."""
    return urlsplit(getattr(error.request, "url", None) or "").hostname or "GitHub"


def _cause(error: BaseException) -> BaseException:
    """The innermost error: `requests` and `urllib3` wrap it in several ways."""
    inside = (getattr(error, "reason", None), error.__cause__, *error.args)
    inner = next((one for one in inside if isinstance(one, BaseException)), None)
    return error if inner is None else _cause(inner)


def _timed_out(error: requests.RequestException) -> bool:
    """Whether the last try was. After tries of its own, `requests` calls it a connection error.

    urllib3 counts a connection that is refused among the timeouts.
    """
    reason = getattr(error.args[0], "reason", None) if error.args else None
    late = isinstance(reason, TimeoutError) and not isinstance(reason, NewConnectionError)
    return isinstance(error, requests.exceptions.Timeout) or late


def _no_installation(said: str) -> str:
    if "integration not found" in said.lower():
        return "there is no GitHub App with this `app-id`"
    return "the GitHub App is not installed there"


def _unauthorized(said: str, *, app: bool) -> str:
    if app:
        return (
            f"GitHub refuses the App's key (401: {said}); `app-id` and `app-private-key` must "
            "belong together, and the clock of the runner must be right"
        )
    return (
        f"GitHub refuses the token (401: {said}); it is wrong, revoked or expired: make a new one"
    )


def _forbidden(target: Target, said: str, headers: Mapping[str, str]) -> str:
    sso = headers.get("x-github-sso", "")
    lowered = said.lower()
    if sso.startswith("required"):
        url = sso.partition("url=")[2]
        return f"the organization demands single sign-on; authorize the token at {url}"
    if "archived" in lowered:
        return f"{said} Unarchive the repository, or take it off the spec"
    if "by integration" in lowered:
        return _integration(target, said, headers)
    return f"GitHub forbids it ({said}); {_permissions(target)}{_accepted(headers)}"


def _integration(target: Target, said: str, headers: Mapping[str, str]) -> str:
    if target.scope == "user":
        return (
            f"GitHub forbids it ({said}); an App's token or GITHUB_TOKEN can never manage a user's "
            f"secrets: give the user's own token with {target.classic_scope} or {target.permission}"
        )
    return (
        f"GitHub forbids it ({said}); a GitHub App needs {target.permission}, and "
        f"GITHUB_TOKEN never can: no such permission exists for it{_accepted(headers)}"
    )


def _permissions(target: Target) -> str:
    return (
        f"a classic token needs the scope {target.classic_scope}, a fine-grained one or a GitHub "
        f"App {target.permission}"
    )


def _accepted(headers: Mapping[str, str]) -> str:
    accepted = headers.get("x-accepted-github-permissions")
    return f". GitHub would accept: {accepted}" if accepted else ""


def _said(data: object) -> str:
    """GitHub's own words. `errors` is a list of objects, a list of texts, or one text."""
    if not isinstance(data, dict):
        return "no explanation"
    errors = data.get("errors") or []
    listed = errors if isinstance(errors, list) else [errors]
    details = [e.get("message", "") if isinstance(e, dict) else str(e) for e in listed]
    return "; ".join(filter(None, [str(data.get("message", "")).rstrip("."), *details]))
