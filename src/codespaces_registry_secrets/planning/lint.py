"""Warn about triplets that work, but probably not as intended. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Literal

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.registries import GHCR
from codespaces_registry_secrets.model.repositories import SelectionResult
from codespaces_registry_secrets.model.targets import Repository, User
from codespaces_registry_secrets.planning.access import Member, find_inconsistencies


def lint_triplets(triplets: Sequence[Desired]) -> Iterator[Note]:
    """Warnings and notices about triplets at resolved targets, in the order of the triplets."""
    organizations = {
        (t.registry, t.target.owner.lower()) for t in triplets if t.target.has_visibility
    }
    # A set, because a triplet that is declared twice is reported by `check_duplicate`.
    unique = {(t.target, t.registry, t.credential.server) for t in triplets if t.credential}
    servers = Counter((target, server) for target, _, server in unique)
    for triplet in triplets:
        target = triplet.target
        server = triplet.credential.server if triplet.credential else None
        if server and servers[target, server] > 1:
            message = (
                f"another id at this target also has the server {server}, and Codespaces uses only "
                "one of them; remove one"
            )
            yield _note("warning", triplet, message)
        if isinstance(target, User):
            message = (
                "prebuilds cannot use a user's secrets; use an organization or repository target "
                "for prebuilds"
            )
            yield _note("warning", triplet, message)
        if not isinstance(target, Repository):
            continue
        if (triplet.registry, target.owner.lower()) in organizations:
            message = (
                "the organization also has this triplet; in this repository, the repository's "
                "triplet takes precedence"
            )
            yield _note("warning", triplet, message)
        if server == GHCR:
            message = f"not needed for {GHCR} images that the repository can already read"
            yield _note("notice", triplet, message)


def lint_change(
    triplet: Desired, members: tuple[Member, ...], selected: SelectionResult | None
) -> Iterator[Note]:
    """Warnings and notices about one triplet, its members, and the result of its selection."""
    for message in find_inconsistencies(triplet, members):
        yield _note("warning", triplet, message)
    if any(map(_opens_to_none, members)):
        message = "no repository can use the triplet; list some under `repositories`"
        yield _note("warning", triplet, message)
    if selected is None:
        return
    for pattern in selected.unmatched:
        yield _note("warning", triplet, f"{pattern} matches no repository")
    for old, new in selected.renamed:
        yield _note("warning", triplet, f"{old} was renamed to {new}; update the spec")
    if selected.archived:
        message = f"left out because they are archived: {', '.join(selected.archived)}"
        yield _note("notice", triplet, message)


def _opens_to_none(member: Member) -> bool:
    """Whether a member is created, or its visibility changed, with an empty list."""
    changes = member.current is None or member.visibility_changes
    return changes and member.desired.ids == frozenset()


def _note(level: Literal["notice", "warning"], triplet: Desired, message: str) -> Note:
    target = triplet.target
    return Note(level, f"{triplet.registry} at {target}: {message}", triplet.where, target)
