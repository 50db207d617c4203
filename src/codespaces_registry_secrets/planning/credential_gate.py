"""Plan and findings -> the plan that may be carried out. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.allowlist import is_allowed, not_allowed_message
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.model.plan import Change, CredentialReport, Note, Plan
from codespaces_registry_secrets.model.targets import Target


def block_targets(plan: Plan, reasons: Mapping[Target, str]) -> Plan:
    """Block each change at a target that must not be written to."""
    changes = (
        change.blocked(reasons[change.target])
        if change.steps and change.target in reasons
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def find_disallowed_owners(plan: Plan, owners: Sequence[str]) -> Mapping[Target, str]:
    """The targets of owners that are not allowed, and why.

    The spec was checked before; whom `@me` means only GitHub tells.
    """
    targets = {change.target for change in plan.changes}
    return {
        target: not_allowed_message(target.owner, "allowed-owners", owners)
        for target in targets
        if not is_allowed(owners, target.owner)
    }


def block_rejected(
    plan: Plan,
    findings: Mapping[Credential, CredentialReport],
    token_expires: datetime | None,
    now: datetime,
    warning: timedelta,
) -> Plan:
    """Block each change that would store a credential which was refused or has ended.

    `token_expires` is the end of the token that manages the secrets; `warning` is how long before
    an end it is warned of.
    """
    notes = [note for finding in findings.values() for note in finding.notes]
    for credential, finding in findings.items():
        notes += _expiry(credential.name, credential.where, finding.expires, now, warning)
        notes += _unused(credential, finding, plan.written_credentials)
    notes += _expiry("the token of this run", Location(), token_expires, now, warning)
    known = [finding.expires for finding in findings.values()]
    ends = [moment for moment in (*known, token_expires) if moment]
    return Plan(
        changes=tuple(_hold_deletions([_judged(change, findings, now) for change in plan.changes])),
        notes=(*plan.notes, *notes),
        expiry=min(ends, default=None),
    )


def _judged(
    change: Change, findings: Mapping[Credential, CredentialReport], now: datetime
) -> Change:
    if change.credential is None or not any(step.value for step in change.steps):
        return change
    finding = findings[change.credential]
    reason = finding.refusal
    if finding.expires and finding.expires <= now:
        reason = f"the credential ended at {_at(finding.expires)}; renew it"
    return change.blocked(reason) if reason else change


def _hold_deletions(changes: Sequence[Change]) -> Iterator[Change]:
    """Nothing is deleted beside a change that is blocked: it may be what that was to replace."""
    waiting = {change.target for change in changes if change.action == "blocked"}
    for change in changes:
        held = change.action == "delete" and change.target in waiting
        message = "another change here is blocked, and this may be what it replaces"
        yield change.blocked(message) if held else change


def _unused(
    credential: Credential, finding: CredentialReport, written: frozenset[Credential]
) -> Iterator[Note]:
    """What would block a credential is worth knowing before it is to be stored again."""
    if finding.refusal and credential not in written:
        yield Note("warning", f"{credential.name}: {finding.refusal}", credential.where)


def _expiry(
    name: str, where: Location, ends: datetime | None, now: datetime, warning: timedelta
) -> Iterator[Note]:
    if ends is None or ends - now > warning:
        return
    when = f"ends in {format_duration(ends - now)}" if ends > now else "has ended"
    yield Note("warning", f"{name} {when}, at {_at(ends)}; renew it", where)


def _at(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
