"""Decide whether a run creates a credential, and which orphans it deletes. Pure.

Every time is by GitHub's clock. The dates of an issuer are compared only with each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
        blocked = credential_change(observed, "blocked", observed.error)
        return GenerationDecision("unavailable", observed.error, changes=(blocked,))
    orphans = [*_delete_orphans(observed)]
    due = _why_new(observed, now)
    if due and not stores_only:
        blocker = _why_not_new(observed, now)
        if blocker is None:
            change = credential_change(observed, "generate", due)
            created = current.created if current else None
            return GenerationDecision("new", due, created, (*orphans, change))
        return _without_new(observed, orphans, blocker, now)
    if current is None:
        reason = "there is no credential yet; run without `shard` first"
        blocked = credential_change(observed, "blocked", reason)
        return GenerationDecision("unavailable", reason, changes=(blocked,))
    decision = _with_current(observed, current, orphans, now)
    return replace(decision, changes=()) if stores_only else decision


def _with_current(
    observed: ObservedGeneration,
    current: CurrentCredential,
    orphans: Sequence[CredentialChange],
    now: datetime,
) -> GenerationDecision:
    if dead := _why_dead(observed, current, now):  # with `missing`, or in a shard
        change = credential_change(observed, "none", f"{dead}, and this run creates no new one")
        return GenerationDecision("unavailable", change.reason, changes=(*orphans, change))
    age = f"created {format_duration(now - current.created)} ago"
    if observed.issuer_error and observed.must_see:
        change = credential_change(observed, "blocked", observed.issuer_error)
    else:
        reason = f"{age}{_next_rotation(observed, current)}{_retirements(observed)}"
        change = credential_change(observed, "none", reason, current.id)
    changes = (*orphans, change)
    if current.stored:
        return GenerationDecision("current", age, current.created, changes)
    reason = "the new credential is not known to be at every target"
    return GenerationDecision("unfinished", reason, current.created, changes)


def _without_new(
    observed: ObservedGeneration,
    orphans: Sequence[CredentialChange],
    blocker: tuple[CredentialAction, str],
    now: datetime,
) -> GenerationDecision:
    """A new credential is due and cannot be created. The targets keep the current one."""
    action, reason = blocker
    current = observed.journal.current
    dead = _why_dead(observed, current, now) if current else None
    if dead:  # the targets have it, so this is an error even if it will be replaced later
        action, reason = "blocked", f"{dead}, and {reason}"
    changes = (*orphans, credential_change(observed, action, reason))
    if current is None or dead:
        return GenerationDecision("unavailable", reason, changes=changes)
    status: Literal["current", "unfinished"] = "current" if current.stored else "unfinished"
    return GenerationDecision(status, reason, current.created, changes)


def _delete_orphans(observed: ObservedGeneration) -> Iterator[CredentialChange]:
    for one in observed.listed or ():
        if observed.journal.is_orphan(one.id):
            reason = "a run created it and ended before it could store it"
            yield credential_change(observed, "delete", reason, one.id)


def _why_new(observed: ObservedGeneration, now: datetime) -> str | None:
    """Why a new credential is due; None if it is not."""
    current = observed.journal.current
    if current is None:
        return "there is no credential yet"
    if observed.rotate.when == "missing":
        return None
    if dead := _why_dead(observed, current, now):
        return dead
    if current.expires and now - current.created >= _renewal_age(current.expires, current):
        return f"expires at {format_time(current.expires)}"
    # A credential that is not stored everywhere is finished first: a run that died can have left
    # triplets with its password and another user name.
    return _why_old(observed.rotate, current, now) if current.stored else None


def _why_old(rotate: RotationPolicy, current: CurrentCredential, now: datetime) -> str | None:
    if rotate.when == "always":
        return "the policy is `always`"
    age = now - current.created
    if rotate.max_age is not None and age > rotate.max_age:
        return f"{format_duration(age)} old, and `max-age` is {format_duration(rotate.max_age)}"
    return None


def _renewal_age(expires: datetime, current: CurrentCredential) -> timedelta:
    return (expires - current.created) * RENEW_AFTER


def _why_dead(
    observed: ObservedGeneration, current: CurrentCredential, now: datetime
) -> str | None:
    """Why the current credential does not work any more, as far as that is known."""
    if current.expires and current.expires <= now:
        return f"{current.id} expired at {format_time(current.expires)}"
    if observed.listed is None:
        return None
    one = next((one for one in observed.listed if one.id == current.id), None)
    if one is None:
        return f"{current.id} was deleted outside of this Action"
    return f"{current.id} was disabled outside of this Action" if one.disabled else None


def _why_not_new(
    observed: ObservedGeneration, now: datetime
) -> tuple[CredentialAction, str] | None:
    """The action and the reason instead of a creation; None if one is possible."""
    if observed.listed is None:
        if observed.issuer_error and observed.must_see:
            return "blocked", observed.issuer_error
        return None
    orphans = {one.id for one in observed.listed if observed.journal.is_orphan(one.id)}
    taken = {one.id for one in observed.listed if not one.replaceable} - orphans
    if len(taken) < observed.limit:
        return None
    message = f"all {observed.limit} credentials that the issuer allows exist"
    until = _until_free(observed, now)
    if until:
        return "none", f"{message}; waits {until}"
    unknown = sorted(taken - observed.journal.ids)
    if unknown:
        return "blocked", (
            f"{message}, and {', '.join(unknown)} is not of this Action; delete one that is not "
            "used"
        )
    enabled = [one.id for one in observed.journal.previous if observed.is_enabled_again(one)]
    waits_for = (
        f"somebody disables {', '.join(enabled)} at the issuer"
        if enabled
        else "every target has the current credential"
    )
    return "none", f"{message}; waits until {waits_for}"


def _until_free(observed: ObservedGeneration, now: datetime) -> str | None:
    """Until when the first old credential waits for its deletion; None if none does."""
    listed = {one.id for one in observed.listed or ()}
    ends = [_end_of(observed, one) for one in observed.journal.previous if one.id in listed]
    two_steps = observed.generator.retire_after
    known = [
        max(time, now) if end == "is deleted" else max(time, now) + two_steps
        for time, end in ends
        if time
    ]
    return f"until {format_time(min(known))}, when the old one can be deleted" if known else None


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
    if observed.is_enabled_again(one):
        return None, "is deleted"
    if one.disabled:
        return one.disabled + observed.generator.retire_after, "is deleted"
    superseded = observed.journal.superseded_at(one.id)
    retired = superseded + observed.generator.retire_after if superseded else None
    return retired, "is disabled" if observed.can_disable else "is deleted"


def _retirements(observed: ObservedGeneration) -> str:
    """When old credentials end: `; OLD is disabled after 2026-08-01 03:00 UTC`, for each."""
    sentences = [
        f"; {life.id} {life.end} after {format_time(life.ends)}"
        for life in credential_lives(observed)
        if life.ends and life.end != "expires"
    ]
    return "".join(sentences)


def _next_rotation(observed: ObservedGeneration, current: CurrentCredential) -> str:
    """When the next credential is due: `, the next one is due at 2026-08-01 03:00 UTC`."""
    times = []
    if observed.rotate.when != "missing":
        if observed.rotate.max_age:
            times.append(current.created + observed.rotate.max_age)
        if current.expires:
            times.append(current.created + _renewal_age(current.expires, current))
    if not times:
        return ", and never replaced without `rotate: {max-age: …}`"
    return f", the next one is due at {format_time(min(times))}"


def credential_change(
    observed: ObservedGeneration,
    action: CredentialAction,
    reason: str,
    credential_id: str | None = None,
) -> CredentialChange:
    """A change of a credential of this registry."""
    return CredentialChange(
        registry=observed.registry,
        kind=observed.generator.kind,
        store=observed.generator.store,
        action=action,
        reason=reason,
        id=credential_id,
        where=observed.where,
    )
