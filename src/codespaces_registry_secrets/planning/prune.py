"""Find triplets at the targets of a spec that the spec does not name, to delete or list them. Pure.

A repository can have several names, and the spec can name a triplet by a former one, or by a glob.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.allowlist import matches_glob
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Step
from codespaces_registry_secrets.model.repositories import is_glob
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.model.triplet import Part, registry_of, secret_name
from codespaces_registry_secrets.planning.rotation import stored_at
from codespaces_registry_secrets.planning.safety_checks import (
    exceeds_removal_limit,
    removal_limit_message,
)


def plan_deletions(
    desired: Sequence[Desired], other_triplets: Sequence[Desired], observed: Observed, limit: float
) -> Iterator[Change]:
    """Delete each unmanaged triplet; block this for a target that would lose more than `limit`.

    `limit` is a share, 0 to 1, of the target's triplets. `desired` and `other_triplets`, those of
    other shards, are at resolved targets; `desired` is sorted.
    """
    for unmanaged in _find_unmanaged(desired, other_triplets, observed):
        ids = unmanaged.ids
        total = len({registry_of(name) for name in unmanaged.observed_target.secrets} - {None})
        for registry in ids:
            change = _deletion(unmanaged, registry)
            if registry in unmanaged.possibly_declared:
                yield change.blocked(_possibly_declared_message(unmanaged, registry))
            elif exceeds_removal_limit(len(ids), total, limit):
                yield change.blocked(
                    f"would delete {len(ids)} of {total} triplets of this target, "
                    f"{removal_limit_message(limit)}"
                )
            else:
                yield change


def list_unmanaged(
    desired: Sequence[Desired], other_triplets: Sequence[Desired], observed: Observed
) -> Iterator[Note]:
    """A notice for each target with triplets that are certainly not in the spec."""
    for unmanaged in _find_unmanaged(desired, other_triplets, observed):
        ids = [
            registry for registry in unmanaged.ids if registry not in unmanaged.possibly_declared
        ]
        if ids:
            number = "1 triplet is" if len(ids) == 1 else f"{len(ids)} triplets are"
            message = f"{unmanaged.target}: {number} not in the spec: {', '.join(ids)}"
            yield Note("notice", message, unmanaged.where, unmanaged.target)


@dataclass(frozen=True)
class Unmanaged:
    """The registry ids at a target that the spec does not name there, sorted.

    `declared` and `where` are the target as the spec names it, and its place in the spec.
    `possibly_declared` has each id that the spec possibly names for this target, by another target:
    a repository name that could not be resolved can be a former name of this one, and a glob
    matches an organization that GitHub did not list.
    """

    target: Target
    observed_target: ObservedTarget
    declared: Target | None
    where: Location
    ids: tuple[str, ...]
    possibly_declared: Mapping[str, Target]


def _find_unmanaged(
    desired: Sequence[Desired], other_triplets: Sequence[Desired], observed: Observed
) -> Iterator[Unmanaged]:
    """Each target that could be read and that has unmanaged triplets."""
    declared_ids: defaultdict[Target, set[str]] = defaultdict(set)
    for triplet in (*desired, *other_triplets):
        declared_ids[triplet.target].add(triplet.registry)
    unresolved = _find_unresolved(desired, other_triplets, observed)
    globs = [t for t in (*desired, *other_triplets) if _is_organization_glob(t.target)]
    first = {triplet.target: triplet for triplet in reversed(desired)}
    for target in sorted(first):
        declared = first[target].declared
        observed_target = observed.targets[declared or target]
        stored_ids = {
            registry for name in observed_target.secrets if (registry := registry_of(name))
        }
        ids = stored_ids - declared_ids[target]
        if not ids or observed_target.error:
            continue
        yield Unmanaged(
            target=target,
            observed_target=observed_target,
            declared=declared,
            where=first[target].where,
            ids=tuple(sorted(ids)),
            possibly_declared=unresolved
            if isinstance(target, Repository)
            else {t.registry: t.target for t in globs if _can_match(t.target, target)},
        )


def _is_organization_glob(target: Target) -> bool:
    return isinstance(target, Organization) and is_glob(target.name)


def _can_match(glob: Target, target: Target) -> bool:
    """Whether a glob of organizations matches a target that GitHub possibly did not list."""
    return isinstance(target, Organization) and matches_glob(glob.key[1], target.key[1])


def _find_unresolved(
    desired: Sequence[Desired], other_triplets: Sequence[Desired], observed: Observed
) -> Mapping[str, Target]:
    """By registry id, a repository that the spec names for it and that could not be resolved."""
    unread = [t for t in desired if observed.targets[t.declared or t.target].error]
    unknown = [
        triplet
        for triplet in other_triplets
        if observed.other_shards.get(triplet.declared or triplet.target, triplet.target) is None
    ]
    return {t.registry: t.target for t in (*unread, *unknown) if isinstance(t.target, Repository)}


def _possibly_declared_message(unmanaged: Unmanaged, registry: str) -> str:
    other = unmanaged.possibly_declared[registry]
    if _is_organization_glob(other):
        return (
            f"{registry} is also declared for {other}, which matches this organization, but GitHub "
            "did not list it; fix that target first"
        )
    return (
        f"{registry} is also declared for {other}, which could not be looked up and can be a "
        "former name of this repository; fix that target first"
    )


def _deletion(unmanaged: Unmanaged, registry: str) -> Change:
    return Change(
        target=unmanaged.target,
        registry=registry,
        action="delete",
        reason="the spec does not name it",
        where=unmanaged.where,
        declared=unmanaged.declared,
        stored_at=stored_at(registry, unmanaged.observed_target),
        steps=tuple(_deletion_steps(registry, unmanaged.observed_target)),
    )


def _deletion_steps(registry: str, observed_target: ObservedTarget) -> Iterator[Step]:
    """SERVER first: Codespaces ignores a triplet without it, so it never uses an incomplete one."""
    for part in reversed(Part):
        if secret_name(registry, part) in observed_target.secrets:
            yield Step(part, value=False, delete=True)
