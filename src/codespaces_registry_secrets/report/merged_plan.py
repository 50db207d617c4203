"""Merge plan files into changes, and render the outputs and the summary of the run. Pure.

The shards write no summaries, because a run can have 256 of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from codespaces_registry_secrets.inputs.merge_inputs import FileChange, PlanFile
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.targets import SCOPES, Target
from codespaces_registry_secrets.report.notes import failure_message, merge_notes
from codespaces_registry_secrets.report.outputs import COUNTED
from codespaces_registry_secrets.report.reported_change import (
    ReportedChange,
    ReportedStatus,
    status_of,
)
from codespaces_registry_secrets.report.summary import TITLE, Report, render_report
from codespaces_registry_secrets.report.wording import headline
from codespaces_registry_secrets.text.markdown import code

_UNFINISHED: frozenset[ReportedStatus] = frozenset({"blocked", "failed", "skipped"})
_REST = "The artifacts of this run have all of them."


def newest_plan(files: Iterable[PlanFile]) -> PlanFile | None:
    """The file of the job `plan` of the last attempt in which it ran; None if there is none."""
    plans = (file for file in files if file.job == "plan")
    return max(plans, key=lambda file: file.attempt, default=None)


def merge_plan_files(files: Iterable[PlanFile], mode: str) -> tuple[ReportedChange, ...]:
    """Merge the newest plan with the outcomes of the shards of its attempt and of later attempts.

    If failed jobs are run again, the artifacts of earlier attempts still exist. Without a plan
    there are no changes.
    """
    files = sorted(files, key=lambda file: (file.attempt, file.job))
    plan = newest_plan(files)
    if plan is None:
        return ()
    current = (change for file in files if file.attempt >= plan.attempt for change in file.changes)
    changes = {(change.target, change.registry): change for change in current}
    return tuple(_report_change(change, mode) for change in changes.values())


def _report_change(change: FileChange, mode: str) -> ReportedChange:
    # Still planned after `apply`: no shard ran, or the shard stopped before this change.
    is_skipped = mode == "apply" and change.outcome == "planned"
    visibility = change.visibility
    return ReportedChange(
        target=change.target,
        registry=change.registry,
        action=change.action,
        status=status_of(change.action, "skipped" if is_skipped else change.outcome),
        reason=change.reason,
        error=change.error or "",
        server=change.server or "",
        sources=tuple((member, label) for member, label in change.sources.items() if label),
        visibility=(visibility.before, visibility.after) if visibility else None,
        added=change.repositories.add,
        removed=change.repositories.remove,
        private_added=change.repositories.private.add,
        private_removed=change.repositories.private.remove,
        stored_at=change.stored,
        expires=change.expires,
    )


def find_unfinished(changes: Iterable[ReportedChange]) -> tuple[ReportedChange, ...]:
    """The changes that are blocked, failed or skipped."""
    return tuple(change for change in changes if change.status in _UNFINISHED)


def build_merged_outputs(changes: Sequence[ReportedChange]) -> Mapping[str, str]:
    """The outputs of the workflow that count changes, and `changed`."""
    completed = Counter(c.action for c in changes if c.status in {"applied", "planned"})
    statuses = Counter(change.status for change in changes)
    return {
        "changed": json.dumps(statuses["applied"] > 0),
        **{name: str(completed[action]) for action, name in COUNTED.items()},
        **{name: str(statuses[name]) for name in ("unchanged", "blocked", "failed", "skipped")},
    }


def render_merged_summary(
    mode: str, files: Sequence[PlanFile], changes: Sequence[ReportedChange], now: datetime
) -> str:
    """The summary of all jobs, with the digest of the newest plan; ages are those at `now`."""
    plan = newest_plan(files)
    without_plan = "There is no plan. The log of the job `Plan` says why."
    report = Report(
        title=f"{TITLE}: {code(mode)}",
        sentence=headline(mode, changes) if plan else without_plan,
        problems=merge_notes(_problems(changes)),
        changes=changes,
        at=now,
        digest=plan.digest if plan else "",
        rest=_REST,
    )
    return render_report(report)


def _problems(changes: Iterable[ReportedChange]) -> Iterator[Note]:
    """An error for each change that failed or is blocked."""
    for change in changes:
        if change.error or change.status == "blocked":
            yield Note("error", failure_message(change), target=_parse_target(change.target))


def _parse_target(text: str) -> Target | None:
    scope, _, name = text.partition(":")
    return SCOPES[scope](name) if scope in SCOPES else None
