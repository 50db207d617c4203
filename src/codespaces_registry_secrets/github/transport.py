"""One request to GitHub: what comes back is what its API promises, or an error.

PyGithub takes each status below 400 for an answer, and each text for a body: the page that a proxy
shows would pass for a secret that was stored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

import requests
from github import GithubException
from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)

from codespaces_registry_secrets.errors import (
    GitHubError,
    MovedError,
    RegistrySecretsError,
    source_line,
)
from codespaces_registry_secrets.github.schemas import UNEXPECTED_RESPONSE
from codespaces_registry_secrets.text.redaction import Redactor


class RedirectError(Exception):
    """An answer that PyGithub would act upon by itself.

    `url` was asked for, `location` is where it leads; empty where it names no place.
    """

    def __init__(self, status: int, url: str, location: str) -> None:
        self.status = status
        self.url = url
        self.location = location
        super().__init__(status)


class _Unfollowing:
    """What both kinds of PyGithub's connections do otherwise here."""

    repeated = False

    def getresponse(self) -> RequestsResponse:
        self.repeated = False
        response: RequestsResponse = super().getresponse()  # type: ignore[misc] # of a connection
        self.repeated = _was_repeated(response)
        return _checked(response)


class _Http(_Unfollowing, HTTPRequestsConnectionClass):
    pass


class _Https(_Unfollowing, HTTPSRequestsConnectionClass):
    pass


# `repeated`: urllib3 has sent the last request more than once.
Connection = _Http | _Https


def new_connection(requester: Requester) -> Connection:
    """A connection with the settings of `requester`, to be passed along with its requests."""
    kind = _Https if requester.scheme == "https" else _Http
    names = ("timeout", "retry", "pool_size", "verify")
    settings = {name: requester.kwargs[name] for name in names}
    return kind(requester.hostname, urlsplit(requester.base_url).port, **settings)


def _was_repeated(response: RequestsResponse) -> bool:
    retries = response.response.raw.retries
    return bool(retries and retries.history)


def _checked(response: RequestsResponse) -> RequestsResponse:
    redirects = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
    if response.status in redirects or response.status == HTTPStatus.ACCEPTED:
        location = response.headers.get("location", "")
        raise RedirectError(response.status, response.response.url, location)
    return response


# Source: "REST API endpoints for Codespaces secrets", docs.github.com, and those of what is read.
EXPECTED_STATUS = {"GET": (200,), "POST": (201,), "PUT": (201, 204), "DELETE": (204,)}

_FORESEEN = (GithubException, requests.RequestException, RegistrySecretsError, RedirectError)


@contextmanager
def guard_parsing() -> Iterator[None]:
    """Turn what PyGithub raises over an answer that it cannot read into a GitHubError.

    It has no family of errors for that: any built-in one can come.
    """
    try:
        yield
    except _FORESEEN:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise GitHubError(f"{UNEXPECTED_RESPONSE} ({source_line(error)})") from None


class Transport:
    """A requester and a connection for it; for one thread at a time.

    PyGithub keeps a request in attributes of its connection until it is sent. Two threads that
    share one may both send what the second of them wants, and take the answer for their own.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._connection: Connection = new_connection(requester)

    def request(
        self,
        verb: str,
        url: str,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
    ) -> tuple[Mapping[str, str], object]:
        """The headers and the JSON body of the answer to one request; None for no body.

        Raises:
            GithubException: the answer is an error.
            UnfollowedError: it is a redirect.
            GitHubError: it is nothing that GitHub would say.
            RequestException: there is none.
        """
        with guard_parsing():
            status, headers, text = self._requester.requestJson(
                verb, url, dict(parameters), input=body, cnx=self._connection
            )
        if status >= HTTPStatus.BAD_REQUEST:
            raise GithubException(status, _said(text), headers)
        if status not in EXPECTED_STATUS[verb]:
            raise GitHubError(unexpected_status(status), status)
        return headers, _json(text)

    @property
    def repeated(self) -> bool:
        """Whether the last request was sent more than once, before the answer that came."""
        return self._connection.repeated

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def unexpected_status(status: int) -> str:
    """The message for a status that GitHub's API does not have at an endpoint."""
    return f"GitHub answers {status}, which its API does not promise here"


def _json(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        raise GitHubError("GitHub's answer is not JSON; run again") from None


def _said(text: str) -> object:
    """The body of an error, which need not be GitHub's; None where it is no JSON."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


_BY_ID = re.compile(r"/repositories/\d+(?=/|$)")


def redirect_error(error: RedirectError, redact: Redactor) -> GitHubError:
    """The error that says where a redirect leads; `redact` keeps what was sent out of it."""
    here, there = urlsplit(error.url), _leading(error)
    if there is None:
        return GitHubError(unexpected_status(error.status), error.status)
    if _origin(here) != _origin(there):
        place = redact(f"{there.scheme}://{there.netloc}")
        message = (
            f"GitHub redirects to another place ({place}), and the token is not sent there; check "
            "the input `api-url`"
        )
        return GitHubError(message, error.status)
    moved = _BY_ID.search(there.path)
    if moved is None:
        return GitHubError(unexpected_status(error.status), error.status)
    query = f"?{there.query}" if there.query else ""
    return MovedError(error.status, moved[0], there.path[moved.end() :] + query)


def _leading(error: RedirectError) -> SplitResult | None:
    """Where it leads; None where it names no place, or one that cannot be parsed."""
    try:
        there = urlsplit(urljoin(error.url, error.location)) if error.location else None
        if there and there.hostname and there.port != 0:
            return there
    except ValueError:  # of a host or a port that is none
        pass
    return None


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
