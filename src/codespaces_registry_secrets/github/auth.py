"""Connections to GitHub: one for a token, one for each owner's installation of an App.

PyGithub signs; its public `requester` reaches the endpoints that
it has no methods for. urllib3 repeats what met a server error or a dropped connection, `pacing`
waits for GitHub's limits, and PyGithub's own pauses and retries are off.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
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
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.github.transport import Transport
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Mask
from codespaces_registry_secrets.model.repositories import is_glob, transferred_message
from codespaces_registry_secrets.model.targets import Organization, Target, User

T = TypeVar("T")

API_VERSION = "2022-11-28"
USER_AGENT = "codespaces-registry-secrets"


@dataclass(frozen=True)
class TimeoutConfig:
    """How long a request may take, and the first pause before it is repeated, in seconds.

    The pause doubles from then on.
    """

    timeout: int = 30
    backoff: float = 0.5


class GitHubClients(Protocol):
    """The session that serves a target."""

    def for_target(self, target: Target) -> GitHubClient:
        """The session for `target`.

        Raises:
            GitHubError: there is none, and why.
        """

    @property
    def token_expires(self) -> datetime | None:
        """When the user's own token ends, where GitHub said so."""


def connect(
    inputs: Inputs, pace: RateLimiter, patience: TimeoutConfig, mask: Mask
) -> GitHubClients:
    """Sessions with the token or the App of the inputs; sends nothing yet.

    `mask` is called with each token of an installation before it is used.
    """
    settings: dict[str, Any] = {
        "base_url": inputs.api_url,
        "timeout": patience.timeout,
        "user_agent": USER_AGENT,
        "api_version": API_VERSION,
        "pool_size": 1,
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
        app = AppAuth(inputs.app_id, inputs.app_private_key.get_secret_value())
        return _AppClients(app, settings, pace, mask)
    token = inputs.token.get_secret_value() if inputs.token else ""
    make = partial(Github, auth=Auth.Token(token), **settings)
    return _TokenClients(GitHubClient(make, pace, lambda: [token]))


class _TokenClients:
    """One token for all."""

    def __init__(self, session: GitHubClient) -> None:
        self._session = session

    def for_target(self, target: Target) -> GitHubClient:  # noqa: ARG002 - the same whatever the target
        return self._session

    @property
    def token_expires(self) -> datetime | None:
        return self._session.token_expires


class _AppClients:
    """An installation token for each owner, made when the first target of the owner is met."""

    token_expires = None  # a new token is made before the old one ends

    def __init__(
        self, auth: AppAuth, settings: Mapping[str, Any], pace: RateLimiter, mask: Mask
    ) -> None:
        self._auth = auth
        self._mask = mask
        self._pace = pace
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
        # An owner that is slow to answer keeps nobody else waiting.
        with owner.lock:
            if owner.silence:
                raise owner.silence
            if owner.session is None:
                owner.session = self._installed(target, owner)
            return owner.session

    def _installed(self, target: Target, owner: _Owner) -> GitHubClient:
        try:
            installation = self._installation(target)
            _check_owner(installation.account.login, target)
            token = InstallationToken(partial(self._token, target, installation.id))
            token.refresh()
        except NoResponseError as error:
            # Each target of the owner would wait as long as this one did.
            owner.silence = error
            raise
        make = partial(Github, auth=token, **self._settings)
        return GitHubClient(
            make, self._pace, lambda: [token.token, *self._auth.signed], token.refresh
        )

    def _ask(self, target: Target, verb: str, url: str, shape: type[T]) -> T:
        """The answer to a request of the App itself."""
        line = Transport(Github(auth=self._auth, **self._settings).requester)
        try:
            with translate_errors(target, lambda: map(str.encode, self._auth.signed), app=True):
                _, body = send_with_retry(self._pace, "GET", partial(line.request, verb, url, {}))
        finally:
            line.close()
        return schemas.parse_response(shape, body)

    def _token(self, target: Target, installation: int) -> schemas.InstallationToken:
        url = f"/app/installations/{installation}/access_tokens"
        made = self._ask(target, "POST", url, schemas.InstallationToken)
        self._mask(SecretBytes(made.token.encode()))
        return made

    def _installation(self, target: Target) -> schemas.Installation:
        try:
            url = f"{_installed_on(target)}/installation"
            return self._ask(target, "GET", url, schemas.Installation)
        except MovedError as moved:
            url = f"{moved.repository}{moved.tail}"
            return self._ask(target, "GET", url, schemas.Installation)


def _installed_on(target: Target) -> str:
    """What GitHub is asked about: a glob of repositories is a matter of their owner."""
    if isinstance(target, Organization):
        return f"/orgs/{target.name}"
    return f"/users/{target.owner}" if is_glob(target.name) else f"/repos/{target.name}"


def _check_owner(login: str, target: Target) -> None:
    """GitHub redirects from a repository that was transferred to where it is now."""
    if login.lower() != target.owner.lower():
        raise GitHubError(transferred_message(target.name, login))


@dataclass
class _Owner:
    """What is known of an owner's installation: a session, or that GitHub gave no answer."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    session: GitHubClient | None = None
    silence: GitHubError | None = None


# A token lasts for an hour, and a request with its retries for minutes at most.
RENEWED_BEFORE = timedelta(minutes=5)
# More owners are not asked for at the same time.
SIGNED_AT_ONCE = 20


class AppAuth(Auth.AppAuth):
    """The App itself; `signed` are the tokens that it signed last, each good for some minutes."""

    def __init__(self, app_id: str, private_key: str) -> None:
        super().__init__(app_id, private_key)
        self.signed: deque[str] = deque(maxlen=SIGNED_AT_ONCE)

    def create_jwt(self, expiration: int | None = None) -> str:
        """Sign a token."""
        token = super().create_jwt(expiration)
        self.signed.append(token)
        return token


class InstallationToken(Auth.Auth):
    """One installation; `make` gets a new token for it. Safe to use from several threads."""

    def __init__(self, make: Callable[[], schemas.InstallationToken]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._token = ""
        self._renewed_at = datetime.min.replace(tzinfo=UTC)

    @property
    def token_type(self) -> str:
        """The scheme of the header."""
        return "token"

    @property
    def token(self) -> str:
        """The token that `refresh` got last."""
        return self._token

    def refresh(self) -> None:
        """Get a new token where there is none, or where it ends soon."""
        with self._lock:
            if datetime.now(UTC) < self._renewed_at:
                return
            made = self._make()
            self._token, self._renewed_at = made.token, made.expires_at - RENEWED_BEFORE
