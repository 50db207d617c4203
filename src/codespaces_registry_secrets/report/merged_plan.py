"""Merge plan files into changes, and render the outputs and the summary of the run. Pure.

The shards write no summaries, because a run can have 256 of them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codespaces_registry_secrets.inputs.merge_inputs import FileChange, PlanFile
from codespaces_registry_secrets.report.outputs import COUNTED
from codespaces_registry_secrets.report.summary import TITLE
from codespaces_registry_secrets.text.markdown import code, row, table_head

# Limits, because GitHub shows a summary of at most 1 MiB.
MAX_ROWS = 500
MAX_CELL_CHARACTERS = 300
_COUNTS = ("Action", "Outcome", "Triplets")
_COLUMNS = ("Target", "Registry", "Server", "Sources", "Action", "Outcome", "Why")
MergedStatus = Literal["planned", "applied", "failed", "skipped", "unchanged", "blocked"]
_UNFINISHED: frozenset[MergedStatus] = frozenset({"blocked", "failed", "skipped"})


@dataclass(frozen=True)
class MergedChange:
    """A change, and its status after all jobs."""

    change: FileChange
    status: MergedStatus

    @property
    def reason(self) -> str:
        """Why the change failed or is blocked; else empty."""
        blocked = self.change.action == "blocked"
        return self.change.error or (self.change.reason if blocked else "")


def newest_plan(files: Iterable[PlanFile]) -> PlanFile | None:
    """The file of the job `plan` of the last attempt in which it ran; None if there is none."""
    plans = (file for file in files if file.job == "plan")
    return max(plans, key=lambda file: file.attempt, default=None)


def merge_plan_files(files: Iterable[PlanFile], mode: str) -> tuple[MergedChange, ...]:
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
    return tuple(MergedChange(change, _status(change, mode)) for change in changes.values())


def _status(change: FileChange, mode: str) -> MergedStatus:
    if change.action == "none":
        return "unchanged"
    if change.action == "blocked":
        return "blocked"
    # Still planned after `apply`: no shard ran, or the shard stopped before this change.
    return "skipped" if mode == "apply" and change.outcome == "planned" else change.outcome


def find_unfinished(changes: Iterable[MergedChange]) -> tuple[MergedChange, ...]:
    """The changes that are blocked, failed or skipped."""
    return tuple(change for change in changes if change.status in _UNFINISHED)


def build_merged_outputs(changes: Sequence[MergedChange]) -> Mapping[str, str]:
    """The outputs of the workflow that count changes, and `changed`."""
    completed = Counter(c.change.action for c in changes if c.status in {"applied", "planned"})
    statuses = Counter(change.status for change in changes)
    return {
        "changed": json.dumps(statuses["applied"] > 0),
        **{name: str(completed[action]) for action, name in COUNTED.items()},
        **{name: str(statuses[name]) for name in ("unchanged", "blocked", "failed", "skipped")},
    }


def render_merged_summary(
    mode: str, files: Sequence[PlanFile], changes: Sequence[MergedChange]
) -> str:
    """The digest, the number of changes by outcome, and a row for each unfinished change."""
    head = f"{TITLE}: {_cell(mode)}\n\n"
    if not files:
        return f"{head}There is no plan. The log of the job `Plan` says why.\n"
    plan = newest_plan(files)
    digest = f"Plan digest: {code(plan.digest)}\n\n" if plan else ""
    return head + digest + "".join(f"{line}\n" for line in _tables(changes))


def _tables(changes: Sequence[MergedChange]) -> Iterator[str]:
    yield table_head(_COUNTS)
    counts = Counter((change.change.action, change.status) for change in changes)
    yield from (row((*key, str(number))) for key, number in sorted(counts.items()))
    unfinished = find_unfinished(changes)
    if unfinished:
        yield f"\n{table_head(_COLUMNS)}"
        yield from map(_row, unfinished[:MAX_ROWS])
    if len(unfinished) > MAX_ROWS:
        yield f"\nAnd {len(unfinished) - MAX_ROWS} more, in the artifacts of this run."


def _row(merged: MergedChange) -> str:
    change = merged.change
    sources = ", ".join(filter(None, change.sources.values()))
    texts = (change.target, change.registry, change.server or "", sources)
    return row([*map(_cell, texts), change.action, merged.status, _cell(merged.reason)])


def _cell(text: str) -> str:
    return code(text[:MAX_CELL_CHARACTERS])
