"""Warn about triplets that work, but probably not as intended. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from codespaces_registry_secrets.errors import input_location
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.dev_containers import DevContainerIndex, DevContainers
from codespaces_registry_secrets.model.observed import ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Plan
from codespaces_registry_secrets.model.registries import GHCR
from codespaces_registry_secrets.model.repositories import RepositoryInfo, SelectionResult
from codespaces_registry_secrets.model.state import State
from codespaces_registry_secrets.model.targets import Repository, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.access import Member, find_inconsistencies
from codespaces_registry_secrets.planning.coverage import MAX_NAMES
from codespaces_registry_secrets.planning.rotation import (
    describe_outside_changes,
    find_outside_changes,
)
from codespaces_registry_secrets.text.lists import list_some

MAX_PROBLEMS = 3  # of one repository that a message has
MAX_GROUPS = 10  # of repositories with the same problems that have a message of their own


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


def lint_dev_containers(
    triplet: Desired, selected: SelectionResult | None, index: DevContainerIndex
) -> Iterator[Note]:
    """Say of which repositories is unknown whether they need the registry, and why."""
    images = triplet.selection.images if triplet.selection else None
    if images is None or selected is None:
        return
    for names, reason in _group_by_problems(selected.undetermined, index):
        message = (
            f"cannot tell whether the dev containers of {names} pull from {images.server}: "
            f"{reason}. Those with access keep it; no other one gets it"
        )
        yield _note("warning", triplet, message)
    partly_known = [repo for repo in selected.repositories if index[repo.id].problems]
    for names, reason in _group_by_problems(partly_known, index):
        message = f"the dev containers of {names} can pull more images: {reason}"
        yield _note("notice", triplet, message)


def _group_by_problems(
    repositories: Iterable[RepositoryInfo], index: DevContainerIndex
) -> Iterator[tuple[str, str]]:
    """The names of repositories with the same problems, and these; the largest groups first.

    The groups beyond `MAX_GROUPS` are one group, with the problems of its first repository.
    """
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for repository in repositories:
        groups[_describe_problems(index.get(repository.id))].append(repository.full_name)
    ordered = sorted(groups.items(), key=lambda group: -len(group[1]))
    for problems, names in ordered[:MAX_GROUPS]:
        yield list_some(names, MAX_NAMES), problems
    others = sorted(name for _, names in ordered[MAX_GROUPS:] for name in names)
    if others:
        yield list_some(others, MAX_NAMES), f"such as {ordered[MAX_GROUPS][0]}"


def _describe_problems(containers: DevContainers | None) -> str:
    problems = containers.problems if containers else ()
    return list_some(problems, MAX_PROBLEMS, "; ")


def lint_outside_changes(
    triplet: Desired,
    members: tuple[Member, ...],
    observed_target: ObservedTarget,
    state: State | None,
) -> Iterator[Note]:
    """Warn about members that were changed by hand and that `rotate: missing` keeps."""
    if state is None or triplet.rotate.when != "missing":
        return
    written = {member.part for member in members if member.write}
    changed = find_outside_changes(triplet, observed_target, state)
    kept = {part: secret for part, secret in changed.items() if part not in written}
    if kept:
        message = f"{describe_outside_changes(kept)}; `rotate: missing` keeps it as it is"
        yield _note("warning", triplet, message)


def lint_without_state(triplets: Sequence[Desired], plan: Plan) -> Iterator[Note]:
    """Say once that edits of literals can be missed without a state.

    `server`, and `username` as text, have no age. A plan that keeps their secrets can be keeping
    old ones.
    """
    changes = {(c.declared or c.target, c.registry): c for c in plan.changes}
    kept = [
        triplet
        for triplet in triplets
        if triplet.rotate.when == "changed"
        and _keeps_literal(triplet, changes[triplet.target, triplet.registry])
    ]
    if kept:
        triplets_kept = "1 triplet" if len(kept) == 1 else f"{len(kept)} triplets"
        message = (
            f"cannot tell whether the `server` or literal `username` of {triplets_kept} was edited "
            "after it was stored; set `state` to notice edits of them"
        )
        yield Note("notice", message, input_location("state"))


def _keeps_literal(triplet: Desired, change: Change) -> bool:
    """Whether a change leaves a stored literal as it is."""
    if triplet.credential is None or change.action not in {"none", "access", "rotate", "repair"}:
        return False
    literals = {Part.SERVER}
    if isinstance(triplet.credential.username, str):
        literals.add(Part.USER)
    return not literals <= {step.part for step in change.steps if step.value}


def _opens_to_none(member: Member) -> bool:
    """Whether a member is created, or its visibility changed, with an empty list."""
    changes = member.current is None or member.visibility_changes
    return changes and member.desired.ids == frozenset()


def _note(level: Literal["notice", "warning"], triplet: Desired, message: str) -> Note:
    target = triplet.target
    return Note(level, f"{triplet.registry} at {target}: {message}", triplet.where, target)
