"""One request to GitHub: what comes back is what its API promises, or an error.

PyGithub takes each status below 400 for an answer, and each text for a body: the page that a proxy
shows would pass for a secret that was stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import requests
from github import GithubException
from github.Requester import Requester

from codespaces_registry_secrets.errors import GitHubError, RegistrySecretsError, place_of
from codespaces_registry_secrets.github.connection import (
    Connection,
    UnfollowedError,
    connect_like,
)
from codespaces_registry_secrets.github.schemas import UNPROMISED

# Source: "REST API endpoints for Codespaces secrets", docs.github.com, and those of what is read.
PROMISED = {"GET": (200,), "POST": (201,), "PUT": (201, 204), "DELETE": (204,)}

_FORESEEN = (GithubException, requests.RequestException, RegistrySecretsError, UnfollowedError)


@contextmanager
def readable() -> Iterator[None]:
    """Turn what PyGithub raises over an answer that it cannot read into a GitHubError.

    It has no family of errors for that: any built-in one can come.
    """
    try:
        yield
    except _FORESEEN:
        raise
    except Exception as error:  # noqa: BLE001 - see above
        raise GitHubError(f"{UNPROMISED} ({place_of(error)})") from None


class Line:
    """A requester and a connection for it; for one thread at a time.

    PyGithub keeps a request in attributes of its connection until it is sent. Two threads that
    share one may both send what the second of them wants, and take the answer for their own.
    """

    def __init__(self, requester: Requester) -> None:
        self._requester = requester
        self._connection: Connection = connect_like(requester)

    def exchange(
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
        with readable():
            status, headers, text = self._requester.requestJson(
                verb, url, dict(parameters), input=body, cnx=self._connection
            )
        if status >= HTTPStatus.BAD_REQUEST:
            raise GithubException(status, _said(text), headers)
        if status not in PROMISED[verb]:
            raise GitHubError(unpromised(status), status)
        return headers, _json(text)

    @property
    def repeated(self) -> bool:
        """Whether the last request was sent more than once, before the answer that came."""
        return self._connection.repeated

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def unpromised(status: int) -> str:
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
