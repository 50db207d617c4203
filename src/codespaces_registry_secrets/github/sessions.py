"""Connections to GitHub: one for a token, one for each owner's installation of an App.

PyGithub signs, retries and follows renamed repositories; its public `requester` reaches the
endpoints that it has no methods for.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Protocol

import requests
from github import Auth, Github, GithubException, GithubIntegration, GithubRetry

from codespaces_registry_secrets.errors import GitHubError, PartialListError
from codespaces_registry_secrets.github.refusals import explain, unreachable
from codespaces_registry_secrets.inputs import Inputs
from codespaces_registry_secrets.repositories import is_glob
from codespaces_registry_secrets.targets import Organization, Target, User

API_VERSION = "2022-11-28"
USER_AGENT = "codespaces-registry-secrets"
# At most so many requests at once; GitHub's own limit is 100. Source: "Rate limits for the REST
# API", docs.github.com.
AT_ONCE = 10
TIMEOUT_SECONDS = 30
LONGEST_WAIT_SECONDS = 15 * 60
PAGE = 100


class Session:
    """Requests with one authentication. Safe to use from several threads.

    `now` is the time of GitHub's last answer, by its clock. `expires` is when the token ends, where
    GitHub says so.
    """

    def __init__(self, github: Github) -> None:
        self._requester = github.requester
        self.now = datetime.now(UTC)
        self.expires: datetime | None = None

    def get(self, target: Target, url: str) -> object:
        """The JSON body of one GET."""
        return self._request("GET", target, url, {})[1]

    def pages(self, target: Target, url: str) -> Iterator[object]:
        """The JSON body of every page of a collection, by the `Link` header."""
        parameters: dict[str, Any] = {"per_page": PAGE}
        seen = set()
        following: str | None = url
        while following and following not in seen:
            seen.add(following)
            headers, body = self._request("GET", target, following, parameters)
            if headers.get("x-github-sso", "").startswith("partial-results"):
                message = (
                    "GitHub shows only a part of the list, since the token is not authorized for "
                    "single sign-on everywhere; authorize it, and run again"
                )
                raise PartialListError(message)
            yield body
            following, parameters = _next(headers), {}

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
        parameters: dict[str, Any],
        body: Mapping[str, Any] | None = None,
    ) -> tuple[Mapping[str, str], object]:
        try:
            headers, answer = self._requester.requestJsonAndCheck(verb, url, parameters, input=body)
        except GithubException as error:
            raise explain(error, target) from None
        except requests.RequestException as error:
            raise unreachable(error) from None
        except ValueError:
            message = "GitHub's answer is not JSON; run again"
            raise GitHubError(message) from None
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


def connect(inputs: Inputs, backoff: float) -> Sessions:
    """Sessions with the token or the App of the inputs; sends nothing yet.

    `backoff` is the pause before a request that failed is repeated again, in seconds.
    """
    retry = GithubRetry(total=3, backoff_factor=backoff, max_rate_limit_wait=LONGEST_WAIT_SECONDS)
    settings: dict[str, Any] = {
        "base_url": inputs.api_url,
        "timeout": TIMEOUT_SECONDS,
        "user_agent": USER_AGENT,
        "api_version": API_VERSION,
        "pool_size": AT_ONCE,
        "seconds_between_requests": 0,
        "seconds_between_writes": 0,
        "retry": retry,
    }
    if inputs.app_id and inputs.app_private_key:
        app = Auth.AppAuth(inputs.app_id, inputs.app_private_key.get_secret_value())
        return _AppSessions(GithubIntegration(auth=app, **settings), settings)
    token = inputs.token.get_secret_value() if inputs.token else ""
    return _TokenSessions(Session(Github(auth=Auth.Token(token), **settings)))


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

    def __init__(self, app: GithubIntegration, settings: Mapping[str, Any]) -> None:
        self._app = app
        self._settings = settings
        self._lock = threading.Lock()
        self._by_owner: dict[str, Session] = {}

    def of(self, target: Target) -> Session:
        if isinstance(target, User):
            message = (
                "a GitHub App can never manage a user's secrets; give the user's own "
                f"`token` with {User.classic_scope} or {User.permission}"
            )
            raise GitHubError(message)
        owner = target.owner.lower()
        with self._lock:
            if owner not in self._by_owner:
                self._by_owner[owner] = self._installed(target)
            return self._by_owner[owner]

    def _installed(self, target: Target) -> Session:
        try:
            if isinstance(target, Organization):
                installation = self._app.get_org_installation(target.name)
            elif is_glob(target.name):
                installation = self._app.get_user_installation(target.owner)
            else:
                installation = self._app.get_repo_installation(*target.name.split("/"))
            auth = self._app.auth.get_installation_auth(
                installation.id, requester=self._app.requester
            )
            # The token is made now, once; else each thread that comes first would make one.
            _ = auth.token
            return Session(Github(auth=auth, **self._settings))
        except GithubException as error:
            raise explain(error, target, app=True) from None
        except requests.RequestException as error:
            raise unreachable(error) from None


def expiry(headers: Mapping[str, str]) -> datetime | None:
    """When the token of a request ends; None where it does not, or GitHub does not tell.

    The header comes as `2026-10-07 19:07:53 UTC` and as `2026-11-05 17:53:02 +0900`.
    """
    text = headers.get("github-authentication-token-expiration", "").replace("UTC", "+0000")
    try:
        return datetime.strptime(text, "%Y-%m-%d %H:%M:%S %z")
    except ValueError:
        return None


def _next(headers: Mapping[str, str]) -> str | None:
    links = requests.utils.parse_header_links(headers.get("link", ""))
    return next((link["url"] for link in links if link.get("rel") == "next"), None)
