"""Who may use each member of a triplet, now and as the spec wants it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Step
from codespaces_registry_secrets.model.repositories import SelectionResult
from codespaces_registry_secrets.model.targets import Visibility
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.rotation import RotationDecision


@dataclass(frozen=True)
class Access:
    """Who may use a secret: `ids` is its list, None where it has none."""

    visibility: Visibility | None = None
    ids: frozenset[int] | None = None


@dataclass(frozen=True)
class Member:
    """One secret of a triplet. `now` is None where it is absent."""

    name: str
    part: Part
    current: Access | None
    desired: Access
    complete: bool  # whether the list that stays or is sent back was seen whole
    write: bool  # whether its value is sent

    @property
    def access_differs(self) -> bool:
        """Whether it is there and others may use it than the spec says."""
        return self.current is not None and self.current != self.desired

    @property
    def visibility_changes(self) -> bool:
        """Whether it is there with another visibility; GitHub changes that only with a value."""
        return self.current is not None and self.current.visibility != self.desired.visibility

    @property
    def added(self) -> frozenset[int]:
        """Ids that join the list."""
        before = self.current.ids if self.current else None
        return (self.desired.ids or frozenset()) - (before or frozenset())

    @property
    def removed(self) -> frozenset[int]:
        """Ids that leave the list."""
        before = self.current.ids if self.current else None
        return (before or frozenset()) - (self.desired.ids or frozenset())


def compare_members(
    triplet: Desired,
    seen: ObservedTarget,
    selected: SelectionResult | None,
    due: RotationDecision,
    belonging: frozenset[Part],
) -> tuple[Member, ...]:
    """The three members in the order of writing. `due` says which are to be written again.

    A triplet is used as a whole or not at all. So an absent member is to have what its siblings
    have, and where one is absent, those that are not `belonging` to the credential are written too:
    together they would be a login that nobody verified.
    """
    names = [secret_name(triplet.registry, part) for part in Part]
    sibling = next((seen.secrets[name] for name in names if name in seen.secrets), None)
    repair = triplet.credential is not None and any(name not in seen.secrets for name in names)
    return tuple(
        Member(
            name=name,
            part=part,
            current=_assumed(triplet, seen.secrets[name], selected)
            if name in seen.secrets
            else None,
            desired=_wanted(triplet, seen.secrets.get(name, sibling), selected),
            complete=_complete(seen.secrets.get(name, sibling)),
            write=name not in seen.secrets
            or (repair and part not in belonging)
            or _sent(triplet, seen.secrets[name], due),
        )
        for part, name in zip(Part, names, strict=True)
    )


def _sent(triplet: Desired, secret: ObservedSecret, due: RotationDecision) -> bool:
    """Whether the value of a secret that is there is sent: it is due, or its visibility changes."""
    moves = _visibility(triplet, secret) != secret.visibility
    allowed = triplet.credential is not None and triplet.rotate.when != "missing"
    return due.applies_to(secret) or (moves and allowed)


def find_inconsistencies(triplet: Desired, triplet_members: tuple[Member, ...]) -> Iterator[str]:
    """How the stored members differ in what the spec does not set."""
    stored = {m.part: m.current for m in triplet_members if m.current and m.complete}
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


def plan_steps(triplet: Desired, triplet_members: tuple[Member, ...]) -> Iterator[Step]:
    """What to send, in order; nothing for a member that is as it should be."""
    exact = triplet.selection is not None and triplet.selection.mode == "exact"
    for member in triplet_members:
        whole = exact or member.current is None or member.visibility_changes
        wanted = member.desired.ids
        replace = tuple(sorted(wanted)) if whole and wanted is not None else None
        add = () if whole else tuple(sorted(member.added))
        remove = () if whole else tuple(sorted(member.removed))
        if member.write:
            yield Step(member.part, True, member.desired.visibility, replace, add, remove)
        elif member.access_differs:
            yield Step(member.part, False, None, replace, add, remove)


def _assumed(triplet: Desired, secret: ObservedSecret, selected: SelectionResult | None) -> Access:
    """Who may use a secret now. What is to be taken off a list not seen whole counts as on it.

    A list is not seen whole where others change it between its pages, too. Taking off what is not
    there does no harm.
    """
    now = _now(secret)
    removing = triplet.selection is not None and triplet.selection.mode == "remove"
    if now.ids is None or selected is None or not removing or _complete(secret):
        return now
    return Access(now.visibility, now.ids | {repo.id for repo in selected.repositories})


def _now(secret: ObservedSecret) -> Access:
    listed = secret.selected
    return Access(
        secret.visibility, frozenset(r.id for r in listed.repositories) if listed else None
    )


def _complete(secret: ObservedSecret | None) -> bool:
    return secret is None or secret.selected is None or secret.selected.complete


def _wanted(
    triplet: Desired, secret: ObservedSecret | None, selected: SelectionResult | None
) -> Access:
    visibility = _visibility(triplet, secret)
    if not triplet.target.has_list or visibility in {"all", "private"}:
        return Access(visibility)
    there = _now(secret).ids if secret else None
    if triplet.selection is None or selected is None:
        return Access(visibility, there or frozenset())
    chosen = frozenset(repo.id for repo in selected.repositories)
    kept = there or frozenset()
    by_mode = {"exact": chosen, "ensure": kept | chosen, "remove": kept - chosen}
    return Access(visibility, by_mode[triplet.selection.mode])


def _visibility(triplet: Desired, secret: ObservedSecret | None) -> Visibility | None:
    """As the spec says, else as it is, else the narrowest; none outside of organizations."""
    if not triplet.target.has_visibility:
        return None
    return triplet.visibility or (secret.visibility if secret else None) or "selected"
