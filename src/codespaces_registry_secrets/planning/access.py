"""Compare who can use each member of a triplet with what the spec says. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Step
from codespaces_registry_secrets.model.repositories import RepositoryInfo, SelectionResult
from codespaces_registry_secrets.model.targets import Visibility
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.rotation import RotationDecision


@dataclass(frozen=True)
class Access:
    """Who can use a secret. `ids` has its selected repositories; None if it has no such list."""

    visibility: Visibility | None = None
    ids: frozenset[int] | None = None

    def includes(self, repository: RepositoryInfo) -> bool:
        """Whether a repository of the target's owner can use the secret."""
        if self.visibility == "private":
            return repository.private
        return self.visibility == "all" or repository.id in (self.ids or ())


@dataclass(frozen=True)
class Member:
    """One secret of a triplet. `current` is None if the secret does not exist."""

    name: str
    part: Part
    current: Access | None
    desired: Access
    complete: bool  # whether the token could see every selected repository of the secret
    write: bool  # whether its value is written

    @property
    def access_differs(self) -> bool:
        """Whether the secret exists with another access than desired."""
        return self.current is not None and self.current != self.desired

    @property
    def visibility_changes(self) -> bool:
        """Whether the secret exists with another visibility than desired.

        GitHub changes a visibility only together with the value.
        """
        return self.current is not None and self.current.visibility != self.desired.visibility

    @property
    def added(self) -> frozenset[int]:
        """Ids of the repositories to add to the list."""
        return (self.desired.ids or frozenset()) - self._current_ids

    @property
    def removed(self) -> frozenset[int]:
        """Ids of the repositories to remove from the list."""
        return self._current_ids - (self.desired.ids or frozenset())

    @property
    def _current_ids(self) -> frozenset[int]:
        return (self.current.ids if self.current else None) or frozenset()


def compare_members(
    triplet: Desired,
    observed_target: ObservedTarget,
    selected: SelectionResult | None,
    rotation: RotationDecision,
    up_to_date: frozenset[Part],
) -> tuple[Member, ...]:
    """Compare the three members with the spec; the result is in the order of writing.

    Codespaces uses a triplet as a whole. So a missing member gets the access of the others. If one
    is missing, the members that are not `up_to_date` are written too: otherwise the triplet could
    mix two credentials, a login that was never verified.
    """
    names = {part: secret_name(triplet.registry, part) for part in Part}
    stored = {part: observed_target.secrets.get(name) for part, name in names.items()}
    sibling = next((secret for secret in stored.values() if secret), None)
    repair = triplet.credential is not None and not all(stored.values())
    return tuple(
        Member(
            name=names[part],
            part=part,
            current=_current_access(triplet, secret, selected) if secret else None,
            desired=desired_access(triplet, secret or sibling, selected),
            complete=_is_complete(secret or sibling),
            write=secret is None
            or (repair and part not in up_to_date)
            or part in rotation.parts
            or _must_write_visibility(triplet, secret),
        )
        for part, secret in stored.items()
    )


def find_inconsistencies(triplet: Desired, members: tuple[Member, ...]) -> Iterator[str]:
    """How the access of the stored members differs, as far as the spec does not set it."""
    stored = {m.part: m.current for m in members if m.current and m.complete}
    visibilities = {part: access.visibility for part, access in stored.items()}
    if triplet.visibility is None and len(set(visibilities.values())) > 1:
        each = ", ".join(f"{part} `{visibility}`" for part, visibility in visibilities.items())
        yield f"its secrets differ in visibility ({each}); set `visibility` to make them equal"
    lists = {part: access.ids for part, access in stored.items() if access.ids is not None}
    if triplet.selection is None and len(set(lists.values())) > 1:
        each = ", ".join(f"{part} {len(ids)}" for part, ids in lists.items())
        yield (
            f"its secrets differ in their selected repositories ({each}); set `repositories` to "
            "make them equal"
        )


# Thousands of repositories have equal steps, and share them.
_step = lru_cache(maxsize=len(Part) * 2)(Step)


def plan_steps(triplet: Desired, members: tuple[Member, ...]) -> Iterator[Step]:
    """The steps to carry out, in order; a member without a difference has none."""
    exact = triplet.selection is not None and triplet.selection.mode == "exact"
    for member in members:
        replaces_list = exact or member.current is None or member.visibility_changes
        ids = member.desired.ids
        replace = tuple(sorted(ids)) if replaces_list and ids is not None else None
        add = () if replaces_list else tuple(sorted(member.added))
        remove = () if replaces_list else tuple(sorted(member.removed))
        if member.write:
            yield _step(member.part, True, member.desired.visibility, replace, add, remove)
        elif member.access_differs:
            yield _step(member.part, False, None, replace, add, remove)


def _must_write_visibility(triplet: Desired, secret: ObservedSecret) -> bool:
    """Whether to write the value of a stored secret because its visibility changes."""
    visibility_changes = _desired_visibility(triplet, secret) != secret.visibility
    can_overwrite = triplet.credential is not None and triplet.rotate.when != "missing"
    return visibility_changes and can_overwrite


def stored_access(secret: ObservedSecret) -> Access:
    """Who can use a stored secret, as far as the token can see its list."""
    return Access(secret.visibility, _listed_ids(secret))


def _current_access(
    triplet: Desired, secret: ObservedSecret, selected: SelectionResult | None
) -> Access:
    """Who can use a stored secret.

    If the list is incomplete, every repository that `mode: remove` names counts as listed: the
    token might just not see it, and removing a repository that is not listed does no harm. A list
    is also incomplete if it changed while its pages were read.
    """
    ids = _listed_ids(secret)
    removes = triplet.selection is not None and triplet.selection.mode == "remove"
    if ids is not None and selected is not None and removes and not _is_complete(secret):
        ids |= {repo.id for repo in selected.repositories}
    return Access(secret.visibility, ids)


def desired_access(
    triplet: Desired, secret: ObservedSecret | None, selected: SelectionResult | None
) -> Access:
    """Who should be able to use a secret; `secret` is the stored one, or None."""
    visibility = _desired_visibility(triplet, secret)
    if not triplet.target.has_list or visibility in {"all", "private"}:
        return Access(visibility)
    listed = (_listed_ids(secret) if secret else None) or frozenset()
    if triplet.selection is None or selected is None:
        return Access(visibility, listed)
    chosen = frozenset(repo.id for repo in selected.repositories)
    current = stored_access(secret) if secret else Access()
    kept = {repo.id for repo in selected.undetermined if current.includes(repo)}
    by_mode = {"exact": chosen | kept, "ensure": listed | chosen | kept, "remove": listed - chosen}
    return Access(visibility, by_mode[triplet.selection.mode])


def _desired_visibility(triplet: Desired, secret: ObservedSecret | None) -> Visibility | None:
    """The spec's visibility, else the current one, else `selected`; None if the scope has none."""
    if not triplet.target.has_visibility:
        return None
    return triplet.visibility or (secret.visibility if secret else None) or "selected"


def _listed_ids(secret: ObservedSecret) -> frozenset[int] | None:
    listed = secret.selected
    return frozenset(repo.id for repo in listed.repositories) if listed else None


def _is_complete(secret: ObservedSecret | None) -> bool:
    return secret is None or secret.selected is None or secret.selected.complete
