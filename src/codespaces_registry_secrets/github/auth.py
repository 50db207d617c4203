"""Authenticate with GitHub: one client for a token, or one for each owner's App installation.

PyGithub signs, and its public `requester` reaches the endpoints that it has no methods for. urllib3
repeats a request after a server error or a dropped connection, and `rate_limiter` waits for
GitHub's limits. PyGithub's own pauses and retries are off.

The tokens of an App and its installations are made here, too. PyGithub would make and renew them
by itself: in the middle of a request, in every thread at once, without the rate limiter, and
without a way to mask them.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol, TypeVar

from github import Auth, Github
from pydantic import SecretBytes
from urllib3 import Retry

from codespaces_registry_secrets.errors import GitHubError, MovedError, NoResponseError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.client import RETRIES, GitHubClient, send_with_retry
from codespaces_registry_secrets.github.errors import translate_errors
from codespaces_registry_secrets.github.organizations import list_installations, list_memberships
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.github.transport import Transport
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Mask
from codespaces_registry_secrets.model.repositories import is_glob, transferred_message
from codespaces_registry_secrets.model.targets import Organization, Target, User

T = TypeVar("T")

API_VERSION = "2022-11-28"
USER_AGENT = "codespaces-registry-secrets"
# A token of an installation is valid for an hour, and a request with its retries takes minutes.
RENEWED_BEFORE = timedelta(minutes=5)
# The App never signs more requests at the same time.
SIGNED_AT_ONCE = 20


@dataclass(frozen=True)
class TimeoutConfig:
    """How long a request can take, and the pause before its first retry, in seconds.

    The pause doubles with each further retry.
    """

    timeout: int = 30
    backoff: float = 0.5


class GitHubClients(Protocol):
    """Finds the client to use for a target."""

    def for_target(self, target: Target) -> GitHubClient:
        """The client for `target`.

        Raises:
            GitHubError: no client can be made for it; the message says why.
        """

    def list_organizations(self, target: Target) -> tuple[str, ...]:
        """The logins of the organizations that `target`, a glob of them, can match.

        Raises:
            GitHubError: they cannot be listed; the message says why.
        """

    # Why a glob can match no organization, and what to do.
    no_match: str

    @property
    def token_expires(self) -> datetime | None:
        """When the user's own token expires; None if GitHub does not say."""


def connect(
    inputs: Inputs, limiter: RateLimiter, timeouts: TimeoutConfig, mask: Mask
) -> GitHubClients:
    """Make the clients for the token or the App of the inputs; send no request yet.

    `mask` is called with each token of an installation before it is used.
    """
    settings = _settings(inputs.api_url, timeouts)
    if inputs.app_id and inputs.app_private_key:
        app = AppAuth(inputs.app_id, inputs.app_private_key.get_secret_value())
        return _AppClients(app, settings, limiter, mask)
    token = inputs.token.get_secret_value() if inputs.token else ""
    new_github = partial(Github, auth=Auth.Token(token), **settings)
    return _TokenClients(GitHubClient(new_github, limiter, lambda: [token]))


def connect_for_comment(
    token: str, api_url: str, limiter: RateLimiter, timeouts: TimeoutConfig
) -> GitHubClient:
    """Make the client for the comment or the issue. A POST is sent once, so neither is doubled."""
    settings = _settings(api_url, timeouts, repeated={"GET", "PATCH"})
    new_github = partial(Github, auth=Auth.Token(token), **settings)
    return GitHubClient(new_github, limiter, lambda: [token], repeat_posts=False)


def _settings(
    api_url: str, timeouts: TimeoutConfig, repeated: Collection[str] | None = None
) -> dict[str, Any]:
    """The settings of PyGithub; `repeated` are the methods that urllib3 repeats, None for all."""
    return {
        "base_url": api_url,
        "timeout": timeouts.timeout,
        "user_agent": USER_AGENT,
        "api_version": API_VERSION,
        "pool_size": 1,
        "seconds_between_requests": 0,
        "seconds_between_writes": 0,
        "retry": Retry(
            total=RETRIES,
            backoff_factor=timeouts.backoff,
            status_forcelist=range(500, 600),
            allowed_methods=repeated,
            respect_retry_after_header=False,
        ),
    }


class _TokenClients:
    """One client with one token for all targets."""

    no_match = "of the token's user; a fine-grained token cannot list organizations"

    def __init__(self, client: GitHubClient) -> None:
        self._client = client

    def for_target(self, target: Target) -> GitHubClient:  # noqa: ARG002 - the same for each target
        return self._client

    def list_organizations(self, target: Target) -> tuple[str, ...]:
        return list_memberships(target, self._client)

    @property
    def token_expires(self) -> datetime | None:
        return self._client.token_expires


@dataclass
class _Owner:
    """The client for an owner's installation, or the error if GitHub did not respond."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    client: GitHubClient | None = None
    error: NoResponseError | None = None


class _AppClients:
    """A client for each owner's installation, made for the first target of the owner."""

    token_expires = None  # tokens of installations are renewed before they expire
    no_match = "that the App is installed in; install it there"

    def __init__(
        self, auth: AppAuth, settings: Mapping[str, Any], limiter: RateLimiter, mask: Mask
    ) -> None:
        self._auth = auth
        self._mask = mask
        self._limiter = limiter
        self._settings = settings
        self._lock = threading.Lock()
        self._owners: dict[str, _Owner] = {}

    def for_target(self, target: Target) -> GitHubClient:
        if isinstance(target, User):
            message = (
                "a GitHub App can never manage a user's secrets; give the user's own "
                f"`token` with {User.classic_scope} or {User.permission}"
            )
            raise GitHubError(message)
        with self._lock:
            owner = self._owners.setdefault(target.owner.lower(), _Owner())
        # A lock for each owner, so that a slow response for one does not block the others.
        with owner.lock:
            if owner.error:
                raise owner.error
            if owner.client is None:
                owner.client = self._new_client(target, owner)
            return owner.client

    def list_organizations(self, target: Target) -> tuple[str, ...]:
        new_github = partial(Github, auth=self._auth, **self._settings)
        app = GitHubClient(new_github, self._limiter, lambda: self._auth.signed, app=True)
        return list_installations(target, app)

    def _new_client(self, target: Target, owner: _Owner) -> GitHubClient:
        try:
            installation = self._find_installation(target)
            _check_owner(installation.account.login, target)
            token = InstallationToken(partial(self._new_token, target, installation.id))
            token.refresh()
        except NoResponseError as error:
            # Otherwise each target of the owner would wait as long as this one did.
            owner.error = error
            raise
        new_github = partial(Github, auth=token, **self._settings)
        return GitHubClient(
            new_github, self._limiter, lambda: [token.token, *self._auth.signed], token.refresh
        )

    def _find_installation(self, target: Target) -> schemas.Installation:
        try:
            url = f"{_installed_on(target)}/installation"
            return self._request(target, "GET", url, schemas.Installation)
        except MovedError as moved:
            url = f"{moved.repository}{moved.tail}"
            return self._request(target, "GET", url, schemas.Installation)

    def _new_token(self, target: Target, installation_id: int) -> schemas.InstallationToken:
        url = f"/app/installations/{installation_id}/access_tokens"
        token = self._request(target, "POST", url, schemas.InstallationToken)
        self._mask(SecretBytes(token.token.encode()))
        return token

    def _request(self, target: Target, verb: str, url: str, schema: type[T]) -> T:
        """Send a request as the App itself, and parse the response."""
        transport = Transport(Github(auth=self._auth, **self._settings).requester)
        send = partial(transport.request, verb, url, {})
        try:
            with translate_errors(target, lambda: map(str.encode, self._auth.signed), app=True):
                # Limited as a read, because it writes nothing at a target.
                _, body = send_with_retry(self._limiter, "GET", send)
        finally:
            transport.close()
        return schemas.parse_response(schema, body)


def _installed_on(target: Target) -> str:
    """The URL whose installation serves a target; for a glob of repositories, their owner's."""
    if isinstance(target, Organization):
        return f"/orgs/{target.name}"
    return f"/users/{target.owner}" if is_glob(target.name) else f"/repos/{target.name}"


def _check_owner(login: str, target: Target) -> None:
    """Reject another owner: GitHub redirects from a transferred repository to its new place."""
    if login.lower() != target.owner.lower():
        raise GitHubError(transferred_message(target.name, login))


class AppAuth(Auth.AppAuth):
    """The App itself; `signed` has the tokens that it signed last, each valid for minutes."""

    def __init__(self, app_id: str, private_key: str) -> None:
        super().__init__(app_id, private_key)
        self.signed: deque[str] = deque(maxlen=SIGNED_AT_ONCE)

    def create_jwt(self, expiration: int | None = None) -> str:
        """Sign a token."""
        token = super().create_jwt(expiration)
        self.signed.append(token)
        return token


class InstallationToken(Auth.Auth):
    """The token of an installation; `new_token` makes one. Safe to use from several threads."""

    def __init__(self, new_token: Callable[[], schemas.InstallationToken]) -> None:
        self._new_token = new_token
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = datetime.min.replace(tzinfo=UTC)

    @property
    def token_type(self) -> str:
        """The scheme of the `Authorization` header."""
        return "token"

    @property
    def token(self) -> str:
        """The token from the last `refresh`."""
        return self._token

    def refresh(self) -> None:
        """Make a new token if there is none, or if it expires soon."""
        with self._lock:
            if datetime.now(UTC) < self._renew_at:
                return
            token = self._new_token()
            self._token, self._renew_at = token.token, token.expires_at - RENEWED_BEFORE
