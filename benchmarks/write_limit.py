"""Part (c): time and rejected writes under a write limit of GitHub's."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.action import Action
from benchmarks.exchanges import (
    compute_writing_seconds,
    count_by_kind,
    find_avoidable_rejections,
    find_rejected_writes,
)
from benchmarks.processes import BenchError
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.workloads import Workload, new_at_repositories

WRITES, SECONDS = 80, 6
WRITES_PER_MINUTE = WRITES * 60 // SECONDS
TARGETS = 300
NOTE = (
    f"The sandbox rejects more than {WRITES} writes in any {SECONDS} s; the Action has "
    f"`writes-per-minute: {WRITES_PER_MINUTE}`. No client can be faster than the bound, which is "
    "the time until the limit accepts its last write. The time is from the first write to the "
    "response to the last one. A rejection is avoidable if its request was sent after the "
    "response to the first one."
)


def run_part(action: Action) -> Part:
    """Measure one run."""
    workload = create_workload(TARGETS)
    log_progress(f"(c) {workload.name}, {WRITES} writes in any {SECONDS} s")
    run = action.run(workload, WRITES_PER_MINUTE)
    if run.secrets != workload.stored:
        raise BenchError(f"not all secrets were stored under the write limit: {workload.name}")
    seconds, bound = compute_writing_seconds(run.exchanges), compute_bound(workload.writes)
    rejections = len(find_rejected_writes(run.exchanges))
    avoidable = len(find_avoidable_rejections(run.exchanges))
    row: Row = {
        "workload": workload.name,
        "writes": workload.writes,
        "requests": sum(count.requests for count in count_by_kind(run.exchanges).values()),
        "bound, s": bound,
        "writing, s": seconds,
        "writing / bound": seconds / bound,
        "whole run, s": run.measurement.seconds,
        "rejections": rejections,
        "avoidable": avoidable,
    }
    goals = [
        Goal("time / bound", seconds / bound, 1.15),
        Goal("avoidable rejections", avoidable, 0),
    ]
    return Part("(c) Time under a write limit", [row], goals, NOTE)


def create_workload(targets: int) -> Workload:
    """Create new triplets at repositories, in a sandbox with a write limit."""
    workload = new_at_repositories(targets)
    sandbox = replace(workload.sandbox, limit=f"{WRITES}/{SECONDS}")
    return replace(workload, sandbox=sandbox)


def compute_bound(writes: int, seconds: int = SECONDS) -> float:
    """The minimum seconds from the first to the last of these writes under the limit."""
    return float((-(-writes // WRITES) - 1) * seconds)
