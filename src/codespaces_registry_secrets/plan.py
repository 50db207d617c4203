"""plan(desired, observed) -> Plan. Pure: no request, no clock, no value.

A triplet is one thing: there is one change for each registry at each target.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from codespaces_registry_secrets.access import Member, members, steps
from codespaces_registry_secrets.change import Action, Change, Note, Plan
from codespaces_registry_secrets.desired import Desired
from codespaces_registry_secrets.observed import Observed, ObservedTarget
from codespaces_registry_secrets.repositories import Selected, nearest, select
from codespaces_registry_secrets.targets import ME, Target, User, Visibility

# Source: "Managing your account-specific secrets for GitHub Codespaces", docs.github.com.
QUOTA = 100


class _BlockedError(Exception):
    """Ends the planning of one change; the message is its reason."""


def plan(desired: Sequence[Desired], observed: Observed) -> Plan:
    """Compare what is desired with what is there."""
    settled = sorted((_settled(triplet, observed) for triplet in desired), key=_key)
    times = Counter(map(_key, settled))
    targets = {_settled_target(t, observed): seen for t, seen in observed.targets.items()}
    taken = {target: len(seen.secrets) for target, seen in targets.items()}
    changes: list[Change] = []
    for triplet in settled:
        target = triplet.target
        try:
            _refuse_twice(triplet, times[_key(triplet)])
            change, created = _change(triplet, targets[target], observed)
            _refuse_crowd(target, taken[target], created)
            taken[target] += created
        except _BlockedError as blocked:
            change = _blocked(triplet, str(blocked))
        changes.append(change)
    return Plan(tuple(changes))


def _refuse_twice(triplet: Desired, times: int) -> None:
    """`@me` and the login it stands for can both be in a spec."""
    if times > 1:
        raise _BlockedError(f"{triplet.registry} is at {triplet.target} twice; keep one of them")


def _refuse_crowd(target: Target, taken: int, created: int) -> None:
    if created and taken + created > QUOTA:
        message = (
            f"{target} holds {taken} of at most {QUOTA} secrets, and {created} more are needed; "
            "delete some there"
        )
        raise _BlockedError(message)


def _key(triplet: Desired) -> tuple[Target, str]:
    return (triplet.target, triplet.registry)


def _settled(triplet: Desired, observed: Observed) -> Desired:
    return replace(triplet, target=_settled_target(triplet.target, observed))


def _settled_target(target: Target, observed: Observed) -> Target:
    """`@me` is the token's own user."""
    login = observed.targets[target].login
    return User(login) if login and target == User(ME) else target


def _blocked(triplet: Desired, reason: str) -> Change:
    message = f"{triplet.registry} at {triplet.target} is blocked: {reason}"
    notes = (Note("error", message, triplet.where),)
    return Change(triplet.target, triplet.registry, "blocked", reason, notes=notes)


def _change(triplet: Desired, seen: ObservedTarget, observed: Observed) -> tuple[Change, int]:
    """The change for one triplet, and how many secrets it creates."""
    _refuse_target(triplet, seen, observed)
    selected = _selected(triplet, observed)
    three = members(triplet, seen, selected)
    _refuse_members(triplet, three)
    action = _action(three)
    precaution = action == "rotate" and triplet.rotate == "changed"
    differs = any(member.differs for member in three)
    names = _names(seen, selected)
    change = Change(
        target=triplet.target,
        registry=triplet.registry,
        action=action,
        reason=_reason(triplet, action, three),
        visibility=_visibility_change(three),
        added=tuple(sorted({names[i] for member in three for i in member.added})),
        removed=tuple(sorted({names[i] for member in three for i in member.removed})),
        credential=triplet.credential,
        steps=tuple(steps(triplet, three)),
        notes=tuple(_notes(triplet, three, selected)),
        drift=differs or not (action == "none" or precaution),
    )
    return change, sum(member.now is None for member in three)


def _refuse_target(triplet: Desired, seen: ObservedTarget, observed: Observed) -> None:
    target = triplet.target
    if seen.problem:
        raise _BlockedError(seen.problem)
    if seen.login and target != User(seen.login):
        message = (
            f"the token belongs to {seen.login}, and nobody can manage another user's "
            f'secrets; use a token of {target.name}, or write `user: "{ME}"`'
        )
        raise _BlockedError(message)
    if triplet.selection and target in observed.unlisted:
        raise _BlockedError(observed.unlisted[target])


def _selected(triplet: Desired, observed: Observed) -> Selected | None:
    selection = triplet.selection
    if selection is None:
        return None
    selected = select(selection, observed.catalogue)
    if selected.unknown:
        told = ", ".join(_unknown(name, observed) for name in selected.unknown)
        message = f"no such repository, or the token cannot see it: {told}"
        raise _BlockedError(message)
    if selection.mode == "exact" and selection.include and not selected.repositories:
        message = "the selection is empty; write `repositories: []` if nobody shall use the triplet"
        raise _BlockedError(message)
    return selected


def _unknown(name: str, observed: Observed) -> str:
    close = nearest(name, observed.catalogue)
    return f"{name} (did you mean {close}?)" if close else name


def _refuse_members(triplet: Desired, three: tuple[Member, ...]) -> None:
    absent = [member.name for member in three if member.now is None]
    if absent and triplet.credential is None:
        message = (
            f"{', '.join(absent)} is missing, and the registry has no `username` and `password` "
            "to write; give both"
        )
        raise _BlockedError(message)
    for member in three:
        _refuse_member(triplet, member)


def _refuse_member(triplet: Desired, member: Member) -> None:
    visibility = member.wanted.visibility
    if triplet.selection and visibility in {"all", "private"}:
        message = (
            f"the visibility of {member.name} is `{visibility}`, where a list has no effect; "
            "write `visibility: selected`, or leave `repositories` out"
        )
        raise _BlockedError(message)
    if member.moves and not member.write:
        why = "`rotate: missing` never overwrites one" if triplet.credential else "none is given"
        message = f"GitHub changes the visibility of {member.name} only with a value, and {why}"
        raise _BlockedError(message)
    sends_list = member.write or (triplet.selection and triplet.selection.mode == "exact")
    if sends_list and not member.complete:
        message = (
            f"GitHub does not show the token the whole list of {member.name}, and sending back a "
            "part of it would take the rest away; use a token that sees every repository on it"
        )
        raise _BlockedError(message)


def _action(three: tuple[Member, ...]) -> Action:
    absent = sum(member.now is None for member in three)
    if absent:
        return "create" if absent == len(three) else "repair"
    if any(member.write for member in three):
        return "rotate"
    return "access" if any(member.differs for member in three) else "none"


def _reason(triplet: Desired, action: Action, three: tuple[Member, ...]) -> str:
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
    always = triplet.rotate == "always"
    age = "the policy is `always`" if always else "nothing tells the age of the source"
    return f"{age}; {access}" if access else age


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


def _notes(
    triplet: Desired, three: tuple[Member, ...], selected: Selected | None
) -> Iterator[Note]:
    here = f"{triplet.registry} at {triplet.target}"
    if any(m.wanted.ids == frozenset() and (m.now is None or m.moves) for m in three):
        message = f"{here}: no repository may use the triplet; name some under `repositories`"
        yield Note("warning", message, triplet.where)
    if selected is None:
        return
    for glob in selected.unmatched:
        yield Note("warning", f"{here}: `{glob}` matches no repository", triplet.where)
    for old, new in selected.renamed:
        yield Note("warning", f"{here}: {old} is now {new}; write the new name", triplet.where)
    if selected.archived:
        names = ", ".join(selected.archived)
        message = f"{here}: left out because they are archived: {names}"
        yield Note("notice", message, triplet.where)
