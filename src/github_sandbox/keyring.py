"""Tokens and GitHub Apps: who is asking, and what they were granted."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from github_sandbox.directory import Account, Directory, Repository, utc_now

TokenKind = Literal["classic", "fine-grained", "installation", "actions"]
LEVELS = ("read", "write", "admin")


@dataclass(frozen=True)
class Token:
    """What is known of a token; never its value.

    `user` and `owner` are account ids, `repositories`, `hidden` repository ids, `authorized` the
    ids of the organizations whose single sign-on it passed, `partial` of those shown in part.
    """

    kind: TokenKind
    user: int | None = None
    scopes: tuple[str, ...] = ()
    owner: int | None = None
    permissions: Mapping[str, str] = field(default_factory=dict)
    repositories: frozenset[int] | None = None
    expires: datetime | None = None
    hidden: frozenset[int] = frozenset()
    authorized: frozenset[int] = frozenset()
    partial: frozenset[int] = frozenset()

    @property
    def is_app(self) -> bool:
        """Whether it acts for an App's installation and not for a person."""
        return self.kind in ("installation", "actions")

    def grants(self, permission: str, level: str) -> bool:
        """Whether it was given this permission at this level or above."""
        granted = self.permissions.get(permission)
        return granted is not None and LEVELS.index(granted) >= LEVELS.index(level)


@dataclass(frozen=True)
class Installation:
    """An App on one account."""

    id: int
    account: Account
    permissions: Mapping[str, str]
    created_at: datetime


@dataclass(frozen=True)
class App:
    """A GitHub App: the key that its JWTs are checked with, and where it is installed."""

    id: int
    public_key_pem: str = field(repr=False)
    installations: tuple[Installation, ...] = ()


class Keyring(Directory):
    """The directory, and the tokens and Apps that open it.

    Tokens end by the world's clock; an App's JWT by the machine's, which it was signed by.
    `installation_tokens_last` is an hour at GitHub.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self._tokens: dict[str, Token] = {}
        self._apps: dict[int, App] = {}
        self._guarded: set[int] = set()
        self.installation_tokens_last = timedelta(hours=1)

    def add_token(
        self,
        value: str,
        *,
        user: str,
        scopes: Iterable[str] = (),
        expires: datetime | None = None,
    ) -> None:
        """Issue a classic personal access token."""
        token = Token("classic", self.account(user).id, tuple(scopes), expires=expires)
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
        """Issue a fine-grained token: one resource owner, permissions such as `write`.

        `repositories` limits it to some of the owner's repositories; None is all of them.
        """
        self._tokens[value] = Token(
            "fine-grained",
            user=self.account(user).id,
            owner=self.account(owner).id,
            permissions=dict(permissions),
            repositories=self._limit(repositories),
            expires=expires,
        )

    def add_actions_token(self, value: str, *, repository: str) -> None:
        """Issue what a workflow of this repository gets as GITHUB_TOKEN."""
        home = self.repository(repository)
        self._tokens[value] = Token(
            "actions",
            owner=home.owner.id,
            permissions={"contents": "write", "metadata": "read"},
            repositories=frozenset({home.id}),
        )

    def _limit(self, repositories: Iterable[str] | None) -> frozenset[int] | None:
        if repositories is None:
            return None
        return frozenset(self.repository(name).id for name in repositories)

    def revoke_token(self, value: str) -> None:
        """Make a token unknown again."""
        del self._tokens[value]

    def hide_from(self, value: str, *repositories: str) -> None:
        """Keep repositories out of a token's sight: absent from its lists, 404 when asked for."""
        with self.lock:
            token = self._tokens[value]
            hidden = token.hidden | {self.repository(name).id for name in repositories}
            self._tokens[value] = replace(token, hidden=hidden)

    def require_sso(self, organization: str) -> None:
        """Have an organization demand single sign-on of every classic token."""
        self._guarded.add(self.account(organization).id)

    def authorize_sso(self, value: str, organization: str) -> None:
        """Authorize a token for an organization that demands single sign-on."""
        with self.lock:
            token = self._tokens[value]
            authorized = token.authorized | {self.account(organization).id}
            self._tokens[value] = replace(token, authorized=authorized)

    def show_partially(self, organization: str, *, token: str) -> None:
        """Leave the organization's private repositories out of every list that a token gets.

        A header tells so and nothing else: counts are short too, and each of them can be had by
        its name.
        """
        with self.lock:
            known = self._tokens[token]
            partial = known.partial | {self.account(organization).id}
            self._tokens[token] = replace(known, partial=partial)

    def token(self, value: str) -> Token | None:
        """The token of that value, unless it is unknown or over."""
        token = self._tokens.get(value)
        if token is None or (token.expires is not None and token.expires <= self.now()):
            return None
        return token

    def lacks_sso(self, token: Token, account: Account) -> bool:
        """Whether an account's single sign-on keeps this token out."""
        guarded = token.kind == "classic" and account.id in self._guarded
        return guarded and account.id not in token.authorized

    def leaves_out(self, token: Token, repository: Repository) -> bool:
        """Whether lists are without this repository because its owner is shown in part."""
        return repository.private and repository.owner.id in token.partial

    def sees(self, token: Token, repository: Repository) -> bool:
        """Whether a repository exists as far as this token can tell, single sign-on aside."""
        if repository.id in token.hidden:
            return False
        return not repository.private or self._reaches(token, repository)

    def _reaches(self, token: Token, repository: Repository) -> bool:
        member = token.user is None or self.role(repository.owner, token.user) is not None
        if token.kind == "classic":
            return member and "repo" in token.scopes
        chosen = token.repositories is None or repository.id in token.repositories
        return member and chosen and token.owner == repository.owner.id

    def add_app(
        self,
        *,
        app_id: int,
        public_key_pem: str | bytes,
        installations: Mapping[str, Mapping[str, str]],
    ) -> App:
        """Register an App and install it: account login -> permissions, such as `write`."""
        pem = public_key_pem.decode() if isinstance(public_key_pem, bytes) else public_key_pem
        with self.lock:
            installed = tuple(
                Installation(next(self._ids), self.account(login), dict(granted), self.now())
                for login, granted in installations.items()
            )
            self._apps[app_id] = App(app_id, pem, installed)
            return self._apps[app_id]

    def app(self, app_id: int) -> App | None:
        """The App of that id, if there is one."""
        return self._apps.get(app_id)

    def issue_installation_token(
        self,
        installation: Installation,
        permissions: Mapping[str, str],
        repositories: frozenset[int] | None,
    ) -> tuple[str, Token, datetime]:
        """A new installation token: its value, what it is, and its end."""
        expires = self.now() + self.installation_tokens_last
        token = Token(
            "installation",
            owner=installation.account.id,
            permissions=dict(permissions),
            repositories=repositories,
            expires=expires,
        )
        value = f"ghs_{secrets.token_hex(18)}"
        self._tokens[value] = token
        return value, token, expires
