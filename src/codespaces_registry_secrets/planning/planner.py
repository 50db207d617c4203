"""plan(desired, observed) -> Plan. Pure: no request, no clock, no value.

A triplet is one thing: there is one change for each registry at each target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.plan import Action, Change, Note, Plan
from codespaces_registry_secrets.model.repositories import SelectionResult
from codespaces_registry_secrets.model.targets import ME, Repository, Target, User, Visibility
from codespaces_registry_secrets.planning import prune, safety_checks
from codespaces_registry_secrets.planning.access import (
    Member,
    compare_members,
    find_inconsistencies,
    plan_steps,
)
from codespaces_registry_secrets.planning.rotation import (
    RotationDecision,
    decide_rotation,
    members_of_credential,
)


def compute_plan(
    desired: Sequence[Desired],
    observed: Observed,
    removal_limit: float,
    unmanaged: Literal["listed", "pruned", "ignored"] = "ignored",
    elsewhere: Sequence[Desired] = (),
) -> Plan:
    """Compare what is desired with what is there.

    `removal_limit` is the share, 0 to 1, of a list that one change may take away, and of a target's
    triplets that may be deleted. `unmanaged` says what becomes of triplets that are at a target and
    not in the spec, and `elsewhere` has the part of the spec that other shards act on.
    """
    resolved = sorted((_resolved(triplet, observed) for triplet in desired), key=_key)
    others = [_resolved(triplet, observed) for triplet in elsewhere]
    changes = list(_changes(resolved, others, observed, removal_limit))
    notes = [*_renamed(resolved), *lint(resolved)]
    if unmanaged == "pruned":
        changes += prune.plan_deletions(resolved, others, observed, removal_limit)
    elif unmanaged == "listed":
        notes += prune.list_unmanaged(resolved, others, observed)
    return Plan(tuple(sorted(changes, key=lambda c: (c.target, c.registry))), tuple(notes))


def _changes(
    resolved: Sequence[Desired],
    others: Sequence[Desired],
    observed: Observed,
    removal_limit: float,
) -> Iterator[Change]:
    """A change for each triplet; a target's secrets are counted as more of them are planned."""
    times = Counter(map(_key, (*resolved, *others)))
    taken = {t.target: len(_seen(t, observed).secrets) for t in resolved}
    for triplet in resolved:
        target = triplet.target
        try:
            safety_checks.check_duplicate(triplet, times[_key(triplet)])
            change, created = _change(triplet, _seen(triplet, observed), observed, removal_limit)
            safety_checks.check_quota(target, taken[target], created)
            taken[target] += created
        except safety_checks.BlockedError as blocked:
            change = _unchanged(triplet).blocked(str(blocked))
        yield change


def _unchanged(triplet: Desired) -> Change:
    return Change(
        target=triplet.target,
        registry=triplet.registry,
        action="none",
        reason="",
        where=triplet.where,
        declared=triplet.declared,
        credential=triplet.credential,
    )


def _key(triplet: Desired) -> tuple[Target, str]:
    return (triplet.target, triplet.registry)


def _seen(triplet: Desired, observed: Observed) -> ObservedTarget:
    return observed.targets[triplet.declared or triplet.target]


def _resolved(triplet: Desired, observed: Observed) -> Desired:
    """The triplet at the target that GitHub takes the spec's for; another user stays as named."""
    declared = triplet.target
    if isinstance(declared, User) and declared != User(ME):
        return triplet
    if declared in observed.targets:
        target = observed.targets[declared].resolved
    else:
        target = observed.other_shards.get(declared)
    return (
        triplet
        if target in {None, declared}
        else replace(triplet, target=target, declared=declared)
    )


def _renamed(resolved: Sequence[Desired]) -> Iterator[Note]:
    for triplet in resolved:
        if triplet.declared and isinstance(triplet.target, Repository):
            message = (
                f"{triplet.declared.name} was renamed to {triplet.target.name}; update the target"
            )
            yield Note("warning", message, triplet.where, triplet.target)


def _change(
    triplet: Desired, seen: ObservedTarget, observed: Observed, removal_limit: float
) -> tuple[Change, int]:
    """The change for one triplet, and how many secrets it creates."""
    safety_checks.check_target(triplet, seen, observed)
    selected = safety_checks.resolve_selection(triplet, observed)
    policy = decide_rotation(triplet, seen, observed.source_changed_at)
    belonging = members_of_credential(triplet, seen, observed.source_changed_at)
    three = compare_members(triplet, seen, selected, policy, belonging)
    safety_checks.check_members(triplet, three)
    safety_checks.check_removal_limit(three, removal_limit)
    action = _action(three)
    precaution = action == "rotate" and policy.age_unknown
    differs = any(member.access_differs for member in three)
    names = _names(seen, selected)
    change = Change(
        target=triplet.target,
        registry=triplet.registry,
        action=action,
        reason=_reason(triplet, policy, action, three),
        where=triplet.where,
        declared=triplet.declared,
        visibility=_visibility_change(three),
        added=tuple(sorted({names[i] for member in three for i in member.added})),
        removed=tuple(sorted({names[i] for member in three for i in member.removed})),
        selected_by=_why(three, names, selected),
        credential=triplet.credential,
        steps=tuple(plan_steps(triplet, three)),
        notes=tuple(_notes(triplet, three, selected)),
        drift=differs or not (action == "none" or precaution),
    )
    return change, sum(member.current is None for member in three)


def _action(three: tuple[Member, ...]) -> Action:
    absent = sum(member.current is None for member in three)
    if absent:
        return "create" if absent == len(three) else "repair"
    if any(member.write for member in three):
        return "rotate"
    return "access" if any(member.access_differs for member in three) else "none"


def _reason(
    triplet: Desired, policy: RotationDecision, action: Action, three: tuple[Member, ...]
) -> str:
    if action == "create":
        return "none of the three secrets is there"
    if action == "repair":
        absent = [member.name for member in three if member.current is None]
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"
    if action == "none":
        differ = any(find_inconsistencies(triplet, three))
        return "nothing to write, but its secrets differ" if differ else "all is in place"
    access = _difference(three)
    if action == "access":
        return access
    return "; ".join(filter(None, (policy.reason, access)))


def _difference(three: tuple[Member, ...]) -> str:
    """What of the access differs, and on which members where it is not on all; empty if nothing."""
    off = [member for member in three if member.access_differs]
    if not off:
        return ""
    what = ["visibility"] if any(member.visibility_changes for member in off) else []
    what += ["list"] if any(member.added or member.removed for member in off) else []
    where = "" if len(off) == len(three) else f" of {' and '.join(m.name for m in off)}"
    return f"{' and '.join(what)}{where} not as the spec says"


def _visibility_change(three: tuple[Member, ...]) -> tuple[Visibility | None, Visibility] | None:
    for member in three:
        before = member.current.visibility if member.current else None
        if member.desired.visibility and before != member.desired.visibility:
            return before, member.desired.visibility
    return None


def _names(seen: ObservedTarget, selected: SelectionResult | None) -> Mapping[int, str]:
    """Full names by id of all repositories that a change here can speak of."""
    lists = (secret.selected.repositories for secret in seen.secrets.values() if secret.selected)
    listed = (repo for repositories in lists for repo in repositories)
    chosen = selected.repositories if selected else ()
    return {repo.id: repo.full_name for repo in (*listed, *chosen)}


def _why(
    three: tuple[Member, ...], names: Mapping[int, str], selected: SelectionResult | None
) -> tuple[tuple[str, str], ...]:
    added = {names[i] for member in three for i in member.added}
    reasons = selected.selected_by if selected else {}
    return tuple((name, reasons[name]) for name in sorted(added) if name in reasons)


def _notes(
    triplet: Desired, three: tuple[Member, ...], selected: SelectionResult | None
) -> Iterator[Note]:
    for message in _warnings(triplet, three, selected):
        yield _note("warning", triplet, message)
    if selected and selected.archived:
        names = ", ".join(selected.archived)
        yield _note("notice", triplet, f"left out because they are archived: {names}")


def _warnings(
    triplet: Desired, three: tuple[Member, ...], selected: SelectionResult | None
) -> Iterator[str]:
    yield from find_inconsistencies(triplet, three)
    if any(
        m.desired.ids == frozenset() and (m.current is None or m.visibility_changes) for m in three
    ):
        yield "no repository may use the triplet; name some under `repositories`"
    if selected:
        yield from (f"{pattern} matches no repository" for pattern in selected.unmatched)
        for old, new in selected.renamed:
            yield f"{old} was renamed to {new}; update the spec"


def _note(level: Literal["notice", "warning"], triplet: Desired, message: str) -> Note:
    target = triplet.target
    return Note(level, f"{triplet.registry} at {target}: {message}", triplet.where, target)


def lint(settled: Sequence[Desired]) -> Iterator[Note]:
    """Warnings about triplets beside each other, sorted as they are."""
    organizations = {
        (t.registry, t.target.owner.lower()) for t in settled if t.target.has_visibility
    }
    # A triplet that is there twice is told of elsewhere.
    triplets = {(t.target, t.registry, t.credential.server) for t in settled if t.credential}
    servers = Counter((target, server) for target, _, server in triplets)
    for triplet in settled:
        here = f"{triplet.registry} at {triplet.target}"
        server = triplet.credential.server if triplet.credential else None
        if server and servers[triplet.target, server] > 1:
            message = f"{here}: {server} has another id here too, and Codespaces uses only one"
            yield Note("warning", message, triplet.where, triplet.target)
        if isinstance(triplet.target, User):
            message = f"{here}: prebuilds never see a user's secrets"
            yield Note("warning", message, triplet.where, triplet.target)
        if not isinstance(triplet.target, Repository):
            continue
        if (triplet.registry, triplet.target.owner.lower()) in organizations:
            message = f"{here}: the organization has it too; in this repository this one wins"
            yield Note("warning", message, triplet.where, triplet.target)
        if server == "ghcr.io":
            message = f"{here}: images that the repository may read need no secrets on ghcr.io"
            yield Note("notice", message, triplet.where, triplet.target)
