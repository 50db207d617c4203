"""The state at GitHub: names, times, visibility and lists. GitHub never returns secret values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from codespaces_registry_secrets.model.dev_containers import DevContainerIndex
from codespaces_registry_secrets.model.generation import GenerationDecision
from codespaces_registry_secrets.model.repositories import RepositoryIndex, RepositoryInfo
from codespaces_registry_secrets.model.state import State
from codespaces_registry_secrets.model.targets import Target, Visibility

# Why the repositories of a selection could not be looked up, by the target as the spec names it and
# the registry's id.
LookupErrors = Mapping[tuple[Target, str], str]


@dataclass(frozen=True)
class SelectedRepositories:
    """The selected repositories of a secret.

    `complete` is false if GitHub counts more repositories than it shows to the token.
    """

    repositories: tuple[RepositoryInfo, ...]
    complete: bool


@dataclass(frozen=True)
class ObservedSecret:
    """One Codespaces secret.

    `updated_at` is when its value was last written. `visibility` is None unless the secret belongs
    to an organization. `selected` is None if the secret has no list of repositories.
    """

    name: str
    updated_at: datetime
    visibility: Visibility | None = None
    selected: SelectedRepositories | None = None


@dataclass(frozen=True)
class ObservedTarget:
    """One target: its secrets by name, or the `error` that prevented reading them.

    `at` is when it was read, by GitHub's clock: ages are computed against times from GitHub, and
    the runner's clock can be wrong. `resolved` is the target that GitHub resolves this one to, if
    it has a different name: a renamed repository, or the token's own user for a user target.
    `moved_to` is the repository that GitHub redirects to, also if it has another owner.
    """

    secrets: Mapping[str, ObservedSecret]
    at: datetime
    error: str | None = None
    resolved: Target | None = None
    moved_to: RepositoryInfo | None = None


@dataclass(frozen=True)
class Observed:
    """Everything about GitHub's state that the planner needs.

    `repository_index` holds every repository that was looked up. `lookup_errors` says why the
    repositories of a selection could not be looked up; a name that is missing from the index then
    means nothing. `source_changed_at` says when the Actions secrets of `{secret: NAME}` were last
    changed, without those whose age is unknown. `other_shards` maps each target of the other shards
    to the target that GitHub resolves it to, or to None if that is unknown. `state` is what the
    Action recorded about earlier writes, or None if it keeps no records; `state_unreadable`: it
    keeps some, and they could not be read. `generations` says which generated credential the
    targets get, by the `store` of its journal. `departed` are targets that left the spec, as far as
    they were read. `dev_containers` are those of the repositories that a selection narrows by what
    they pull.
    """

    targets: Mapping[Target, ObservedTarget]
    repository_index: RepositoryIndex
    lookup_errors: LookupErrors
    source_changed_at: Mapping[str, datetime]
    other_shards: Mapping[Target, Target | None] = field(default_factory=dict)
    state: State | None = None
    state_unreadable: bool = False
    departed: Mapping[Target, ObservedTarget] = field(default_factory=dict)
    generations: Mapping[str, GenerationDecision] = field(default_factory=dict)
    dev_containers: DevContainerIndex = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """GitHub's time of the last successful read; the runner's time if every read failed."""
        successful = [observed.at for observed in self.targets.values() if not observed.error]
        attempted = [observed.at for observed in self.targets.values()]
        return max(successful or attempted, default=datetime.now(UTC))
