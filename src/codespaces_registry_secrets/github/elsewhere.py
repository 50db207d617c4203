"""Repositories that the spec names and other shards act on: which ones they are now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import Sessions
from codespaces_registry_secrets.github.repositories import Found, named
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.repositories import Catalogue
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import registry_of


def with_elsewhere(
    observed: Observed,
    desired: Iterable[Desired],
    elsewhere: Sequence[Desired],
    known: Catalogue,
    sessions: Sessions,
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
        return replace(observed, elsewhere=dict.fromkeys(targets.values()))
    found = named(targets, sessions)
    resolved = {target: _resolved(target, found[name]) for name, target in targets.items()}
    return replace(observed, elsewhere=resolved)


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


def _resolved(target: Target, found: Found) -> Target | None:
    """None where it was not found: it may have moved to where the token cannot see it."""
    if isinstance(found, GitHubError):
        return None
    repository = found.get(target.name.lower())
    return Repository(repository.full_name) if repository else None
