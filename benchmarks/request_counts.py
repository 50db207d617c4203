"""Part (a): number of requests and bytes of their bodies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.action import Action
from benchmarks.exchanges import KINDS, WRITES, RequestCount, count_by_kind, count_excess
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.workloads import (
    Workload,
    list_change,
    new_at_organization,
    new_at_repositories,
    no_change,
    rotation_in_large,
)

LARGE = 5_000
NOTE = (
    "Requests, and the bytes of their bodies in both directions. `secrets`: pages of a target's "
    "secrets. `keys`: public keys. `lists`: pages of a secret's selected repositories. `ages`: "
    "when an Actions secret was updated. `repositories`: pages of an organization's repositories, "
    "or one of them. `excess`: requests beyond one page of secrets per target, one list of an "
    "organization's repositories, the selected repositories of its secrets, the age of a source, "
    "and one key per target with a write."
)


def select_workloads(*, quick: bool) -> Iterator[Workload]:
    """Select the workloads to measure; `quick` leaves out the longest one."""
    yield no_change()
    yield new_at_organization()
    yield list_change()
    for count in (1, 10, 100) if quick else (1, 10, 100, 1_000):
        yield new_at_repositories(count)
    yield rotation_in_large(LARGE)


def run_part(action: Action, *, quick: bool) -> Part:
    """Measure each workload once."""
    counts: dict[Workload, Mapping[str, RequestCount]] = {}
    seconds: dict[Workload, float] = {}
    for workload in select_workloads(quick=quick):
        log_progress(f"(a) {workload.name}")
        run = action.run_once(workload)
        counts[workload] = count_by_kind(run.exchanges)
        seconds[workload] = run.measurement.seconds
    kinds = [kind for kind in KINDS if any(count[kind].requests for count in counts.values())]
    rows = [_row(workload, count, kinds, seconds[workload]) for workload, count in counts.items()]
    return Part("(a) Requests", rows, list(_goals(counts)), NOTE)


def _row(
    workload: Workload, counts: Mapping[str, RequestCount], kinds: list[str], seconds: float
) -> Row:
    return {
        "workload": workload.name,
        **{kind: counts[kind] for kind in kinds},
        "excess": count_excess(counts, workload.allowed),
        "seconds": seconds,
    }


def _goals(counts: Mapping[Workload, Mapping[str, RequestCount]]) -> Iterator[Goal]:
    no_change_counts = counts[no_change()]
    unneeded = sum(no_change_counts[kind].requests for kind in (*WRITES, "keys"))
    yield Goal("no change: writes and keys", unneeded, 0)
    excess = sum(count_excess(count, workload.allowed) for workload, count in counts.items())
    yield Goal("excess requests, in all rows", excess, 0)
