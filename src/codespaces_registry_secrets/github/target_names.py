"""Targets that are a glob over repositories -> one target for each repository that matches."""

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
    """Desired triplets without globs but for those in `problems`, which say why nothing matched.

    `repositories` are all that the globs were looked up in.
    """

    desired: tuple[Desired, ...]
    errors: Mapping[Target, str]
    notes: tuple[Note, ...]
    repositories: RepositoryIndex


def expand_globs(desired: Sequence[Desired], sessions: GitHubClients) -> ExpandedTargets:
    """Look up every glob; archived repositories are left out. One walk for an owner."""
    globs = [triplet for triplet in desired if _is_glob(triplet)]
    owners = {triplet.target.owner.lower(): triplet.target for triplet in globs}
    found: dict[str, Lookup] = {
        owner: try_for_target(partial(list_owner, owner), sessions, target)
        for owner, target in owners.items()
    }
    problems: dict[Target, str] = {}
    notes: list[Note] = []
    result: list[Desired] = [triplet for triplet in desired if not _is_glob(triplet)]
    for triplet in globs:
        matches = list(_matches(triplet, found[triplet.target.owner.lower()], problems, notes))
        result += matches or [triplet]
    return ExpandedTargets(tuple(result), problems, tuple(notes), merge_indexes(found.values()))


def _is_glob(triplet: Desired) -> bool:
    return isinstance(triplet.target, Repository) and is_glob(triplet.target.name)


def _matches(
    triplet: Desired, found: Lookup, problems: dict[Target, str], notes: list[Note]
) -> Iterator[Desired]:
    target = triplet.target
    if isinstance(found, GitHubError):
        problems[target] = str(found)
        return
    selected = select(Selection(target.owner, "exact", (target.name,)), found)
    if not selected.repositories:
        problems[target] = f"{target.name} matches no repository that is not archived"
    if selected.archived:
        names = ", ".join(selected.archived)
        message = f"{triplet.registry} at {target}: left out because they are archived: {names}"
        notes.append(Note("notice", message, triplet.where, target))
    for repository in selected.repositories:
        yield replace(triplet, target=Repository(repository.full_name))


def resolve_other_shards(
    observed: Observed,
    desired: Iterable[Desired],
    elsewhere: Sequence[Desired],
    known: RepositoryIndex,
    sessions: GitHubClients,
    *,
    look_up: bool,
) -> Observed:
    """What was observed, with the names in `elsewhere` that can be names of what was observed.

    Only where a target holds a triplet that the spec does not name there: then it may name it by a
    former name, in another shard. Those in `known` come from a list, by their names of today.
    Without `look_up` no request is made, and the others are unknown.
    """
    ids = _unnamed(observed, desired)
    targets: dict[str, Target] = {
        t.target.name: t.target
        for t in elsewhere
        if t.registry in ids
        and isinstance(t.target, Repository)
        and t.target.name.lower() not in known
    }
    if not look_up:
        return replace(observed, other_shards=dict.fromkeys(targets.values()))
    found = get_by_name(targets, sessions)
    resolved = {target: _resolved(target, found[name]) for name, target in targets.items()}
    return replace(observed, other_shards=resolved)


def _unnamed(observed: Observed, desired: Iterable[Desired]) -> frozenset[str | None]:
    """The ids of triplets that are at a repository without being desired there."""
    wanted = {(triplet.target, triplet.registry) for triplet in desired}
    return frozenset(
        registry
        for target, seen in observed.targets.items()
        if isinstance(target, Repository)
        for registry in map(registry_of, seen.secrets)
        if registry and (target, registry) not in wanted
    )


def _resolved(target: Target, found: Lookup) -> Target | None:
    """None where it was not found: it may have moved to where the token cannot see it."""
    if isinstance(found, GitHubError):
        return None
    repository = found.get(target.name.lower())
    return Repository(repository.full_name) if repository else None
