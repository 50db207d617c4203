"""Tokens and GitHub Apps, and the access that they have."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from github_sandbox.accounts import Account, AccountStore, Repository, utc_now

TokenKind = Literal["classic", "fine-grained", "installation", "actions"]
LEVELS = ("read", "write", "admin")


@dataclass(frozen=True)
class Token:
    """The kind, owner and grants of a token, without its value.

    `bot` is the login of an App's own account. `user` and `owner` are account ids. `repositories`
    (None: all of the owner's) and `hidden_repositories` are repository ids. `sso_organizations` are
    the ids of the organizations that it is authorized for by single sign-on,
    `partial_organizations` of those whose private repositories are left out of its lists.
    """

    kind: TokenKind
    bot: str | None = None
    user: int | None = None
    scopes: tuple[str, ...] = ()
    owner: int | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    repositories: frozenset[int] | None = None
    expires: datetime | None = None
    hidden_repositories: frozenset[int] = frozenset()
    sso_organizations: frozenset[int] = frozenset()
    partial_organizations: frozenset[int] = frozenset()

    @property
    def is_app(self) -> bool:
        """Whether it acts for an App's installation and not for a user."""
        return self.kind in ("installation", "actions")

    def grants(self, permission: str, level: str) -> bool:
        """Whether it has this permission at this level or above."""
        granted = self.permissions.get(permission)
        return granted is not None and LEVELS.index(granted) >= LEVELS.index(level)


@dataclass(frozen=True)
class Installation:
    """The installation of an App on one account."""

    id: int
    account: Account
    permissions: Mapping[str, str]
    created_at: datetime
    suspended_at: datetime | None = None


@dataclass(frozen=True)
class App:
    """A GitHub App, the public key that verifies its JWTs, and its installations."""

    id: int
    public_key_pem: str = field(repr=False)
    installations: tuple[Installation, ...] = ()


class TokenStore(AccountStore):
    """The tokens and Apps of a world, and what they can see.

    Tokens expire by the world's clock, an App's JWT by the machine's clock, which signed it.
    `installation_token_lifetime` is one hour, as at GitHub.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self._tokens: dict[str, Token] = {}
        self._apps: dict[int, App] = {}
        self._sso_organizations: set[int] = set()
        self.installation_token_lifetime = timedelta(hours=1)

    def add_token(
        self,
        value: str,
        *,
        user: str,
        scopes: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> None:
        """Add a classic personal access token."""
        user_id = self.account(user).id
        token = Token("classic", user=user_id, scopes=tuple(scopes), expires=expires)
        self._tokens[value] = token

    def add_fine_grained_token(
        self,
        value: str,
        *,
        user: str,
        owner: str,
        permissions: Mapping[str, str],
        repositories: Iterable[str] | None = None,
        expires: datetime | None = None,
    ) -> None:
        """Add a fine-grained token of one resource owner; `permissions` is name -> level.

        `repositories` limits it to some of the owner's repositories; None is all of them.
        """
        self._tokens[value] = Token(
            "fine-grained",
            user=self.account(user).id,
            owner=self.account(owner).id,
            permissions=dict(permissions),
            repositories=self._repository_ids(repositories),
            expires=expires,
        )

    def add_actions_token(
        self, value: str, *, repository: str, permissions: Mapping[str, str] | None = None
    ) -> None:
        """Add the GITHUB_TOKEN of a job in this repository with these `permissions`."""
        home = self.repository(repository)
        self._tokens[value] = Token(
            "actions",
            bot="github-actions[bot]",
            owner=home.owner.id,
            permissions=permissions or {"contents": "write", "metadata": "read"},
            repositories=frozenset({home.id}),
        )

    def _repository_ids(self, repositories: Iterable[str] | None) -> frozenset[int] | None:
        if repositories is None:
            return None
        return frozenset(self.repository(name).id for name in repositories)

    def revoke_token(self, value: str) -> None:
        """Revoke a token."""
        del self._tokens[value]

    def hide_from(self, value: str, *repositories: str) -> None:
        """Hide repositories from a token: absent from its lists, 404 by name."""
        with self.lock:
            token = self._tokens[value]
            hidden_repositories = token.hidden_repositories | {
                self.repository(name).id for name in repositories
            }
            self._tokens[value] = replace(token, hidden_repositories=hidden_repositories)

    def require_sso(self, organization: str) -> None:
        """Make an organization require single sign-on for classic tokens."""
        self._sso_organizations.add(self.account(organization).id)

    def authorize_sso(self, value: str, organization: str) -> None:
        """Authorize a token for an organization that requires single sign-on."""
        with self.lock:
            token = self._tokens[value]
            sso_organizations = token.sso_organizations | {self.account(organization).id}
            self._tokens[value] = replace(token, sso_organizations=sso_organizations)

    def show_partially(self, organization: str, *, token: str) -> None:
        """Leave the organization's private repositories out of every list that a token gets.

        Only a header reports it: counts are short too, and each repository is found by its name.
        """
        with self.lock:
            current = self._tokens[token]
            organizations = current.partial_organizations | {self.account(organization).id}
            self._tokens[token] = replace(current, partial_organizations=organizations)

    def token(self, value: str) -> Token | None:
        """The token with this value; None if it is unknown or expired."""
        token = self._tokens.get(value)
        if token is None or (token.expires is not None and token.expires <= self.now()):
            return None
        return token

    def lacks_sso(self, token: Token, account: Account) -> bool:
        """Whether an account requires single sign-on that this token is not authorized for."""
        required = token.kind == "classic" and account.id in self._sso_organizations
        return required and account.id not in token.sso_organizations

    def omits_from_lists(self, token: Token, repository: Repository) -> bool:
        """Whether lists leave this repository out, see `show_partially`."""
        return repository.private and repository.owner.id in token.partial_organizations

    def can_see(self, token: Token, repository: Repository) -> bool:
        """Whether the token can see a repository, single sign-on aside."""
        if repository.id in token.hidden_repositories:
            return False
        return not repository.private or self._has_access(token, repository)

    def _has_access(self, token: Token, repository: Repository) -> bool:
        is_member = token.user is None or self.role(repository.owner, token.user) is not None
        if token.kind == "classic":
            return is_member and "repo" in token.scopes
        is_granted = token.repositories is None or repository.id in token.repositories
        return is_member and is_granted and token.owner == repository.owner.id

    def add_app(
        self,
        *,
        app_id: int,
        public_key_pem: str | bytes,
        installations: Mapping[str, Mapping[str, str]],
    ) -> App:
        """Register an App and install it; `installations` is account login -> permissions."""
        pem = public_key_pem.decode() if isinstance(public_key_pem, bytes) else public_key_pem
        with self.lock:
            added = tuple(
                Installation(next(self._ids), self.account(login), dict(permissions), self.now())
                for login, permissions in installations.items()
            )
            self._apps[app_id] = App(app_id, pem, added)
            return self._apps[app_id]

    def app(self, app_id: int) -> App | None:
        """The App with this id; None if it does not exist."""
        return self._apps.get(app_id)

    def suspend_installation(self, app_id: int, login: str) -> None:
        """Suspend the installation of an App on an account: it gets no more tokens."""
        with self.lock:
            app, account, now = self._apps[app_id], self.account(login), self.now()
            installations = tuple(
                replace(item, suspended_at=now) if item.account == account else item
                for item in app.installations
            )
            self._apps[app_id] = replace(app, installations=installations)

    def issue_installation_token(
        self,
        installation: Installation,
        permissions: Mapping[str, str],
        repositories: frozenset[int] | None,
    ) -> tuple[str, Token, datetime]:
        """Issue an installation token; return its value, the token, and its expiry."""
        expires = self.now() + self.installation_token_lifetime
        token = Token(
            "installation",
            bot="sandbox-app[bot]",
            owner=installation.account.id,
            permissions=dict(permissions),
            repositories=repositories,
            expires=expires,
        )
        value = f"ghs_{secrets.token_hex(18)}"
        self._tokens[value] = token
        return value, token, expires
