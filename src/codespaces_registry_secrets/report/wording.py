"""Words for changes in the tense of their outcome: `1 to create` or `1 created`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from codespaces_registry_secrets.model.generation import CredentialChange
from codespaces_registry_secrets.model.plan import Action
from codespaces_registry_secrets.report.credentials import count_credentials
from codespaces_registry_secrets.report.reported_change import ReportedChange, ReportedStatus
from codespaces_registry_secrets.text.control_characters import one_line

SIGNS: Mapping[Action, str] = {
    "create": "+",
    "repair": "±",
    "rotate": "~",
    "access": "~",
    "delete": "-",
    "none": " ",
    "blocked": "!",
}
_INFINITIVES: Mapping[Action, str] = {"access": "change access"}
_PARTICIPLES: Mapping[Action, str] = {
    "create": "created",
    "repair": "repaired",
    "rotate": "rotated",
    "access": "access changed",
    "delete": "deleted",
}
# The order in which the counts name what is not done.
_NOT_DONE: Mapping[ReportedStatus, str] = {
    "failed": "failed",
    "skipped": "not started",
    "blocked": "blocked",
}


def describe_status(change: ReportedChange) -> str:
    """`to create`, `created`, `failed to create`, `not created`, `blocked` or `unchanged`."""
    infinitive = _INFINITIVES.get(change.action, change.action)
    participle = _PARTICIPLES.get(change.action, "")
    words = {
        "planned": f"to {infinitive}",
        "applied": participle,
        "failed": f"failed to {infinitive}",
        "skipped": "access not changed" if change.action == "access" else f"not {participle}",
    }
    return words.get(change.status, change.status)


def headline(
    mode: str,
    changes: Sequence[ReportedChange],
    credentials: Sequence[CredentialChange] = (),
    *,
    refused: bool = False,
) -> str:
    """The outcome of a run in one sentence. `credentials` are the changes at issuers."""
    counts = "; ".join(filter(None, (count_changes(changes), count_credentials(credentials))))
    if refused:
        return f"Plan refused, nothing was written: {counts}."
    if mode == "check":
        drift = any(c.drift and c.status != "unchanged" for c in changes) or any(
            one.action != "none" for one in credentials
        )
        return f"Check found {'drift' if drift else 'no drift'}: {counts}."
    if mode == "apply":
        complete = all(change.status in {"applied", "unchanged"} for change in changes) and all(
            one.action == "none" or one.status == "applied" for one in credentials
        )
        return f"Apply {'complete' if complete else 'incomplete'}: {counts}."
    return f"Plan: {counts}."


def count_changes(changes: Sequence[ReportedChange]) -> str:
    """`1 to create, 2 to rotate (1 not counted as drift)`, or `1 created, 1 failed`."""
    return ", ".join(_counts(changes)) or "no changes"


def describe_reason(change: ReportedChange) -> str:
    """The reason on one line. A blocked change has only its first part: its error has the rest."""
    reason = one_line(change.reason)
    if change.only_age_unknown:
        return f"{reason}; does not count as drift"
    return reason.partition("; ")[0] if change.action == "blocked" else reason


def _counts(changes: Sequence[ReportedChange]) -> Iterator[str]:
    counts = Counter((change.status, change.action) for change in changes)
    statuses = Counter(change.status for change in changes)
    if changes and statuses["unchanged"] == len(changes):
        yield "no changes"
    for action in SIGNS:
        if number := counts["planned", action]:
            yield _count_planned(action, number, changes)
    for action in SIGNS:
        if number := counts["applied", action]:
            yield _count_applied(action, number)
    for status, words in _NOT_DONE.items():
        if statuses[status]:
            yield f"{statuses[status]} {words}"
    if statuses["unchanged"]:
        yield f"{statuses['unchanged']} unchanged"


def _count_planned(action: Action, number: int, changes: Sequence[ReportedChange]) -> str:
    if action == "access":
        return count(number, "access change")
    no_drift = sum(change.action == action and change.only_age_unknown for change in changes)
    return f"{number} to {action}" + (f" ({no_drift} not counted as drift)" if no_drift else "")


def _count_applied(action: Action, number: int) -> str:
    if action == "access":
        return f"{count(number, 'access change')} made"
    return f"{number} {_PARTICIPLES[action]}"


def relative_day(day: date, today: date) -> str:
    """`today`, `in 30d` or `42d ago`."""
    days = (day - today).days
    if days == 0:
        return "today"
    return f"in {days}d" if days > 0 else f"{-days}d ago"


def count(number: int, noun: str) -> str:
    """`1 target` or `2 targets`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
