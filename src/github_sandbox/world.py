"""A small GitHub in memory: `World` holds its state, which requests and tests change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from github_sandbox.directory import utc_now
from github_sandbox.keyring import Keyring
from github_sandbox.vault import ActionsSecret, StoredSecret, Vault

ScopeKind = Literal["organization", "repository", "user"]


@dataclass(frozen=True)
class Scope:
    """Where secrets are kept: an account or a repository, by its id."""

    kind: ScopeKind
    id: int


@dataclass(frozen=True)
class Secret:
    """A secret for a test to look at: opened, and its repositories by their names of now."""

    name: str
    value: bytes
    created_at: datetime
    updated_at: datetime
    visibility: str | None
    repositories: tuple[str, ...]


class World(Keyring):
    """Accounts, repositories, tokens and secrets; safe to use from several threads.

    A target is written `organization:octo-org`, `repository:octo-org/app` or `user:octocat`.
    `now` is GitHub's clock: secrets are dated with it, tokens end by it and the `Date` of an answer
    tells it. Codespaces secrets are shown with an `updated_at` that is `updated_at_lag` too early.
    No page of a list is longer than `most_per_page`, nor than GitHub's are.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        super().__init__(now)
        self.updated_at_lag = timedelta(0)
        self.most_per_page = 100
        self._vaults: dict[Scope, Vault] = {}
        self._actions_secrets: dict[Scope, dict[str, ActionsSecret]] = {}

    def scope(self, target: str) -> Scope:
        """The scope that a target names; KeyError when there is no such account or repository."""
        kind, _, name = target.partition(":")
        if kind == "repository":
            return Scope("repository", self.repository(name).id)
        account = self.account(name)
        owned: ScopeKind = "organization" if account.kind == "Organization" else "user"
        if kind != owned:
            raise KeyError(target)
        return Scope(owned, account.id)

    def vault(self, scope: Scope) -> Vault:
        """The vault of a scope, with a key pair from its first use on."""
        with self.lock:
            if scope not in self._vaults:
                self._vaults[scope] = Vault()
            return self._vaults[scope]

    def put_secret(
        self,
        target: str,
        name: str,
        value: bytes,
        *,
        visibility: str | None = None,
        repositories: Iterable[str] = (),
        updated_at: datetime | None = None,
    ) -> None:
        """Store a secret by hand; `visibility` is `private` at an organization unless given."""
        with self.lock:
            scope = self.scope(target)
            vault, at = self.vault(scope), updated_at or self.now()
            defaults = {"organization": "private", "repository": None, "user": "selected"}
            old = vault.secrets.get(name.upper())
            secret = StoredSecret(
                name=name.upper(),
                value=value,
                created_at=old.created_at if old else at,
                updated_at=at,
                visibility=visibility or defaults[scope.kind],
                repositories=self._ids_of(repositories),
            )
            vault.put(secret)

    def secrets(self, target: str) -> dict[str, Secret]:
        """The secrets at a target, by name."""
        with self.lock:
            stored = self.vault(self.scope(target)).secrets
            return {name: self._opened(stored[name]) for name in sorted(stored)}

    def _opened(self, secret: StoredSecret) -> Secret:
        names = tuple(self._repositories[identity].full_name for identity in secret.repositories)
        return Secret(
            secret.name,
            secret.value,
            secret.created_at,
            secret.updated_at,
            secret.visibility,
            names,
        )

    def delete_secret(self, target: str, name: str) -> None:
        """Delete a secret by hand."""
        with self.lock:
            del self.vault(self.scope(target)).secrets[name.upper()]

    def set_repositories(self, target: str, name: str, repositories: Iterable[str]) -> None:
        """Replace a secret's list of repositories by hand."""
        with self.lock:
            secrets = self.vault(self.scope(target)).secrets
            listed = self._ids_of(repositories)
            secrets[name.upper()] = replace(secrets[name.upper()], repositories=listed)

    def _ids_of(self, full_names: Iterable[str]) -> tuple[int, ...]:
        return tuple(dict.fromkeys(self.repository(name).id for name in full_names))

    def put_actions_secret(
        self,
        target: str,
        name: str,
        *,
        updated_at: datetime | None = None,
        repositories: Iterable[str] | None = None,
    ) -> None:
        """Date an Actions secret of a repository or an organization by hand.

        `repositories` are those that may use an organization's; None is all of them.
        """
        with self.lock:
            stored, at = self.actions_secrets(self.scope(target)), updated_at or self.now()
            old = stored.get(name.upper())
            stored[name.upper()] = ActionsSecret(
                name=name.upper(),
                created_at=old.created_at if old else at,
                updated_at=at,
                repositories=self._limit(repositories),
            )

    def actions_secrets(self, scope: Scope) -> dict[str, ActionsSecret]:
        """The Actions secrets of a scope, by name."""
        return self._actions_secrets.setdefault(scope, {})

    def new_key(self, target: str) -> None:
        """Give a target a new key pair; values sealed for the old one are refused from now on."""
        with self.lock:
            self.vault(self.scope(target)).new_key()
