"""Send one request to GitHub, and check that the response is one that its API documents.

PyGithub accepts each status below 400 as a success, and any text as a body, so an error page of a
proxy would count as a stored secret. It also follows a 301, even for a write, and loses the query;
and it repeats a GET indefinitely while the response is 202. The connections here follow no
redirect: `client` and `auth` decide which ones to follow.
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

# Source: "REST API endpoints for Codespaces secrets", docs.github.com, and those of what is read.
EXPECTED_STATUS = {
    "GET": (200,),
    "POST": (200, 201),  # 200 from GraphQL
    "PUT": (201, 204),
    "PATCH": (200, 204),  # 200 for a comment
    "DELETE": (204,),
}
_EXPECTED_ERRORS = (GithubException, requests.RequestException, RegistrySecretsError)
_REPOSITORY_BY_ID = re.compile(r"/repositories/\d+(?=/|$)")


class Transport:
    """A PyGithub requester with a connection of its own, for one thread at a time.

    PyGithub keeps a request in attributes of its connection until it is sent. Two threads that
    share a connection can both send the second thread's request, and both use its response.
    Without `repeat` it sends no request again because of a server error.
    """

    def __init__(self, requester: Requester, *, repeat: bool = True) -> None:
        self._requester = requester
        self._connection: Connection = new_connection(requester, repeat=repeat)

    def request(
        self,
        verb: str,
        url: str,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
    ) -> tuple[Mapping[str, str], object]:
        """Send a request; return the headers and the JSON body of its response, None if empty.

        Raises:
            GithubException: the status is an error.
            RedirectError: the response is a redirect, or 202.
            GitHubError: the response is not one that GitHub's API documents.
            RequestException: there is no response.
        """
        with guard_parsing():
            status, headers, text = self._requester.requestJson(
                verb, url, dict(parameters), input=body, cnx=self._connection
            )
        if status >= HTTPStatus.BAD_REQUEST:
            raise GithubException(status, _parse_error_body(text), headers)
        if status not in EXPECTED_STATUS[verb]:
            raise GitHubError(unexpected_status(status), status)
        return headers, _parse_body(text)

    @property
    def retried(self) -> bool:
        """Whether urllib3 sent the last request more than once."""
        return self._connection.retried

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def unexpected_status(status: int) -> str:
    """The message for a status that GitHub's API does not document for an endpoint."""
    return f"GitHub returned {status}, a status that its API does not document here"


def _parse_body(text: str) -> object:
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        raise GitHubError("GitHub's response is not JSON; run again") from None


def _parse_error_body(text: str) -> object:
    """The body of an error, or None if it is not JSON: a proxy can have sent it."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


@contextmanager
def guard_parsing() -> Iterator[None]:
    """Turn any error of PyGithub about an unreadable response into a GitHubError.

    PyGithub has no class for these errors: any built-in one can be raised.
    """
    try:
        yield
    except (*_EXPECTED_ERRORS, RedirectError):
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise GitHubError(f"{UNEXPECTED_RESPONSE} ({source_line(error)})") from None


class RedirectError(Exception):
    """A response that PyGithub would act on by itself: a redirect, or 202.

    `url` is the URL of the request, `location` the redirect's target, empty if it has none.
    """

    def __init__(self, status: int, url: str, location: str) -> None:
        self.status = status
        self.url = url
        self.location = location
        super().__init__(status)


class _NoRedirects:
    """Makes a connection of PyGithub raise a RedirectError, and report urllib3's retries."""

    retried = False

    def getresponse(self) -> RequestsResponse:
        self.retried = False
        response: RequestsResponse = super().getresponse()  # type: ignore[misc] # of a connection
        self.retried = _was_retried(response)
        _raise_for_redirect(response)
        return response


class _HttpConnection(_NoRedirects, HTTPRequestsConnectionClass):
    pass


class _HttpsConnection(_NoRedirects, HTTPSRequestsConnectionClass):
    pass


Connection = _HttpConnection | _HttpsConnection


def new_connection(requester: Requester, *, repeat: bool) -> Connection:
    """Make a connection with the settings of `requester`, to pass with each of its requests."""
    kind = _HttpsConnection if requester.scheme == "https" else _HttpConnection
    names = ("timeout", "retry", "pool_size", "verify")
    settings = {name: requester.kwargs[name] for name in names}
    if not repeat:
        settings["retry"] = settings["retry"].new(status_forcelist=(), allowed_methods=None)
    return kind(requester.hostname, urlsplit(requester.base_url).port, **settings)


def _was_retried(response: RequestsResponse) -> bool:
    retries = response.response.raw.retries
    return bool(retries and retries.history)


def _raise_for_redirect(response: RequestsResponse) -> None:
    redirects = range(HTTPStatus.MULTIPLE_CHOICES, HTTPStatus.BAD_REQUEST)
    if response.status in redirects or response.status == HTTPStatus.ACCEPTED:
        location = response.headers.get("location", "")
        raise RedirectError(response.status, response.response.url, location)


def redirect_error(error: RedirectError, redact: Redactor) -> GitHubError:
    """Translate a redirect: MovedError for a repository that moved, else the error to report.

    `redact` removes what the request carried from the message.
    """
    source, destination = urlsplit(error.url), _parse_destination(error)
    if destination is None:
        return GitHubError(unexpected_status(error.status), error.status)
    if _origin(source) != _origin(destination):
        origin = redact(f"{destination.scheme}://{destination.netloc}")
        message = (
            f"GitHub redirects to another origin ({origin}), and the token is not sent there; "
            "check the input `api-url`"
        )
        return GitHubError(message, error.status)
    repository = _REPOSITORY_BY_ID.search(destination.path)
    if repository is None:
        return GitHubError(unexpected_status(error.status), error.status)
    query = f"?{destination.query}" if destination.query else ""
    return MovedError(error.status, repository[0], destination.path[repository.end() :] + query)


def _parse_destination(error: RedirectError) -> SplitResult | None:
    """The URL that the redirect leads to; None if it has none, or an invalid one."""
    try:
        url = urlsplit(urljoin(error.url, error.location)) if error.location else None
        if url and url.hostname and url.port != 0:
            return url
    except ValueError:  # an invalid host or port
        pass
    return None


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
