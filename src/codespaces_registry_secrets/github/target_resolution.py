"""Resolve the repositories that targets name: expand globs, and look up former names.

A target with a glob (`octo-org/svc-*`) becomes one target for each repository that it matches. A
target of another shard can be a former name of a repository in this shard.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.repositories import (
    Lookup,
    get_by_name,
    list_owner,
    merge_indexes,
    try_for_target,
)
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.repositories import (
    RepositoryIndex,
    Selection,
    is_glob,
    select,
)
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import registry_of


@dataclass(frozen=True)
class ExpandedTargets:
    """Desired triplets with expanded globs; a glob in `errors` stays, with why nothing matched.

    `repositories` has every repository of the owners that were listed.
    """

    desired: tuple[Desired, ...]
    errors: Mapping[Target, str]
    notes: tuple[Note, ...]
    repositories: RepositoryIndex


def expand_globs(desired: Sequence[Desired], clients: GitHubClients) -> ExpandedTargets:
    """Replace each target with a glob by the repositories that match and are not archived.

    Each owner is listed once.
    """
    globs = [triplet for triplet in desired if _has_glob(triplet)]
    owners = {triplet.target.owner.lower(): triplet.target for triplet in globs}
    lookups: dict[str, Lookup] = {
        owner: try_for_target(partial(list_owner, owner), clients, target)
        for owner, target in owners.items()
    }
    errors: dict[Target, str] = {}
    notes: list[Note] = []
    expanded: list[Desired] = [triplet for triplet in desired if not _has_glob(triplet)]
    for triplet in globs:
        matches = list(_matches(triplet, lookups[triplet.target.owner.lower()], errors, notes))
        expanded += matches or [triplet]
    repositories = merge_indexes(lookups.values())
    return ExpandedTargets(tuple(expanded), errors, tuple(notes), repositories)


def _has_glob(triplet: Desired) -> bool:
    return isinstance(triplet.target, Repository) and is_glob(triplet.target.name)


def _matches(
    triplet: Desired, lookup: Lookup, errors: dict[Target, str], notes: list[Note]
) -> Iterator[Desired]:
    """A triplet for each repository that matches; adds to `errors` and `notes`."""
    target = triplet.target
    if isinstance(lookup, GitHubError):
        errors[target] = str(lookup)
        return
    selected = select(Selection(target.owner, "exact", (target.name,)), lookup)
    if not selected.repositories:
        errors[target] = f"{target.name} matches no unarchived repository"
    if selected.archived:
        names = ", ".join(selected.archived)
        message = f"{triplet.registry} at {target}: left out because they are archived: {names}"
        notes.append(Note("notice", message, triplet.where, target))
    for repository in selected.repositories:
        yield replace(triplet, target=Repository(repository.full_name))


def resolve_other_shards(
    observed: Observed,
    desired: Iterable[Desired],
    other_shards: Sequence[Desired],
    listed: RepositoryIndex,
    clients: GitHubClients,
    *,
    look_up: bool,
) -> Observed:
    """Add the current names of the targets in `other_shards` to the observed state.

    A repository of this shard can have a triplet that the spec declares in another shard, by a
    former name of the repository. Only targets with the id of such a triplet are looked up. Targets
    in `listed` need no request, because a list has current names. Without `look_up` no request is
    sent, and the current names are unknown.
    """
    ids = _undesired_ids(observed, desired)
    targets: dict[str, Target] = {
        t.target.name: t.target
        for t in other_shards
        if t.registry in ids
        and isinstance(t.target, Repository)
        and t.target.name.lower() not in listed
    }
    if not look_up:
        return replace(observed, other_shards=dict.fromkeys(targets.values()))
    lookups = get_by_name(targets, clients)
    resolved = {target: _current_target(target, lookups[name]) for name, target in targets.items()}
    return replace(observed, other_shards=resolved)


def _undesired_ids(observed: Observed, desired: Iterable[Desired]) -> frozenset[str | None]:
    """The ids of triplets that a repository has, but the spec does not declare for it."""
    desired_at = {(triplet.target, triplet.registry) for triplet in desired}
    return frozenset(
        registry
        for target, state in observed.targets.items()
        if isinstance(target, Repository)
        for registry in map(registry_of, state.secrets)
        if registry and (target, registry) not in desired_at
    )


def _current_target(target: Target, lookup: Lookup) -> Target | None:
    """The target by its current name; None if it does not exist, or the token cannot see it."""
    if isinstance(lookup, GitHubError):
        return None
    repository = lookup.get(target.name.lower())
    return Repository(repository.full_name) if repository else None
