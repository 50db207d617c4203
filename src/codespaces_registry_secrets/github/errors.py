"""Translate failed requests to GitHub into messages that say what the user can do.

Sources: "Troubleshooting the REST API" and "Permissions required for fine-grained personal access
tokens", docs.github.com; the messages that GitHub sends.
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
    TimeoutError,  # noqa: A004 - the base class of urllib3's own timeouts
)

from codespaces_registry_secrets.errors import (
    GitHubError,
    NoResponseError,
    TokenRejectedError,
)
from codespaces_registry_secrets.github.transport import (
    RedirectError,
    guard_parsing,
    redirect_error,
)
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.text.redaction import MAX_LENGTH, Redactor

# The headers that messages quote, and how much of each: a URL that is cut leads nowhere.
_QUOTED_HEADERS = {"x-accepted-github-permissions": MAX_LENGTH, "x-github-sso": 2000}


@contextmanager
def translate_errors(
    target: Target, secrets: Callable[[], Iterable[bytes]], *, app: bool = False
) -> Iterator[None]:
    """Turn each failure of a request for `target` into a GitHubError that says what to do.

    No message contains one of the `secrets`, whatever GitHub or a proxy responds; `secrets` is
    called only if there is an error. Set `app` if the request is the App's own, for its
    installation or the token of it.
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
    """Translate an error status; `app` is as in `translate_errors`."""
    all_headers = error.headers or {}
    headers = {
        name: redact(all_headers.get(name, ""), max_length)
        for name, max_length in _QUOTED_HEADERS.items()
    }
    message = redact(_error_message(error.data))
    if error.status == HTTPStatus.UNAUTHORIZED:
        return TokenRejectedError(_unauthorized(message, app=app), error.status)
    if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS}:
        return GitHubError(_forbidden(target, message, headers), error.status)
    if error.status == HTTPStatus.NOT_FOUND:
        reason = _no_installation(message) if app else _not_found(target)
        return GitHubError(f"GitHub returned 404: {reason}", error.status)
    return GitHubError(f"GitHub returned {error.status}: {message}", error.status)


def _error_message(data: object) -> str:
    """GitHub's message. `errors` is a list of objects, a list of texts, or one text."""
    if not isinstance(data, dict):
        return "no explanation"
    errors = data.get("errors") or []
    listed = errors if isinstance(errors, list) else [errors]
    details = [e.get("message", "") if isinstance(e, dict) else str(e) for e in listed]
    return "; ".join(filter(None, [str(data.get("message", "")).rstrip("."), *details]))


def _unauthorized(message: str, *, app: bool) -> str:
    if app:
        return (
            f"GitHub rejects the App's key (401: {message}); `app-id` and `app-private-key` must "
            "belong together, and the clock of the runner must be right"
        )
    return (
        f"GitHub rejects the token (401: {message}); it is wrong, revoked or expired: create a "
        "new one"
    )


def _forbidden(target: Target, message: str, headers: Mapping[str, str]) -> str:
    sso = headers.get("x-github-sso", "")
    lowered = message.lower()
    if sso.startswith("required"):
        url = sso.partition("url=")[2]
        return f"the organization requires single sign-on; authorize the token at {url}"
    if "archived" in lowered:
        return f"the repository is archived ({message}); unarchive it, or remove it from the spec"
    if "by integration" in lowered:
        return _forbidden_integration(target, message, headers)
    return f"GitHub denied the request ({message}); {_permissions(target)}{_accepted(headers)}"


def _forbidden_integration(target: Target, message: str, headers: Mapping[str, str]) -> str:
    if target.scope == "user":
        return (
            f"GitHub denied the request ({message}); an App's token or GITHUB_TOKEN can never "
            "manage a user's secrets: give the user's own token with "
            f"{target.classic_scope} or {target.permission}"
        )
    if target.job_permission:
        return f"GitHub denied the request ({message}); {_permissions(target)}"
    return (
        f"GitHub denied the request ({message}); a GitHub App needs {target.permission}, and "
        f"GITHUB_TOKEN can never have this permission{_accepted(headers)}"
    )


def _permissions(target: Target) -> str:
    if target.job_permission:
        return f"add `{target.permission}` to the `permissions` of the job"
    return (
        f"a classic token needs the scope {target.classic_scope}, a fine-grained one or a GitHub "
        f"App {target.permission}"
    )


def _accepted(headers: Mapping[str, str]) -> str:
    accepted = headers.get("x-accepted-github-permissions")
    return f". GitHub accepts these permissions: {accepted}" if accepted else ""


def _not_found(target: Target) -> str:
    return f"{target.not_found_reason} ({_permissions(target)})"


def _no_installation(message: str) -> str:
    if "integration not found" in message.lower():
        return "there is no GitHub App with this `app-id`"
    return "the GitHub App is not installed for this target"


def connection_error(error: requests.RequestException, redact: Redactor) -> NoResponseError:
    """Translate a request without a response, or with only 5xx after every retry.

    The text of an error can contain a header, so it passes `redact`.
    """
    host, cause = _host(error), _innermost(error)
    by_proxy = isinstance(error, requests.exceptions.ProxyError)
    if isinstance(cause, socket.gaierror) and not by_proxy:
        message = f"{host} does not resolve; check the input `api-url` and the runner's network"
        return NoResponseError(message)
    if isinstance(error, requests.exceptions.RetryError):
        problem = "GitHub returned a server error to every attempt"
    elif _timed_out(error):
        problem = "GitHub did not respond in time"
    else:
        through = " through the configured proxy" if by_proxy else ""
        reason = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        problem = f"Could not connect to {host}{through}: {redact(reason)}"
    return NoResponseError(f"{problem}. It is safe to re-run.")


def _host(error: requests.RequestException) -> str:
    """The host of the request; an error of a response that breaks off does not name it."""
    return urlsplit(getattr(error.request, "url", None) or "").hostname or "GitHub"


def _innermost(error: BaseException) -> BaseException:
    """The innermost error: `requests` and `urllib3` wrap errors in several ways."""
    candidates = (getattr(error, "reason", None), error.__cause__, *error.args)
    inner = next((item for item in candidates if isinstance(item, BaseException)), None)
    return error if inner is None else _innermost(inner)


def _timed_out(error: requests.RequestException) -> bool:
    """Whether the last attempt timed out.

    After retries, `requests` raises a connection error for a timeout, and urllib3 counts a refused
    connection among the timeouts.
    """
    reason = getattr(error.args[0], "reason", None) if error.args else None
    late = isinstance(reason, TimeoutError) and not isinstance(reason, NewConnectionError)
    return isinstance(error, requests.exceptions.Timeout) or late
