"""Decide whether a run creates a credential, and which ones it disables and deletes. Pure.

Every time is by GitHub's clock. The dates of an issuer are compared only with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from codespaces_registry_secrets.model.fields import (
    RotationPolicy,
    format_duration,
    format_time,
)
from codespaces_registry_secrets.model.generation import (
    CredentialAction,
    CredentialChange,
    CredentialLife,
    GenerationDecision,
    ObservedGeneration,
)
from codespaces_registry_secrets.model.journal import CurrentCredential, PreviousCredential
from codespaces_registry_secrets.model.plan import Change, Note

# A credential with an expiry is replaced when this share of its lifetime has passed.
RENEW_AFTER = 2 / 3


def decide_generation(
    observed: ObservedGeneration, now: datetime, *, stores_only: bool = False
) -> GenerationDecision:
    """Decide what the targets get, and plan the creation and the deletion of orphans.

    `stores_only`: the run stores the current credential, and creates and removes none.
    """
    current = observed.journal.current
    if observed.error:
        blocked = _change(observed, "blocked", observed.error)
        return GenerationDecision("unavailable", observed.error, changes=(blocked,))
    orphans = [] if stores_only else [*_delete_orphans(observed)]
    due = _why_new(observed, now)
    if due and not stores_only:
        blocker = _why_not_new(observed, len(orphans), now)
        if blocker is None:
            change = _change(observed, "generate", due)
            return GenerationDecision("new", due, changes=(*orphans, change))
        return _without_new(observed, orphans, blocker)
    if current is None:
        reason = "there is no credential yet; run without `shard` first"
        blocked = _change(observed, "blocked", reason)
        return GenerationDecision("unavailable", reason, changes=(blocked,))
    return _with_current(observed, current, orphans, now)


def _with_current(
    observed: ObservedGeneration,
    current: CurrentCredential,
    orphans: Sequence[CredentialChange],
    now: datetime,
) -> GenerationDecision:
    age = f"created {format_duration(now - current.created)} ago"
    if observed.issuer_error and observed.must_see:
        change = _change(observed, "blocked", observed.issuer_error)
    else:
        reason = f"{age}{_next_rotation(observed, current)}{_retirements(observed)}"
        change = _change(observed, "none", reason, current.id)
    changes = (*orphans, change)
    if current.stored:
        return GenerationDecision("current", age, current.created, changes)
    reason = "the new credential is not known to be at every target"
    return GenerationDecision("unfinished", reason, current.created, changes)


def _without_new(
    observed: ObservedGeneration,
    orphans: Sequence[CredentialChange],
    blocker: tuple[CredentialAction, str],
) -> GenerationDecision:
    """A new credential is due and cannot be created. The targets keep the current one."""
    action, reason = blocker
    current = observed.journal.current
    changes = (*orphans, _change(observed, action, reason))
    if current is None or _why_dead(observed, current):
        return GenerationDecision("unavailable", reason, changes=changes)
    if current.stored:
        return GenerationDecision("current", reason, current.created, changes)
    return GenerationDecision("unfinished", reason, current.created, changes)


def _delete_orphans(observed: ObservedGeneration) -> Iterator[CredentialChange]:
    for one in observed.listed or ():
        if observed.journal.is_orphan(one.id):
            reason = "a run created it and ended before it could store it"
            yield _change(observed, "delete", reason, one.id)


def _why_new(observed: ObservedGeneration, now: datetime) -> str | None:
    """Why a new credential is due; None if it is not."""
    current = observed.journal.current
    if current is None:
        return "there is no credential yet"
    if observed.rotate.when == "missing":
        return None
    if dead := _why_dead(observed, current):
        return dead
    # A credential that is not stored everywhere is finished first.
    if observed.rotate.when == "always" and current.stored:
        return "the policy is `always`"
    return _why_old(observed.rotate, current, now)


def _why_old(rotate: RotationPolicy, current: CurrentCredential, now: datetime) -> str | None:
    age = now - current.created
    if rotate.max_age is not None and age > rotate.max_age:
        return f"{format_duration(age)} old, and `max-age` is {format_duration(rotate.max_age)}"
    if current.expires and age >= (current.expires - current.created) * RENEW_AFTER:
        return f"expires at {format_time(current.expires)}"
    return None


def _why_dead(observed: ObservedGeneration, current: CurrentCredential) -> str | None:
    """Why the current credential does not work any more, as far as the issuer shows it."""
    if observed.listed is None:
        return None
    one = next((one for one in observed.listed if one.id == current.id), None)
    if one is None:
        return f"{current.id} was deleted outside of this Action"
    return f"{current.id} was disabled outside of this Action" if one.disabled else None


def _why_not_new(
    observed: ObservedGeneration, orphans: int, now: datetime
) -> tuple[CredentialAction, str] | None:
    """The action and the reason instead of a creation; None if one is possible."""
    if observed.listed is None:
        if observed.issuer_error and observed.must_see:
            return "blocked", observed.issuer_error
        return None
    if len(observed.listed) - orphans < observed.limit:
        return None
    taken = f"all {observed.limit} credentials that the issuer allows exist"
    unknown = [
        one.id
        for one in observed.listed
        if one.id not in observed.journal.ids and not observed.journal.is_orphan(one.id)
    ]
    if unknown:
        reason = (
            f"{taken}, and {', '.join(unknown)} is not of this Action; delete one that is not used"
        )
        return "blocked", reason
    return "none", f"{taken}; waits {_until_free(observed, now)}"


def _until_free(observed: ObservedGeneration, now: datetime) -> str:
    ends = [_end_of(observed, one) for one in observed.journal.previous]
    two_steps = observed.generator.retire_after
    known = [
        max(time, now) if end == "is deleted" else max(time, now) + two_steps
        for time, end in ends
        if time
    ]
    if not known:
        return "until every target has the current credential"
    return f"until {format_time(min(known))}, when the old one can be deleted"


def credential_lives(observed: ObservedGeneration) -> Iterator[CredentialLife]:
    """The credentials that the journal knows, the newest first."""
    current, name = observed.journal.current, observed.registry
    if current:
        life = CredentialLife(name, current.id, current.created, current.stored)
        yield replace(life, ends=current.expires, end="expires") if current.expires else life
    for one in reversed(observed.journal.previous):
        life = CredentialLife(name, one.id, one.created, one.stored)
        ends, end = _end_of(observed, one)
        yield replace(life, ends=ends, end=end) if ends else life


def _end_of(
    observed: ObservedGeneration, one: PreviousCredential
) -> tuple[datetime | None, Literal["is disabled", "is deleted"]]:
    """The first time that a previous credential is disabled or deleted, and which of the two."""
    if one.disabled:
        return one.disabled + observed.generator.retire_after, "is deleted"
    superseded = observed.journal.superseded_at(one.id)
    retired = superseded + observed.generator.retire_after if superseded else None
    return retired, "is disabled" if observed.can_disable else "is deleted"


def _retirements(observed: ObservedGeneration) -> str:
    lives = [one for one in credential_lives(observed) if one.id != _current_id(observed)]
    told = [
        f"; {one.id} {one.end} after {format_time(one.ends)}"
        for one in lives
        if one.ends and one.end
    ]
    return "".join(told)


def _current_id(observed: ObservedGeneration) -> str | None:
    return observed.journal.current.id if observed.journal.current else None


def _next_rotation(observed: ObservedGeneration, current: CurrentCredential) -> str:
    times = []
    if observed.rotate.when != "missing":
        if observed.rotate.max_age:
            times.append(current.created + observed.rotate.max_age)
        if current.expires:
            times.append(current.created + (current.expires - current.created) * RENEW_AFTER)
    return f", the next one is due at {format_time(min(times))}" if times else ""


def plan_retirement(
    observed: ObservedGeneration,
    decision: GenerationDecision,
    changes: Iterable[Change],
    held_at: Sequence[str],
    now: datetime,
) -> tuple[list[CredentialChange], list[Note]]:
    """The previous credentials to disable and to delete, and warnings about those that stay.

    `changes` are the changes of the targets of this registry. Only if every target is known to
    have a newer credential, an old one is touched. `held_at` are other targets that can have one.
    """
    if observed.listed is None or decision.status != "current" or observed.error:
        return [], []
    if any(change.writes_value or change.action == "blocked" for change in changes):
        return [], []
    planned: list[CredentialChange] = []
    notes: list[Note] = []
    existing = {one.id: one for one in observed.listed}
    waited = observed.replaced_long_ago(now)
    for one in observed.journal.previous:
        if one.id not in existing:
            continue
        if one.disabled or existing[one.id].disabled:
            planned += _delete_disabled(observed, one, now)
        elif one.id in waited:
            hold = _why_kept(observed, one, held_at, now)
            if hold:
                notes.append(Note("warning", f"{observed.registry}: {hold}", observed.where))
            else:
                planned.append(_retire(observed, one, now))
    return planned, notes


def _delete_disabled(
    observed: ObservedGeneration, one: PreviousCredential, now: datetime
) -> Iterator[CredentialChange]:
    if one.disabled is None:
        reason = "was disabled outside of this Action, which is written down now"
        yield _change(observed, "disable", reason, one.id)
    elif now - one.disabled >= observed.generator.retire_after:
        yield _change(observed, "delete", f"disabled {_ago(now - one.disabled)}", one.id)


def _retire(
    observed: ObservedGeneration, one: PreviousCredential, now: datetime
) -> CredentialChange:
    since = observed.journal.superseded_at(one.id) or now
    action: CredentialAction = "disable" if observed.can_disable else "delete"
    return _change(observed, action, f"replaced everywhere {_ago(now - since)}", one.id)


def _why_kept(
    observed: ObservedGeneration, one: PreviousCredential, held_at: Sequence[str], now: datetime
) -> str | None:
    """Why an old credential must not be disabled yet, and what to do."""
    if held_at:
        return (
            f"{one.id} stays, because {', '.join(held_at)} left the spec and can still have it; "
            "delete the triplet there, or add the target again"
        )
    if one.id in observed.use_errors:
        return f"{one.id} stays, because its last use is unknown: {observed.use_errors[one.id]}"
    superseded = observed.journal.superseded_at(one.id)
    unused = observed.unused_for.get(one.id)
    if superseded is None or unused is None or unused >= now - superseded:
        return None
    return (
        f"{one.id} was used {_ago(unused)}, after every target had the new credential, so it is "
        "not disabled; a codespace that was not restarted can use it, or another system: find it "
        "in the issuer's log, and disable the credential there"
    )


def _ago(span: timedelta) -> str:
    return f"{format_duration(span)} ago"


def _change(
    observed: ObservedGeneration,
    action: CredentialAction,
    reason: str,
    credential_id: str | None = None,
) -> CredentialChange:
    return CredentialChange(
        registry=observed.registry,
        kind=observed.generator.kind,
        store=observed.generator.store,
        action=action,
        reason=reason,
        id=credential_id,
        where=observed.where,
    )
