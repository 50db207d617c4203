"""Accounts, repositories and who belongs where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from threading import RLock
from typing import Literal, TypeAlias

Role = Literal["owner", "member"]
PropertyValue: TypeAlias = str | Sequence[str] | None


@dataclass(frozen=True)
class Account:
    """A user or an organization."""

    id: int
    login: str
    kind: Literal["Organization", "User"]
    plan: str
    created_at: datetime


@dataclass(frozen=True)
class Repository:
    """A repository as it is at this moment; its id outlives a new name."""

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
    """The time of the machine, in UTC."""
    return datetime.now(UTC)


class Directory:
    """The accounts and repositories of a world; every name is looked up without regard to case.

    `lock` guards the whole world: hold it to read several things as of one moment.
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

    def now(self) -> datetime:
        """The time by this world's clock, whole seconds, as GitHub keeps it."""
        return self._now().replace(microsecond=0)

    def add_organization(
        self, login: str, *, plan: str = "team", owners: Iterable[str] = ()
    ) -> Account:
        """Found an organization; on the plan `free` it has no Codespaces secrets."""
        organization = self._add_account(login, "Organization", plan)
        for owner in owners:
            self.add_owner(login, owner)
        return organization

    def add_user(self, login: str) -> Account:
        """Add a person."""
        return self._add_account(login, "User", "free")

    def _add_account(self, login: str, kind: Literal["Organization", "User"], plan: str) -> Account:
        with self.lock:
            account = Account(next(self._ids), login, kind, plan, self.now())
            self._accounts[login.lower()] = account
            return account

    def add_owner(self, organization: str, user: str) -> None:
        """Make a user an owner of an organization: admin of all its repositories."""
        self._add_role(organization, user, "owner")

    def add_member(self, organization: str, user: str) -> None:
        """Make a user a member of an organization, who sees its repositories but manages none."""
        self._add_role(organization, user, "member")

    def _add_role(self, organization: str, user: str, role: Role) -> None:
        with self.lock:
            self._roles[self.account(organization).id, self.account(user).id] = role

    def role(self, account: Account, user: int) -> Role | None:
        """What a user is to an account; everyone owns their own."""
        return "owner" if account.id == user else self._roles.get((account.id, user))

    def account(self, login: str) -> Account:
        """The account of that login; KeyError when there is none."""
        return self._accounts[login.lower()]

    def find_account(self, login: str) -> Account | None:
        """The account of that login, if there is one."""
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
        """Add a repository to an account that exists."""
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
            self._take_name(full_name, repository.id)
            return repository

    def rename(self, old: str, new: str) -> Repository:
        """Rename a repository, or transfer it where `new` names another owner.

        The old name redirects until another repository takes it.
        """
        login, name = new.split("/")
        with self.lock:
            renamed = replace(self.repository(old), owner=self.account(login), name=name)
            del self._names[old.lower()]
            self._former_names[old.lower()] = renamed.id
            self._repositories[renamed.id] = renamed
            self._take_name(new, renamed.id)
            return renamed

    def set_properties(self, full_name: str, values: Mapping[str, PropertyValue]) -> None:
        """Give a repository these custom properties in place of all that it had."""
        with self.lock:
            self._properties[self.repository(full_name).id] = dict(values)

    def properties(self, repository: Repository) -> Mapping[str, PropertyValue]:
        """The custom properties of a repository: name -> value."""
        return self._properties.get(repository.id, {})

    def _take_name(self, full_name: str, identity: int) -> None:
        self._names[full_name.lower()] = identity
        self._former_names.pop(full_name.lower(), None)

    def repository(self, full_name: str) -> Repository:
        """The repository of that name; KeyError when there is none."""
        return self._repositories[self._names[full_name.lower()]]

    def find_repository(self, full_name: str) -> Repository | None:
        """The repository that bears this name now, if one does."""
        identity = self._names.get(full_name.lower())
        return None if identity is None else self._repositories[identity]

    def find_renamed(self, full_name: str) -> Repository | None:
        """The repository that bore this name before, if one did."""
        identity = self._former_names.get(full_name.lower())
        return None if identity is None else self._repositories[identity]

    def repository_by_id(self, identity: int) -> Repository | None:
        """The repository of that id, if there is one."""
        return self._repositories.get(identity)

    def repositories(self, owner: Account) -> list[Repository]:
        """The repositories of an account, newest first, as GitHub lists them."""
        with self.lock:
            mine = [one for one in self._repositories.values() if one.owner.id == owner.id]
        return mine[::-1]
