"""A connection for PyGithub that follows no redirect.

PyGithub follows a 301 by itself, to a write too, and loses the query; a GET that is answered with
202 it repeats without end. Whether a redirect is followed is decided in `session`.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from github.Requester import (
    HTTPRequestsConnectionClass,
    HTTPSRequestsConnectionClass,
    Requester,
    RequestsResponse,
)


class UnfollowedError(Exception):
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


def connect_like(requester: Requester) -> Connection:
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
        raise UnfollowedError(response.status, response.response.url, location)
    return response
