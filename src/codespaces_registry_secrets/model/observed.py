"""What GitHub holds: names, times, visibility and lists. Values can never be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from codespaces_registry_secrets.model.repositories import RepositoryIndex, RepositoryInfo
from codespaces_registry_secrets.model.targets import Target, Visibility


@dataclass(frozen=True)
class SelectedRepositories:
    """The list of a secret; not `complete` where GitHub counts more than it shows the token."""

    repositories: tuple[RepositoryInfo, ...]
    complete: bool


@dataclass(frozen=True)
class ObservedSecret:
    """A secret. `selected` is None where it has no list.

    `updated_at` is when its value was written last.
    """

    name: str
    updated_at: datetime
    visibility: Visibility | None = None
    selected: SelectedRepositories | None = None


@dataclass(frozen=True)
class ObservedTarget:
    """A target: its secrets by name, or the `problem` that kept us from seeing them.

    `at` is when that was, by GitHub's own clock: the runner's may be wrong, and ages are reckoned
    against times that GitHub gave. `resolved` is what GitHub takes the target for, where that has
    another name: a repository that was renamed, and at a user target always the token's own user.
    """

    secrets: Mapping[str, ObservedSecret]
    at: datetime
    error: str | None = None
    resolved: Target | None = None


@dataclass(frozen=True)
class Observed:
    """All that a plan is made from.

    `unlisted` says for which targets the repositories could not be looked up, and why: nothing may
    be concluded from a name that the catalogue lacks then. `changed` says when the Actions secrets
    of `{secret: NAME}` were changed last; one whose age is not known is not in it. `elsewhere` says
    what GitHub takes a target for that another shard acts on; None where that is not known.
    """

    targets: Mapping[Target, ObservedTarget]
    repository_index: RepositoryIndex
    lookup_errors: Mapping[Target, str]
    source_changed_at: Mapping[str, datetime]
    other_shards: Mapping[Target, Target | None] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """GitHub's time at the end of looking; the runner's where GitHub never answered."""
        answered = [seen.at for seen in self.targets.values() if not seen.error]
        asked = [seen.at for seen in self.targets.values()]
        return max(answered or asked, default=datetime.now(UTC))
