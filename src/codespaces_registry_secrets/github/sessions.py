"""Connections to GitHub: one for a token, one for each owner's installation of an App.

PyGithub signs and follows renamed repositories; its public `requester` reaches the endpoints that
it has no methods for. urllib3 repeats what met a server error or a dropped connection, `pacing`
waits for GitHub's limits, and PyGithub's own pauses and retries are off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import partial
from http import HTTPStatus
from itertools import chain
from typing import Any, Protocol, TypeVar

import requests
from github import Auth, Github, GithubException, GithubIntegration
from github.Installation import Installation
from urllib3 import Retry

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.answers import UNPROMISED, Shape, read
from codespaces_registry_secrets.github.exchange import exchange
from codespaces_registry_secrets.github.pacing import READS_AT_ONCE, Pace
from codespaces_registry_secrets.github.pages import Page, following, later, listed, whole
from codespaces_registry_secrets.github.refusals import explain, unreachable
from codespaces_registry_secrets.inputs import Inputs
from codespaces_registry_secrets.repositories import is_glob
from codespaces_registry_secrets.targets import Organization, Target, User
from codespaces_registry_secrets.together import together

T = TypeVar("T")

API_VERSION = "2022-11-28"
USER_AGENT = "codespaces-registry-secrets"
RETRIES = 3
CONNECTIONS = 20
PAGE = 100


@dataclass(frozen=True)
class Patience:
    """How long a request may take, and the first pause before it is repeated, in seconds.

    The pause doubles from then on.
    """

    timeout: int = 30
    backoff: float = 0.5


class Session:
    """Requests with one authentication. Safe to use from several threads.

    `now` is the time of GitHub's last answer, by its clock. `expires` is when the token ends, where
    GitHub says so.
    """

    def __init__(self, github: Github, pace: Pace) -> None:
        self._requester = github.requester
        self._pace = pace
        self.now = datetime.now(UTC)
        self.expires: datetime | None = None

    def get(self, target: Target, url: str, shape: Shape[T]) -> T:
        """The answer to one GET, in its shape."""
        return read(shape, self._request("GET", target, url, {})[1])

    def pages(self, target: Target, url: str, shape: Shape[T]) -> Iterator[T]:
        """Every page of a list in its shape, one after the other, as far as they are asked for.

        Raises:
            GitHubError: also where a page came twice, or GitHub leaves something out.
        """
        return whole(self._walk(target, shape, url))

    def all_pages(self, target: Target, url: str, shape: Shape[T]) -> Iterator[T]:
        """The same, with the pages after the first beside each other."""
        first = self._page(target, shape, url, {"per_page": PAGE})
        others = together(partial(self._page, target, shape), later(first.headers), READS_AT_ONCE)
        known = [first, *others]
        # Where the first page does not say how many there are, or there are more by now.
        return whole(chain(known, self._walk(target, shape, following(known[-1].headers))))

    def _walk(self, target: Target, shape: Shape[T], url: str | None) -> Iterator[Page[T]]:
        parameters: Mapping[str, Any] = {"per_page": PAGE}
        while url:
            page = self._page(target, shape, url, parameters)
            yield page
            url, parameters = following(page.headers), {}

    def _page(
        self, target: Target, shape: Shape[T], url: str, parameters: Mapping[str, Any] | None = None
    ) -> Page[T]:
        headers, body = self._request("GET", target, url, parameters or {})
        return Page(headers, listed(body), read(shape, body))

    def put(self, target: Target, url: str, body: Mapping[str, Any] | None = None) -> None:
        """One PUT. GitHub takes a repeated one for the same thing, so a retry is safe."""
        self._request("PUT", target, url, {}, body)

    def delete(self, target: Target, url: str) -> None:
        """One DELETE. What is gone already is gone: a retry, or another run, was first."""
        try:
            self._request("DELETE", target, url, {})
        except GitHubError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise

    def _request(
        self,
        verb: str,
        target: Target,
        url: str,
        parameters: Mapping[str, Any],
        body: Mapping[str, Any] | None = None,
    ) -> tuple[Mapping[str, str], object]:
        send = partial(exchange, self._requester, verb, url, parameters, body)
        try:
            headers, answer = _sent(self._pace, verb, send)
        except GithubException as error:
            raise explain(error, target) from None
        except requests.RequestException as error:
            raise unreachable(error) from None
        self.now = parsedate_to_datetime(headers["date"]) if "date" in headers else self.now
        self.expires = expiry(headers) or self.expires
        return headers, answer


class Sessions(Protocol):
    """The session that serves a target."""

    def of(self, target: Target) -> Session:
        """The session for `target`.

        Raises:
            GitHubError: there is none, and why.
        """

    @property
    def expires(self) -> datetime | None:
        """When the user's own token ends, where GitHub said so."""


def connect(inputs: Inputs, pace: Pace, patience: Patience) -> Sessions:
    """Sessions with the token or the App of the inputs; sends nothing yet."""
    settings: dict[str, Any] = {
        "base_url": inputs.api_url,
        "timeout": patience.timeout,
        "user_agent": USER_AGENT,
        "api_version": API_VERSION,
        "pool_size": CONNECTIONS,
        "seconds_between_requests": 0,
        "seconds_between_writes": 0,
        "retry": Retry(
            total=RETRIES,
            backoff_factor=patience.backoff,
            status_forcelist=range(500, 600),
            allowed_methods=None,  # each of our writes may be repeated
            respect_retry_after_header=False,
        ),
    }
    if inputs.app_id and inputs.app_private_key:
        app = Auth.AppAuth(inputs.app_id, inputs.app_private_key.get_secret_value())
        return _AppSessions(GithubIntegration(auth=app, **settings), settings, pace)
    token = inputs.token.get_secret_value() if inputs.token else ""
    return _TokenSessions(Session(Github(auth=Auth.Token(token), **settings), pace))


class _TokenSessions:
    """One token for all."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, target: Target) -> Session:  # noqa: ARG002 - the same whatever the target
        return self._session

    @property
    def expires(self) -> datetime | None:
        return self._session.expires


class _AppSessions:
    """An installation token for each owner, made when the first target of the owner is met."""

    expires = None  # the library makes a new one in time

    def __init__(self, app: GithubIntegration, settings: Mapping[str, Any], pace: Pace) -> None:
        self._app = app
        self._pace = pace
        self._settings = settings
        self._lock = threading.Lock()
        self._by_owner: dict[str, Session] = {}
        self._silent: dict[str, GitHubError] = {}

    def of(self, target: Target) -> Session:
        if isinstance(target, User):
            message = (
                "a GitHub App can never manage a user's secrets; give the user's own "
                f"`token` with {User.classic_scope} or {User.permission}"
            )
            raise GitHubError(message)
        owner = target.owner.lower()
        with self._lock:
            if owner in self._silent:
                raise self._silent[owner]
            if owner not in self._by_owner:
                self._by_owner[owner] = self._installed(target)
            return self._by_owner[owner]

    def _installed(self, target: Target) -> Session:
        try:
            installation = _sent(self._pace, "GET", partial(self._installation, target))
            auth = self._app.auth.get_installation_auth(
                installation.id, requester=self._app.requester
            )
            # The token is made now, once; else each thread that comes first would make one. When it
            # ends is looked at when it is asked for again.
            for _ in range(2):
                _sent(self._pace, "GET", lambda: auth.token)
            return Session(Github(auth=auth, **self._settings), self._pace)
        except GithubException as error:
            raise explain(error, target, app=True) from None
        except requests.RequestException as error:
            # Each target of the owner would wait as long as this one did.
            silent = self._silent[target.owner.lower()] = unreachable(error)
            raise silent from None
        except (AssertionError, AttributeError, TypeError, ValueError):
            # What PyGithub makes of an answer that is not GitHub's.
            raise GitHubError(UNPROMISED) from None

    def _installation(self, target: Target) -> Installation:
        if isinstance(target, Organization):
            return self._app.get_org_installation(target.name)
        if is_glob(target.name):
            return self._app.get_user_installation(target.owner)
        return self._app.get_repo_installation(*target.name.split("/"))


def _sent(pace: Pace, verb: str, send: Callable[[], T]) -> T:
    """urllib3 repeats what gets no answer, and not what breaks off in the middle of one."""
    for _ in range(RETRIES):
        with suppress(requests.exceptions.ChunkedEncodingError):
            return pace.send(verb, send)
    return pace.send(verb, send)


def expiry(headers: Mapping[str, str]) -> datetime | None:
    """When the token of a request ends; None where it does not, or GitHub does not tell.

    The header comes as `2026-10-07 19:07:53 UTC` and as `2026-11-05 17:53:02 +0900`.
    """
    text = headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None
