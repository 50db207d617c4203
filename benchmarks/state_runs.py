"""Part (e): a rotation and a night without changes, with a state."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import gh_cli
from benchmarks.action import Action
from benchmarks.exchanges import WRITES, Exchange, count_by_kind, find_rejected_writes
from benchmarks.gh_comparison import NO_GH
from benchmarks.processes import BenchError, Measurement
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.sandbox import Run, run_against_sandbox
from benchmarks.workloads import PARTS, PASSWORD, Workload, new_at_repositories
from benchmarks.write_limit import WRITES as MAX_WRITES
from benchmarks.write_limit import compute_bound

TARGETS = 100
# A fifth of a minute, so that the start of the program is a small part of a run.
SECONDS = 12
WRITES_PER_MINUTE = MAX_WRITES * 60 // SECONDS
WITH_STATE: Mapping[str, str] = {"state": "BENCH_STATE"}
FIRST, ROTATION, NIGHT, STATELESS_NIGHT = (
    "the first run",
    "a new password",
    "a night without changes",
    "the same without a state",
)
# The password and the inputs of each run, in their order.
STEPS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    FIRST: ("the password of last month", WITH_STATE),
    ROTATION: (PASSWORD, WITH_STATE),
    NIGHT: (PASSWORD, WITH_STATE),
    STATELESS_NIGHT: (PASSWORD, {"rotate": "missing"}),
}
GH = "gh secret set --env-file"
GH_REPEATED = f"{GH}, without pauses"
NOTE = (
    f"{TARGETS} repository targets, and a password from an environment variable. The sandbox "
    f"rejects more than {MAX_WRITES} writes in any {SECONDS} seconds; the Action has "
    f"`writes-per-minute: {WRITES_PER_MINUTE}`. `gh` writes the three secrets of each repository, "
    "first with a pause after each call that results in the same rate, then without pauses. A "
    "call that the limit rejects is repeated after a second. No client can be faster than the "
    "bound, which is the time until "
    "the limit accepts its last write. Without a state, a night without writes needs `rotate: "
    "missing`, which would not notice a new password."
)


def run_part(action: Action) -> Part:
    """Measure the runs of the Action in one sandbox, and gh in another."""
    workload = create_workload()
    run, measurements = run_steps(action, workload)
    exchanges = {name: run.exchanges_during(step) for name, step in measurements.items()}
    seconds = {name: step.seconds for name, step in measurements.items()}
    if gh_cli.find_version():
        for name, pause in ((GH, PARTS * 60 / WRITES_PER_MINUTE), (GH_REPEATED, 0.0)):
            log_progress(f"(e) {name}")
            gh_run = gh_cli.run(workload, 1, seconds_per_call=pause)
            _check_secrets(gh_run, workload, name)
            exchanges[name], seconds[name] = gh_run.exchanges, gh_run.measurement.seconds
    rows = [build_row(name, exchanges[name], seconds[name]) for name in exchanges if name != FIRST]
    goals = list(build_goals(exchanges, seconds))
    return Part("(e) Rotation with a state", rows, goals, NOTE)


def create_workload() -> Workload:
    """Create a triplet at repositories, in a sandbox with a write limit."""
    workload = new_at_repositories(TARGETS)
    sandbox = replace(workload.sandbox, limit=f"{MAX_WRITES}/{SECONDS}")
    return replace(workload, sandbox=sandbox)


def run_steps(action: Action, workload: Workload) -> tuple[Run, Mapping[str, Measurement]]:
    """Run `STEPS` in one sandbox; the rotation starts with the whole write limit."""
    measurements: dict[str, Measurement] = {}

    def run_all(url: str, folder: Path) -> Measurement:
        for number, (name, (password, inputs)) in enumerate(STEPS.items()):
            log_progress(f"(e) {name}")
            step_folder = folder / str(number)
            step_folder.mkdir()
            all_inputs = {"writes-per-minute": str(WRITES_PER_MINUTE), **inputs}
            measurements[name] = action.run_step(workload, url, step_folder, all_inputs, password)
            if name == FIRST:
                time.sleep(SECONDS)
        return measurements[ROTATION]

    run = run_against_sandbox(workload.sandbox, run_all)
    _check_secrets(run, workload, ROTATION)
    return run, measurements


def _check_secrets(run: Run, workload: Workload, name: str) -> None:
    if run.secrets != workload.stored:
        raise BenchError(f"not all secrets were stored: {name}")


def build_row(name: str, exchanges: Sequence[Exchange], seconds: float) -> Row:
    """Build the row of a program; rejected writes do not count as writes."""
    rejected = len(find_rejected_writes(exchanges))
    writes = count_writes(exchanges)
    return {
        "run": name,
        "requests": len(exchanges),
        "reads of the state": count_by_kind(exchanges)["state reads"].requests,
        "writes": writes,
        "of the state": count_by_kind(exchanges)["state writes"].requests,
        "rejections": rejected,
        "bound, s": compute_bound(writes, SECONDS) if writes else None,
        "whole run, s": seconds,
    }


def build_goals(
    exchanges: Mapping[str, Sequence[Exchange]], seconds: Mapping[str, float]
) -> Iterator[Goal]:
    """Build the goals from the requests and the seconds of each run, by its name."""
    ratio = seconds[ROTATION] / seconds[GH] if GH in seconds else None
    yield Goal(f"{ROTATION}: ours / gh", ratio, 0.4, "", NO_GH)
    state_writes = count_by_kind(exchanges[ROTATION])["state writes"].requests
    value_writes = count_writes(exchanges[ROTATION]) - state_writes
    yield Goal(f"{ROTATION}: writes per repository", value_writes / TARGETS, 1.0)
    yield Goal(f"{ROTATION}: writes of the state", state_writes, 1)
    yield Goal(f"{NIGHT}: writes", count_writes(exchanges[NIGHT]), 0)
    additional = len(exchanges[NIGHT]) - len(exchanges[STATELESS_NIGHT])
    yield Goal(f"{NIGHT}: more requests than without a state", additional, 1)


def count_writes(exchanges: Sequence[Exchange]) -> int:
    """Count the writes that were not rejected."""
    counts = count_by_kind(exchanges)
    written = sum(counts[kind].requests for kind in WRITES)
    return written - len(find_rejected_writes(exchanges))
