"""The scopes that Codespaces secrets live at. Each carries its own URLs, rules and permissions.

Source: "REST API endpoints for Codespaces secrets", docs.github.com, for the paths and permissions.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering
from hashlib import sha256
from typing import ClassVar, Literal

Visibility = Literal["all", "private", "selected"]

ME = "@me"

# GitHub runs at most so many jobs of a matrix ("Usage limits, billing, and administration").
MAX_SHARDS = 256
SHARD_FORM = f"a part such as `2/5`, the second of five; there are at most {MAX_SHARDS}"


@total_ordering
@dataclass(frozen=True)
class Target:
    """A place that holds secrets: `scope:name`, compared without regard to case as GitHub does."""

    name: str

    scope: ClassVar[str]
    has_visibility: ClassVar[bool] = False  # only an organization's secrets carry one
    has_list: ClassVar[bool] = False  # a list of selected repositories
    classic_scope: ClassVar[str]  # what a classic token needs
    permission: ClassVar[str]  # what a fine-grained token or an App needs
    not_found_reason: ClassVar[str]  # what a 404 can mean here

    @property
    def key(self) -> tuple[str, str]:
        """What makes two targets the same one."""
        return (self.scope, self.name.lower())

    @property
    def owner(self) -> str:
        """The account whose installation of a GitHub App can reach the target."""
        return self.name.partition("/")[0]

    @property
    def url(self) -> str:
        """The collection of secrets, relative to the API's root."""
        raise NotImplementedError

    def __str__(self) -> str:
        """As the spec's shorthand, the outputs and the messages write it."""
        return f"{self.scope}:{self.name}"

    def __eq__(self, other: object) -> bool:
        """Names of GitHub's accounts and repositories ignore case."""
        return isinstance(other, Target) and self.key == other.key

    def __lt__(self, other: Target) -> bool:
        """By scope, then name."""
        return self.key < other.key

    def __hash__(self) -> int:
        """As `__eq__` says."""
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Organization(Target):
    """Secrets of an organization, for all, its private, or selected repositories."""

    scope = "organization"
    has_visibility = True
    has_list = True
    classic_scope = "admin:org, of an owner"
    permission = "organization_codespaces_secrets: write"
    not_found_reason = (
        "the organization does not exist, the token's user is not an owner of it, the token lacks "
        "the permission, or its plan is Free: organization secrets for Codespaces need GitHub Team "
        "or GitHub Enterprise Cloud"
    )

    @property
    def url(self) -> str:
        """`/orgs/{org}/codespaces/secrets`."""
        return f"/orgs/{self.name}/codespaces/secrets"


@dataclass(frozen=True, eq=False)
class Repository(Target):
    """Secrets of one repository."""

    scope = "repository"
    classic_scope = "repo, of an administrator of the repository"
    permission = "codespaces_secrets: write"
    not_found_reason = (
        "the repository does not exist, or the token cannot see it or does not administer it"
    )

    @property
    def url(self) -> str:
        """`/repos/{owner}/{repo}/codespaces/secrets`."""
        return f"/repos/{self.name}/codespaces/secrets"


@dataclass(frozen=True, eq=False)
class User(Target):
    """Secrets of the token's own user, for the repositories on the list."""

    scope = "user"
    has_list = True
    classic_scope = "codespace:secrets"
    permission = "codespaces_user_secrets: write"
    not_found_reason = (
        "the token's user has no access to Codespaces, or the token lacks the permission"
    )

    @property
    def url(self) -> str:
        """`/user/codespaces/secrets`: always the token's own."""
        return "/user/codespaces/secrets"


SCOPES: dict[str, type[Target]] = {kind.scope: kind for kind in (Organization, Repository, User)}


@dataclass(frozen=True)
class Shard:
    """The `number`th, from 1 on, of `of` parts of all targets."""

    number: int
    of: int

    def __str__(self) -> str:
        """As the input `shard` has it."""
        return f"{self.number}/{self.of}"

    def has(self, target: Target) -> bool:
        """Whether a target belongs here. No other target has a say in it."""
        return target_hash(target) % self.of == self.number - 1


def parse_shard(text: str) -> Shard | None:
    """The shard that `text` names, or None where it names none."""
    match = re.fullmatch(r"([1-9]\d{0,2})/([1-9]\d{0,2})", text)
    if match is None or not int(match[1]) <= int(match[2]) <= MAX_SHARDS:
        return None
    return Shard(int(match[1]), int(match[2]))


def target_hash(target: Target) -> int:
    """A number that a target always has; the same for a user by any name, since it is the same."""
    scope, name = target.key
    key = scope if isinstance(target, User) else f"{scope}:{name}"
    return int.from_bytes(sha256(key.encode()).digest()[:8])
