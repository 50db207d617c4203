"""Resolve what targets name: expand globs, and look up former names of repositories.

A target with a glob (`octo-org/svc-*`, `octo-*`) becomes one target for each repository or
organization that it matches. A target of another shard can be a former name of a repository in this
shard.
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
from codespaces_registry_secrets.github.try_read import try_read
from codespaces_registry_secrets.model.allowlist import is_allowed, matches_glob
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.repositories import (
    RepositoryIndex,
    Selection,
    is_glob,
    select,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.model.triplet import registry_of


@dataclass(frozen=True)
class ExpandedTargets:
    """Desired triplets with expanded globs; a glob in `errors` stays, with why nothing matched.

    `repositories` has every repository of the owners that were listed. `organization_globs` are the
    triplets whose globs of organizations were replaced.
    """

    desired: tuple[Desired, ...]
    errors: Mapping[Target, str]
    notes: tuple[Note, ...]
    repositories: RepositoryIndex
    organization_globs: tuple[Desired, ...]


def expand_globs(
    desired: Sequence[Desired], clients: GitHubClients, allowed_owners: Sequence[str]
) -> ExpandedTargets:
    """Replace each target with a glob by the organizations or repositories that match.

    An organization must match `allowed_owners`, too. Archived repositories are left out. Each owner
    is listed once, and the organizations once.
    """
    organizations = [t for t in desired if _has_glob(t) and isinstance(t.target, Organization)]
    repositories = [t for t in desired if _has_glob(t) and isinstance(t.target, Repository)]
    owners = {triplet.target.owner.lower(): triplet.target for triplet in repositories}
    lookups: dict[str, Lookup] = {
        owner: try_for_target(partial(list_owner, owner), clients, target)
        for owner, target in owners.items()
    }
    errors: dict[Target, str] = {}
    notes: list[Note] = []
    expanded: list[Desired] = [triplet for triplet in desired if not _has_glob(triplet)]
    expanded += _expand_organizations(organizations, clients, allowed_owners, errors, notes)
    for triplet in repositories:
        matches = list(_matches(triplet, lookups[triplet.target.owner.lower()], errors, notes))
        expanded += matches or [triplet]
    listed = merge_indexes(lookups.values())
    replaced = tuple(triplet for triplet in organizations if triplet.target not in errors)
    return ExpandedTargets(tuple(expanded), errors, tuple(notes), listed, replaced)


def _has_glob(triplet: Desired) -> bool:
    return is_glob(triplet.target.name)


def _expand_organizations(
    globs: Sequence[Desired],
    clients: GitHubClients,
    allowed_owners: Sequence[str],
    errors: dict[Target, str],
    notes: list[Note],
) -> Iterator[Desired]:
    """A triplet for each organization that matches; adds to `errors` and `notes`."""
    if not globs:
        return
    listed = try_read(lambda: clients.list_organizations(globs[0].target))
    for triplet in globs:
        target = triplet.target
        if isinstance(listed, GitHubError):
            errors[target] = str(listed)
            yield triplet
            continue
        matching = sorted(n for n in listed if matches_glob(target.name.lower(), n.lower()))
        allowed = [name for name in matching if is_allowed(allowed_owners, name)]
        left_out = [name for name in matching if name not in allowed]
        if left_out:
            message = (
                f"{triplet.registry} at {target}: left out because `allowed-owners` does not allow "
                f"them: {', '.join(left_out)}"
            )
            notes.append(Note("notice", message, triplet.where, target))
        if not allowed:
            which = "that `allowed-owners` allows" if matching else clients.no_match
            errors[target] = f"{target.name} matches no organization {which}"
            yield triplet
        for name in allowed:
            selection = triplet.selection.of_owner(name) if triplet.selection else None
            yield replace(triplet, target=Organization(name), selection=selection)


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
