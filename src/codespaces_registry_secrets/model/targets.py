"""Targets: the organizations, repositories and users whose secrets are managed; and shards of them.

Each kind of target carries its own URLs, rules and permissions. Source: "REST API endpoints for
Codespaces secrets", docs.github.com, for the paths and permissions.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import total_ordering
from hashlib import sha256
from typing import ClassVar, Literal

Visibility = Literal["all", "private", "selected"]

# In the spec, `user: "@me"` is the token's own user.
ME = "@me"

# A matrix generates at most 256 jobs. Source: "Usage limits, billing, and administration",
# docs.github.com.
MAX_SHARDS = 256
SHARD_FORMAT = (
    f"a shard such as `2/5`, the second of five; the second number is at most {MAX_SHARDS}"
)


@total_ordering
@dataclass(frozen=True)
class Target(ABC):
    """An organization, a repository or a user. Names are compared without regard to letter case."""

    name: str

    scope: ClassVar[str]  # the key in the spec
    has_visibility: ClassVar[bool] = False  # only secrets of an organization have a visibility
    has_list: ClassVar[bool] = False  # whether secrets have a list of selected repositories
    classic_scope: ClassVar[str]  # the scope that a classic token needs
    permission: ClassVar[str]  # the permission that a fine-grained token or an App needs
    # Whether the `permissions` of a job can give this permission to GITHUB_TOKEN.
    job_permission: ClassVar[bool] = False
    not_found_reason: ClassVar[str]  # what a 404 for this kind of target can mean

    @property
    def key(self) -> tuple[str, str]:
        """Scope and lower-case name: two targets with the same key are the same target."""
        return (self.scope, self.name.lower())

    @property
    def owner(self) -> str:
        """The account whose installation of a GitHub App can reach the target."""
        return self.name.partition("/")[0]

    @property
    @abstractmethod
    def url(self) -> str:
        """The path of its Codespaces secrets, relative to the API's root."""

    def __str__(self) -> str:
        """`scope:name`, as in the input `target`, the outputs and the messages."""
        return f"{self.scope}:{self.name}"

    def __eq__(self, other: object) -> bool:
        """Compare by key: GitHub ignores letter case in names."""
        return isinstance(other, Target) and self.key == other.key

    def __lt__(self, other: Target) -> bool:
        """Sort by scope, then by name."""
        return self.key < other.key

    def __hash__(self) -> int:
        """Consistent with `__eq__`."""
        return hash(self.key)


@dataclass(frozen=True, eq=False)
class Organization(Target):
    """An organization: its secrets are for all, its private, or selected repositories."""

    scope = "organization"
    has_visibility = True
    has_list = True
    classic_scope = "admin:org, of an owner"
    permission = "organization_codespaces_secrets: write"
    not_found_reason = (
        "the organization does not exist, the token's user is not an owner of it, the token lacks "
        "the permission, or the organization is on the Free plan: organization secrets for "
        "Codespaces need GitHub Team or GitHub Enterprise Cloud"
    )

    @property
    def url(self) -> str:
        """`/orgs/{org}/codespaces/secrets`."""
        return f"/orgs/{self.name}/codespaces/secrets"


@dataclass(frozen=True, eq=False)
class Repository(Target):
    """A repository: its secrets are for this repository alone."""

    scope = "repository"
    classic_scope = "repo, of an administrator of the repository"
    permission = "codespaces_secrets: write"
    not_found_reason = (
        "the repository does not exist, or the token cannot see it or has no admin access to it"
    )

    @property
    def url(self) -> str:
        """`/repos/{owner}/{repo}/codespaces/secrets`."""
        return f"/repos/{self.name}/codespaces/secrets"


@dataclass(frozen=True, eq=False)
class User(Target):
    """The token's own user: its secrets are for the selected repositories, of any owner."""

    scope = "user"
    has_list = True
    classic_scope = "codespace:secrets"
    permission = "codespaces_user_secrets: write"
    not_found_reason = (
        "the token's user has no access to Codespaces, or the token lacks the permission"
    )

    @property
    def url(self) -> str:
        """`/user/codespaces/secrets`: always those of the token's own user."""
        return "/user/codespaces/secrets"


SCOPES: dict[str, type[Target]] = {kind.scope: kind for kind in (Organization, Repository, User)}


@dataclass(frozen=True)
class Shard:
    """One of `of` parts of all targets; `number` counts from 1."""

    number: int
    of: int

    def __str__(self) -> str:
        """`2/5`, as in the input `shard`."""
        return f"{self.number}/{self.of}"

    def has(self, target: Target) -> bool:
        """Whether a target is in this shard. It depends on that target alone."""
        return target_hash(target) % self.of == self.number - 1


def parse_shard(text: str) -> Shard | None:
    """Parse a shard such as `2/5`; None if the text is not a shard."""
    match = re.fullmatch(r"([1-9]\d{0,2})/([1-9]\d{0,2})", text)
    if match is None or not int(match[1]) <= int(match[2]) <= MAX_SHARDS:
        return None
    return Shard(int(match[1]), int(match[2]))


def target_hash(target: Target) -> int:
    """A hash that is the same in every run. All user targets share it: they are the same user."""
    scope, name = target.key
    key = scope if isinstance(target, User) else f"{scope}:{name}"
    return int.from_bytes(sha256(key.encode()).digest()[:8])
