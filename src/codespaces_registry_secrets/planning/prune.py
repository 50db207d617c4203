"""Triplets at the targets of a spec that the spec does not name. Pure.

A repository can have several names: the spec may name a triplet by a former one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Step
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import Part, registry_of, secret_name
from codespaces_registry_secrets.planning.safety_checks import FEW_REMOVALS


@dataclass(frozen=True)
class Unmanaged:
    """The ids at a target that the spec does not name there, sorted.

    `unsure` are those that it may name there by a name of the target that could not be resolved,
    and that name. `declared` and `where` are the target as the spec has it, and its place.
    """

    target: Target
    seen: ObservedTarget
    declared: Target | None
    where: Location
    ids: tuple[str, ...]
    unsure: Mapping[str, Target]


def plan_deletions(
    desired: Sequence[Desired], elsewhere: Sequence[Desired], observed: Observed, limit: float
) -> Iterator[Change]:
    """A deletion for each; none where that is more than `limit` of a target's triplets."""
    for unmanaged in _find(desired, elsewhere, observed):
        ids = unmanaged.ids
        there = len({registry_of(name) for name in unmanaged.seen.secrets} - {None})
        many = len(ids) > FEW_REMOVALS and len(ids) > limit * there
        message = (
            f"it would delete {len(ids)} of {there} triplets here, which is more than "
            f"`removal-limit` allows ({limit:.0%}); if that is meant, run once with "
            "`removal-limit: 100%`"
        )
        for registry in ids:
            change = _deletion(unmanaged, registry)
            if registry in unmanaged.unsure:
                yield change.blocked(_unsure(registry, unmanaged.unsure[registry]))
            else:
                yield change.blocked(message) if many else change


def list_unmanaged(
    desired: Sequence[Desired], elsewhere: Sequence[Desired], observed: Observed
) -> Iterator[Note]:
    """What a run without `prune` leaves alone, as far as that is certain."""
    for unmanaged in _find(desired, elsewhere, observed):
        ids = [registry for registry in unmanaged.ids if registry not in unmanaged.unsure]
        if ids:
            number = "1 triplet is" if len(ids) == 1 else f"{len(ids)} triplets are"
            message = f"{unmanaged.target}: {number} not in the spec: {', '.join(ids)}"
            yield Note("notice", message, unmanaged.where, unmanaged.target)


def _find(
    desired: Sequence[Desired], elsewhere: Sequence[Desired], observed: Observed
) -> Iterator[Unmanaged]:
    """Each target that was seen and has any; `desired` and `elsewhere` are resolved and sorted."""
    named: defaultdict[Target, set[str]] = defaultdict(set)
    for triplet in (*desired, *elsewhere):
        named[triplet.target].add(triplet.registry)
    unsure = _unresolved(desired, elsewhere, observed)
    first = {triplet.target: triplet for triplet in reversed(desired)}
    for target in sorted(first):
        declared = first[target].declared
        seen = observed.targets[declared or target]
        ids = {registry_of(name) or "" for name in seen.secrets} - {""} - named[target]
        if not ids or seen.error:
            continue
        doubts = unsure if isinstance(target, Repository) else {}
        yield Unmanaged(target, seen, declared, first[target].where, tuple(sorted(ids)), doubts)


def _unresolved(
    desired: Sequence[Desired], elsewhere: Sequence[Desired], observed: Observed
) -> Mapping[str, Target]:
    """For each id a repository that the spec names it for and that could not be looked up."""
    unseen = [t for t in desired if observed.targets[t.declared or t.target].error]
    unknown = [
        t for t in elsewhere if observed.other_shards.get(t.declared or t.target, t.target) is None
    ]
    return {t.registry: t.target for t in (*unseen, *unknown) if isinstance(t.target, Repository)}


def _unsure(registry: str, target: Target) -> str:
    return (
        f"{registry} is also declared for {target}, which could not be looked up and may be a "
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
        steps=tuple(_steps(registry, unmanaged.seen)),
    )


def _steps(registry: str, seen: ObservedTarget) -> Iterator[Step]:
    """SERVER first: a triplet without it is not used any more, so it is never used half."""
    for part in reversed(Part):
        if secret_name(registry, part) in seen.secrets:
            yield Step(part, value=False, delete=True)
