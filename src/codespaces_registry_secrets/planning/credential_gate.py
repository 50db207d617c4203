"""Block changes of a plan whose target or credential must not be used. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.allowlist import is_allowed, not_allowed_message
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.model.plan import Change, CredentialReport, Note, Plan
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.planning.generation import RENEW_AFTER


def block_targets(plan: Plan, reasons: Mapping[Target, str]) -> Plan:
    """Block each change that would write to one of these targets, for the reason given."""
    changes = (
        change.blocked(reasons[change.target])
        if change.steps and change.target in reasons
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def find_disallowed_owners(plan: Plan, allowed_owners: Sequence[str]) -> Mapping[Target, str]:
    """The targets whose owners `allowed-owners` does not allow, with the reason.

    The spec was checked before. But only GitHub resolves `@me` to a login.
    """
    targets = {change.target for change in plan.changes}
    return {
        target: not_allowed_message(target.owner, "allowed-owners", allowed_owners)
        for target in targets
        if not is_allowed(allowed_owners, target.owner)
    }


def block_rejected(
    plan: Plan,
    reports: Mapping[Credential, CredentialReport],
    token_expires: datetime | None,
    now: datetime,
    warning_period: timedelta,
) -> Plan:
    """Block each change that would store a rejected or expired credential, and warn about expiry.

    `token_expires` is when the token that manages the secrets expires. `warning_period` is how long
    before an expiry to warn.
    """
    notes = [note for report in reports.values() for note in report.notes]
    for credential, report in reports.items():
        name, where = credential.name, credential.where
        blocks = credential in plan.written_credentials and _is_expired(report, now)
        if not blocks:  # the error of the blocked change says it
            period = min(warning_period, _renewed_before_expiry(credential) or warning_period)
            notes += _expiry_warning(name, where, report.expires, now, period)
        notes += _unused_warning(credential, report, plan.written_credentials)
    notes += _expiry_warning(
        "the token of this run", Location(), token_expires, now, warning_period
    )
    expiries = [plan.expiry, *(report.expires for report in reports.values())]
    changes = [_block_change(change, reports, now) for change in plan.changes]
    return replace(
        plan,
        changes=tuple(_hold_deletions(changes)),
        notes=(*plan.notes, *notes),
        expiry=min((time for time in (*expiries, token_expires) if time), default=None),
    )


def _renewed_before_expiry(credential: Credential) -> timedelta | None:
    """How long before its expiry a generated credential is replaced; None for any other."""
    generator = credential.generator
    lifetime = generator.expires_in if generator else None
    return lifetime * (1 - RENEW_AFTER) if lifetime else None


def _is_expired(report: CredentialReport, now: datetime) -> bool:
    return report.expires is not None and report.expires <= now


def _block_change(
    change: Change, reports: Mapping[Credential, CredentialReport], now: datetime
) -> Change:
    report = reports.get(change.credential) if change.credential else None
    if report is None:
        return change
    change = replace(change, expires=report.expires)
    if not change.writes_value:
        return change
    reason = report.rejection
    if report.expires and _is_expired(report, now):
        reason = f"the credential expired at {format_time(report.expires)}; renew it"
    return change.blocked(reason) if reason else change


def _hold_deletions(changes: Sequence[Change]) -> Iterator[Change]:
    """Block the deletions at each target with a blocked change.

    The triplet to delete can be the one that the blocked change replaces.
    """
    blocked_targets = {change.target for change in changes if change.action == "blocked"}
    message = (
        "another change at this target is blocked and can replace this triplet; fix that change "
        "first"
    )
    for change in changes:
        hold = change.action == "delete" and change.target in blocked_targets
        yield change.blocked(message) if hold else change


def _unused_warning(
    credential: Credential, report: CredentialReport, written: frozenset[Credential]
) -> Iterator[Note]:
    """Warn about a rejected credential that this run does not store, but a later run would."""
    if report.rejection and credential not in written:
        yield Note("warning", f"{credential.name}: {report.rejection}", credential.where)


def _expiry_warning(
    name: str, where: Location, expires: datetime | None, now: datetime, warning_period: timedelta
) -> Iterator[Note]:
    if expires is None or expires - now > warning_period:
        return
    when = f"expires in {format_duration(expires - now)}," if expires > now else "expired"
    yield Note("warning", f"{name} {when} at {format_time(expires)}; renew it", where)
