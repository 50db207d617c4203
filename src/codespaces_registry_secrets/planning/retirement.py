"""Decide which old credentials a run disables and deletes. Pure.

Every time is by GitHub's clock. The dates of an issuer are compared only with each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.model.generation import (
    CredentialAction,
    CredentialChange,
    GenerationDecision,
    ObservedGeneration,
)
from codespaces_registry_secrets.model.journal import PreviousCredential
from codespaces_registry_secrets.model.plan import Change, Note
from codespaces_registry_secrets.planning.generation import credential_change


def plan_retirement(
    observed: ObservedGeneration,
    decision: GenerationDecision,
    changes: Iterable[Change],
    hold: str | None,
    now: datetime,
) -> tuple[list[CredentialChange], list[Note]]:
    """The previous credentials to disable and to delete, and warnings about those that stay.

    `changes` are the changes of the targets of this registry. Only if every target is known to
    have a newer credential, an old one is touched. `hold` says why another target can have one.
    A newer credential that does not work any more counts too: it is replaced when the old one has
    made place.
    """
    if observed.listed is None or decision.status == "new" or observed.error:
        return [], []
    if not observed.journal.finished:
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
        if observed.is_enabled_again(one):
            kept = (
                f"{one.id} was disabled and is enabled again, so it is not deleted; disable it at "
                "the issuer when nothing uses it"
            )
            notes.append(Note("warning", f"{observed.registry}: {kept}", observed.where))
        elif one.disabled or existing[one.id].disabled:
            planned += _delete_disabled(observed, one, now)
        elif one.id in waited:
            if reason := _why_kept(observed, one, hold, now):
                notes.append(Note("warning", f"{observed.registry}: {reason}", observed.where))
            else:
                planned.append(_retire(observed, one, now))
    return planned, notes


def _delete_disabled(
    observed: ObservedGeneration, one: PreviousCredential, now: datetime
) -> Iterator[CredentialChange]:
    if one.disabled is None:
        reason = "was disabled outside of this Action, which is written down now"
        yield credential_change(observed, "disable", reason, one.id)
    elif now - one.disabled >= observed.generator.retire_after:
        yield credential_change(observed, "delete", f"disabled {_ago(now - one.disabled)}", one.id)


def _retire(
    observed: ObservedGeneration, one: PreviousCredential, now: datetime
) -> CredentialChange:
    since = observed.journal.superseded_at(one.id) or now
    action: CredentialAction = "disable" if observed.can_disable else "delete"
    return credential_change(observed, action, f"replaced everywhere {_ago(now - since)}", one.id)


def _why_kept(
    observed: ObservedGeneration, one: PreviousCredential, hold: str | None, now: datetime
) -> str | None:
    """Why an old credential must not be disabled yet, and what to do."""
    if hold:
        return f"{one.id} stays, because {hold}"
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
