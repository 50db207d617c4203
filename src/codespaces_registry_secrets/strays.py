"""Triplets that are at the targets of a spec, and that it does not name. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from codespaces_registry_secrets.change import Change, Note, Step
from codespaces_registry_secrets.desired import Desired
from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.guards import FEW_REMOVALS
from codespaces_registry_secrets.observed import ObservedTarget
from codespaces_registry_secrets.targets import Target
from codespaces_registry_secrets.triplet import Part, registry_of, secret_name


def strays(
    settled: Sequence[Desired], targets: Mapping[Target, ObservedTarget]
) -> Iterator[tuple[Target, Location, list[str]]]:
    """For each target that was seen: its place in the spec, and the ids that the spec lacks."""
    for target in sorted({triplet.target for triplet in settled}):
        here = [triplet for triplet in settled if triplet.target == target]
        ids = {registry_of(name) for name in targets[target].secrets} - {None}
        unnamed = sorted(str(name) for name in ids - {triplet.registry for triplet in here})
        if unnamed and not targets[target].problem:
            yield target, here[0].where, unnamed


def pruned(
    settled: Sequence[Desired], targets: Mapping[Target, ObservedTarget], limit: float
) -> Iterator[Change]:
    """A deletion for each stray; none where that is more than `limit` of a target's triplets."""
    for target, where, ids in strays(settled, targets):
        there = len({registry_of(name) for name in targets[target].secrets} - {None})
        many = len(ids) > FEW_REMOVALS and len(ids) > limit * there
        for registry in ids:
            change = Change(
                target=target,
                registry=registry,
                action="delete",
                reason="the spec does not name it",
                where=where,
                steps=tuple(_deletions(registry, targets[target])),
            )
            message = (
                f"it would delete {len(ids)} of {there} triplets here, which is more than "
                f"`removal-limit` allows ({limit:.0%}); if that is meant, run once with "
                "`removal-limit: 100%`"
            )
            yield change.blocked(message) if many else change


def told(settled: Sequence[Desired], targets: Mapping[Target, ObservedTarget]) -> Iterator[Note]:
    """What a run without `prune` leaves alone."""
    for target, where, ids in strays(settled, targets):
        number = "1 triplet is" if len(ids) == 1 else f"{len(ids)} triplets are"
        message = f"{target}: {number} not in the spec: {', '.join(ids)}"
        yield Note("notice", message, where)


def _deletions(registry: str, seen: ObservedTarget) -> Iterator[Step]:
    """SERVER first: a triplet without it is not used any more, so it is never used half."""
    for part in reversed(Part):
        if secret_name(registry, part) in seen.secrets:
            yield Step(part, value=False, delete=True)
