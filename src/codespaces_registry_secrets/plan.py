"""plan(desired, observed) -> Plan. Pure: no request, no clock, no value.

A triplet is one thing: there is one change for each registry at each target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Literal

from codespaces_registry_secrets import guards, strays
from codespaces_registry_secrets.access import Member, members, steps
from codespaces_registry_secrets.change import Action, Change, Note, Plan
from codespaces_registry_secrets.desired import Desired
from codespaces_registry_secrets.doubts import doubts
from codespaces_registry_secrets.due import Due, due
from codespaces_registry_secrets.observed import Observed, ObservedTarget
from codespaces_registry_secrets.repositories import Selected
from codespaces_registry_secrets.targets import ME, Target, User, Visibility


def plan(
    desired: Sequence[Desired],
    observed: Observed,
    removal_limit: float,
    strays_are: Literal["told", "pruned", "ignored"] = "ignored",
) -> Plan:
    """Compare what is desired with what is there.

    `removal_limit` is the share, 0 to 1, of a list that one change may take away, and of a target's
    triplets that may be deleted. Strays are those that are at a target and not in the spec.
    """
    settled = sorted((_settled(triplet, observed) for triplet in desired), key=_key)
    times = Counter(map(_key, settled))
    targets = {_settled_target(t, observed): seen for t, seen in observed.targets.items()}
    taken = {target: len(seen.secrets) for target, seen in targets.items()}
    changes: list[Change] = []
    for triplet in settled:
        target = triplet.target
        try:
            guards.refuse_twice(triplet, times[_key(triplet)])
            change, created = _change(triplet, targets[target], observed, removal_limit)
            guards.refuse_crowd(target, taken[target], created)
            taken[target] += created
        except guards.BlockedError as blocked:
            change = Change(target, triplet.registry, "none", "", triplet.where)
            change = change.blocked(str(blocked))
        changes.append(change)
    notes = list(doubts(settled))
    if strays_are == "pruned":
        changes += strays.pruned(settled, targets, removal_limit)
    elif strays_are == "told":
        notes += strays.told(settled, targets)
    return Plan(tuple(sorted(changes, key=lambda c: (c.target, c.registry))), tuple(notes))


def _key(triplet: Desired) -> tuple[Target, str]:
    return (triplet.target, triplet.registry)


def _settled(triplet: Desired, observed: Observed) -> Desired:
    return replace(triplet, target=_settled_target(triplet.target, observed))


def _settled_target(target: Target, observed: Observed) -> Target:
    """`@me` is the token's own user."""
    login = observed.targets[target].login
    return User(login) if login and target == User(ME) else target


def _change(
    triplet: Desired, seen: ObservedTarget, observed: Observed, removal_limit: float
) -> tuple[Change, int]:
    """The change for one triplet, and how many secrets it creates."""
    guards.refuse_target(triplet, seen, observed)
    selected = guards.selected_by(triplet, observed)
    policy = due(triplet, seen, observed.changed)
    three = members(triplet, seen, selected, policy)
    guards.refuse_members(triplet, three)
    guards.refuse_removal(three, removal_limit)
    action = _action(three)
    precaution = action == "rotate" and policy.guess
    differs = any(member.differs for member in three)
    names = _names(seen, selected)
    change = Change(
        target=triplet.target,
        registry=triplet.registry,
        action=action,
        reason=_reason(policy, action, three),
        where=triplet.where,
        visibility=_visibility_change(three),
        added=tuple(sorted({names[i] for member in three for i in member.added})),
        removed=tuple(sorted({names[i] for member in three for i in member.removed})),
        why=_why(three, names, selected),
        credential=triplet.credential,
        steps=tuple(steps(triplet, three)),
        notes=tuple(_notes(triplet, three, selected)),
        drift=differs or not (action == "none" or precaution),
    )
    return change, sum(member.now is None for member in three)


def _action(three: tuple[Member, ...]) -> Action:
    absent = sum(member.now is None for member in three)
    if absent:
        return "create" if absent == len(three) else "repair"
    if any(member.write for member in three):
        return "rotate"
    return "access" if any(member.differs for member in three) else "none"


def _reason(policy: Due, action: Action, three: tuple[Member, ...]) -> str:
    if action == "create":
        return "none of the three secrets is there"
    if action == "repair":
        absent = [member.name for member in three if member.now is None]
        return f"{' and '.join(absent)} {'is' if len(absent) == 1 else 'are'} missing"
    if action == "none":
        return "all is in place"
    access = _difference(three)
    if action == "access":
        return access
    return "; ".join(filter(None, (policy.reason, access)))


def _difference(three: tuple[Member, ...]) -> str:
    """What of the access differs, and on which members where it is not on all; empty if nothing."""
    off = [member for member in three if member.differs]
    if not off:
        return ""
    what = ["visibility"] if any(member.moves for member in off) else []
    what += ["list"] if any(member.added or member.removed for member in off) else []
    where = "" if len(off) == len(three) else f" of {' and '.join(m.name for m in off)}"
    return f"{' and '.join(what)}{where} not as the spec says"


def _visibility_change(three: tuple[Member, ...]) -> tuple[Visibility | None, Visibility] | None:
    for member in three:
        before = member.now.visibility if member.now else None
        if member.wanted.visibility and before != member.wanted.visibility:
            return before, member.wanted.visibility
    return None


def _names(seen: ObservedTarget, selected: Selected | None) -> Mapping[int, str]:
    """Full names by id of all repositories that a change here can speak of."""
    lists = (secret.selected.repositories for secret in seen.secrets.values() if secret.selected)
    listed = (repo for repositories in lists for repo in repositories)
    chosen = selected.repositories if selected else ()
    return {repo.id: repo.full_name for repo in (*listed, *chosen)}


def _why(
    three: tuple[Member, ...], names: Mapping[int, str], selected: Selected | None
) -> tuple[tuple[str, str], ...]:
    added = {names[i] for member in three for i in member.added}
    reasons = selected.why if selected else {}
    return tuple((name, reasons[name]) for name in sorted(added) if name in reasons)


def _notes(
    triplet: Desired, three: tuple[Member, ...], selected: Selected | None
) -> Iterator[Note]:
    here = f"{triplet.registry} at {triplet.target}"
    if any(m.wanted.ids == frozenset() and (m.now is None or m.moves) for m in three):
        message = f"{here}: no repository may use the triplet; name some under `repositories`"
        yield Note("warning", message, triplet.where)
    if selected is None:
        return
    for pattern in selected.unmatched:
        yield Note("warning", f"{here}: {pattern} matches no repository", triplet.where)
    for old, new in selected.renamed:
        yield Note("warning", f"{here}: {old} is now {new}; write the new name", triplet.where)
    if selected.archived:
        names = ", ".join(selected.archived)
        message = f"{here}: left out because they are archived: {names}"
        yield Note("notice", message, triplet.where)
