"""Accounts, their repositories and teams, and the roles of users in organizations."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Literal, TypeAlias

AccountKind = Literal["Organization", "User", "Bot"]
Role = Literal["owner", "member"]
PropertyValue: TypeAlias = str | Sequence[str] | None


@dataclass(frozen=True)
class Account:
    """A user or an organization."""

    id: int
    login: str
    kind: AccountKind
    plan: str
    created_at: datetime


@dataclass(frozen=True)
class Repository:
    """A snapshot of a repository; its id stays the same when it is renamed."""

    id: int
    owner: Account
    name: str
    private: bool
    archived: bool
    topics: tuple[str, ...]
    created_at: datetime

    @property
    def full_name(self) -> str:
        """`owner/name`."""
        return f"{self.owner.login}/{self.name}"


def utc_now() -> datetime:
    """The machine's time in UTC."""
    return datetime.now(UTC)


class AccountStore:
    """The accounts and repositories of a world; names are case-insensitive.

    `lock` guards the whole world: hold it to read several values consistently.
    """

    def __init__(self, now: Callable[[], datetime] = utc_now) -> None:
        self.lock = RLock()
        self._now = now
        self._ids = count(1001)
        self._accounts: dict[str, Account] = {}
        self._roles: dict[tuple[int, int], Role] = {}
        self._repositories: dict[int, Repository] = {}
        self._names: dict[str, int] = {}
        self._former_names: dict[str, int] = {}
        self._properties: dict[int, dict[str, PropertyValue]] = {}
        self._teams: dict[tuple[int, str], tuple[int, ...]] = {}

    def now(self) -> datetime:
        """The time by this world's clock, in whole seconds like GitHub's times."""
        return self._now().replace(microsecond=0)

    def add_organization(
        self, login: str, *, plan: str = "team", owners: Iterable[str] = ()
    ) -> Account:
        """Add an organization; on the plan `free` it has no Codespaces secrets."""
        organization = self._add_account(login, "Organization", plan)
        for owner in owners:
            self.add_owner(login, owner)
        return organization

    def add_user(self, login: str) -> Account:
        """Add a user account."""
        return self._add_account(login, "User", "free")

    def _add_account(self, login: str, kind: AccountKind, plan: str) -> Account:
        with self.lock:
            account = Account(next(self._ids), login, kind, plan, self.now())
            self._accounts[login.lower()] = account
            return account

    def add_owner(self, organization: str, user: str) -> None:
        """Make a user an owner of an organization: admin of all its repositories."""
        self._add_role(organization, user, "owner")

    def add_member(self, organization: str, user: str) -> None:
        """Make a user a member of an organization: sees its repositories, is admin of none."""
        self._add_role(organization, user, "member")

    def _add_role(self, organization: str, user: str, role: Role) -> None:
        with self.lock:
            self._roles[self.account(organization).id, self.account(user).id] = role

    def role(self, account: Account, user: int) -> Role | None:
        """The role of a user in an account; users own their own account."""
        return "owner" if account.id == user else self._roles.get((account.id, user))

    def account(self, login: str) -> Account:
        """The account with this login; KeyError if it does not exist."""
        return self._accounts[login.lower()]

    def find_account(self, login: str) -> Account | None:
        """The account with this login; None if it does not exist."""
        return self._accounts.get(login.lower())

    def accounts(self) -> list[Account]:
        """All accounts, oldest first."""
        with self.lock:
            return list(self._accounts.values())

    def add_repository(
        self,
        full_name: str,
        *,
        private: bool = True,
        archived: bool = False,
        topics: Iterable[str] = (),
    ) -> Repository:
        """Add a repository to an existing account."""
        login, name = full_name.split("/")
        with self.lock:
            repository = Repository(
                id=next(self._ids),
                owner=self.account(login),
                name=name,
                private=private,
                archived=archived,
                topics=tuple(topics),
                created_at=self.now(),
            )
            self._repositories[repository.id] = repository
            self._assign_name(full_name, repository.id)
            return repository

    def rename(self, old: str, new: str) -> Repository:
        """Rename a repository, or transfer it if `new` names another owner.

        The old name redirects until another repository gets it.
        """
        login, name = new.split("/")
        with self.lock:
            renamed = replace(self.repository(old), owner=self.account(login), name=name)
            del self._names[old.lower()]
            self._former_names[old.lower()] = renamed.id
            self._repositories[renamed.id] = renamed
            self._assign_name(new, renamed.id)
            return renamed

    def archive(self, full_name: str, *, archived: bool = True) -> Repository:
        """Archive a repository, which makes it read-only, or restore it."""
        with self.lock:
            repository = replace(self.repository(full_name), archived=archived)
            self._repositories[repository.id] = repository
            return repository

    def delete_repository(self, full_name: str) -> None:
        """Delete a repository; it leaves every team and every list of a secret."""
        with self.lock:
            repository_id = self._names.pop(full_name.lower())
            del self._repositories[repository_id]
            for key, ids in self._teams.items():
                self._teams[key] = tuple(id_ for id_ in ids if id_ != repository_id)

    def add_team(self, organization: str, slug: str, *, repositories: Iterable[str] = ()) -> None:
        """Add a team to an organization, or replace its repositories, given by their full names."""
        with self.lock:
            ids = tuple(self.repository(name).id for name in repositories)
            self._teams[self.account(organization).id, slug.lower()] = ids

    def team_repositories(self, organization: Account, slug: str) -> list[Repository] | None:
        """The repositories of a team in order of their ids; None if the team does not exist."""
        ids = self._teams.get((organization.id, slug.lower()))
        return None if ids is None else [self._repositories[id_] for id_ in sorted(ids)]

    def teams(self, organization: Account) -> list[str]:
        """The slugs of the teams of an organization."""
        return [slug for owner, slug in self._teams if owner == organization.id]

    def delete_team(self, organization: Account, slug: str) -> None:
        """Delete a team; KeyError if it does not exist."""
        with self.lock:
            del self._teams[organization.id, slug.lower()]

    def set_properties(self, full_name: str, values: Mapping[str, PropertyValue]) -> None:
        """Replace all custom properties of a repository."""
        with self.lock:
            self._properties[self.repository(full_name).id] = dict(values)

    def properties(self, repository: Repository) -> Mapping[str, PropertyValue]:
        """The custom properties of a repository by name."""
        return self._properties.get(repository.id, {})

    def _assign_name(self, full_name: str, repository_id: int) -> None:
        self._names[full_name.lower()] = repository_id
        self._former_names.pop(full_name.lower(), None)

    def repository(self, full_name: str) -> Repository:
        """The repository with this name; KeyError if it does not exist."""
        return self._repositories[self._names[full_name.lower()]]

    def find_repository(self, full_name: str) -> Repository | None:
        """The repository with this name; None if it does not exist."""
        repository_id = self._names.get(full_name.lower())
        return None if repository_id is None else self._repositories[repository_id]

    def find_renamed(self, full_name: str) -> Repository | None:
        """The repository that had this name before; None if there is none any more."""
        repository_id = self._former_names.get(full_name.lower())
        return None if repository_id is None else self.repository_by_id(repository_id)

    def repository_by_id(self, repository_id: int) -> Repository | None:
        """The repository with this id; None if it does not exist."""
        return self._repositories.get(repository_id)

    def repositories(self, owner: Account) -> list[Repository]:
        """The repositories of an account, newest first, as GitHub lists them."""
        with self.lock:
            owned = [
                repository
                for repository in self._repositories.values()
                if repository.owner.id == owner.id
            ]
        return owned[::-1]
