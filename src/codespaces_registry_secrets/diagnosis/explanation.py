"""Explain one registry of a spec: what is stored at each target, and what a run would do. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, format_duration
from codespaces_registry_secrets.model.generation import CredentialChange, CredentialLife
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.plan import Action, Change, Plan
from codespaces_registry_secrets.model.state import MemberStatus
from codespaces_registry_secrets.model.targets import Target, Visibility
from codespaces_registry_secrets.model.triplet import Part, secret_name


@dataclass(frozen=True)
class MemberExplanation:
    """One secret of a triplet.

    `updated_at` is None if the secret does not exist. `status` compares it with the state, if one
    is kept. `selected` is None if it has no list of repositories.
    """

    name: str
    updated_at: datetime | None = None
    status: MemberStatus | None = None
    visibility: Visibility | None = None
    selected: SelectedRepositories | None = None


@dataclass(frozen=True)
class TargetExplanation:
    """A triplet at one target: what a run would do and why, and its members."""

    target: Target
    declared: Target | None
    action: Action
    reason: str
    notes: tuple[str, ...]
    members: Mapping[Part, MemberExplanation]


@dataclass(frozen=True)
class EntryExplanation:
    """An entry of the spec. `credential` is None if it manages the access only."""

    credential: Credential | None
    rotate: RotationPolicy
    expires: datetime | None
    targets: tuple[TargetExplanation, ...]


@dataclass(frozen=True)
class Explanation:
    """One registry. A spec can declare an id in several entries, for different targets.

    `credentials` and `lives` are those of the plan, with `generate`.
    """

    registry: str
    at: datetime
    entries: tuple[EntryExplanation, ...]
    credentials: tuple[CredentialChange, ...] = ()
    lives: tuple[CredentialLife, ...] = ()


def explain_plan(
    desired: Sequence[Desired],
    plan: Plan,
    observed: Observed,
    expiries: Mapping[Credential, datetime],
) -> Explanation:
    """Explain the triplets of one registry; `plan` has a change for each of them."""
    changes = {change.declared or change.target: change for change in plan.changes}
    entries: dict[tuple[Credential | None, RotationPolicy], list[TargetExplanation]] = {}
    for triplet in desired:
        entry = entries.setdefault((triplet.credential, triplet.rotate), [])
        entry.append(explain_change(changes[triplet.target], observed))
    return Explanation(
        registry=desired[0].registry,
        at=observed.at,
        entries=tuple(
            EntryExplanation(
                credential,
                rotate,
                expiries.get(credential) if credential else None,
                tuple(sorted(targets, key=lambda item: item.target)),
            )
            for (credential, rotate), targets in entries.items()
        ),
        credentials=plan.credentials,
        lives=plan.lives,
    )


def explain_change(change: Change, observed: Observed) -> TargetExplanation:
    """What is stored for a triplet, and what its change would do."""
    state = observed.targets[change.declared or change.target]
    names = {part: secret_name(change.registry, part) for part in reversed(Part)}
    return TargetExplanation(
        target=change.target,
        declared=change.declared,
        action=change.action,
        reason=change.reason,
        notes=tuple(note.message for note in change.notes if note.level != "error"),
        members={
            part: _explain_member(name, part, state.secrets.get(name), change, observed)
            for part, name in names.items()
        },
    )


def _explain_member(
    name: str, part: Part, secret: ObservedSecret | None, change: Change, observed: Observed
) -> MemberExplanation:
    if secret is None:
        return MemberExplanation(name)
    status: MemberStatus | None = None
    if observed.state and change.credential:
        key = (change.target, change.registry)
        status = observed.state.compare(key, part, change.credential, secret.updated_at)
    return MemberExplanation(name, secret.updated_at, status, secret.visibility, secret.selected)


def describe_access(target: TargetExplanation) -> Iterator[str]:
    """Who can use the triplet, in one line if its members agree, else in one for each."""
    stored = [member for member in target.members.values() if member.updated_at]
    texts = {member.name: _access(target.target, member) for member in stored}
    if len(set(texts.values())) > 1:
        yield from (f"{name}: {text}" for name, text in texts.items())
    else:
        yield from dict.fromkeys(texts.values())


MAX_NAMES = 10


def _access(target: Target, member: MemberExplanation) -> str:
    if not target.has_list:
        return "this repository"
    if member.visibility in {"all", "private"}:
        private = " private" if member.visibility == "private" else ""
        return f"all{private} repositories of {target.name}"
    names = [repo.full_name for repo in member.selected.repositories] if member.selected else []
    more = f" and {len(names) - MAX_NAMES} more" if len(names) > MAX_NAMES else ""
    complete = member.selected is not None and member.selected.complete
    unseen = "" if complete else ", and others that the token cannot see"
    return f"{', '.join(names[:MAX_NAMES]) or 'no repository'}{more}{unseen}"


def age(time: datetime, now: datetime) -> str:
    """`30d ago`, or `in 12d`."""
    span = format_duration(now - time)
    return f"{span} ago" if time <= now else f"in {span}"


def to_json(explanation: Explanation) -> Mapping[str, object]:
    """The explanation as plain data, with times in UTC."""
    return {
        "version": 1,
        "registry": explanation.registry,
        "at": _iso(explanation.at),
        "entries": [_entry_json(entry) for entry in explanation.entries],
        "credentials": [
            {"action": one.action, "reason": one.reason, "id": one.id}
            for one in explanation.credentials
        ],
        "lives": [
            {
                "id": life.id,
                "created": _iso(life.created),
                "stored": _iso(life.stored),
                "ends": _iso(life.ends),
                "end": life.end,
            }
            for life in explanation.lives
        ],
    }


def _entry_json(entry: EntryExplanation) -> Mapping[str, object]:
    credential, max_age = entry.credential, entry.rotate.max_age
    return {
        "server": credential.server if credential else None,
        "sources": credential.labels if credential else {},
        "rotate": {
            "when": entry.rotate.when,
            "max-age": format_duration(max_age) if max_age else None,
        },
        "expires": _iso(entry.expires),
        "targets": [
            {
                "target": str(item.target),
                "declared": str(item.declared) if item.declared else None,
                "action": item.action,
                "reason": item.reason,
                "notes": list(item.notes),
                "secrets": {m.name: _member_json(m) for m in item.members.values()},
            }
            for item in entry.targets
        ],
    }


def _member_json(member: MemberExplanation) -> Mapping[str, object] | None:
    if member.updated_at is None:
        return None
    return {
        "updated_at": _iso(member.updated_at),
        "state": member.status,
        "visibility": member.visibility,
        "repositories": _names(member.selected),
        "complete": member.selected.complete if member.selected else True,
    }


def _names(selected: SelectedRepositories | None) -> Sequence[str] | None:
    return [repo.full_name for repo in selected.repositories] if selected else None


def _iso(time: datetime | None) -> str | None:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ") if time else None
