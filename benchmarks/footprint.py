"""Part (d): time to the first request, time of planning, peak memory, the image."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.action import PYTHON, Action
from benchmarks.image_delivery import NO_DOCKER, measure_delivery
from benchmarks.planning import TARGETS, measure_planning
from benchmarks.processes import measure
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.request_counts import LARGE
from benchmarks.sandbox import ROOT
from benchmarks.workloads import new_at_repositories, rotation_in_large

RUNS = 7
MANY = 1_000
MEGABYTE = 1_000_000
NOTE = (
    "The first request is the time from the start of `entrypoint.py` to its arrival, the median "
    f"of {RUNS} runs; `import github` is the time of `python -c` with it, in alternation. MB are "
    "millions of bytes. Memory is the peak of the whole process, from the kernel. An image is "
    "built from the Dockerfile, without a cache and with packages from the package index, or "
    "pulled from a registry on the same machine. The time is from the start of the build or the "
    "pull to the first request of the Action in a container. An absent base comes from the same "
    "registry."
)


def run_part(action: Action, *, quick: bool) -> Part:
    """Measure each row; without Docker, all but those of the image."""
    measurements = [
        measure_start(action),
        _measure_planning(),
        *measure_memory(action, quick=quick),
        measure_image(),
        *measure_delivery(quick=quick),
    ]
    rows = [row for row, _ in measurements]
    goals = [goal for _, goal in measurements if goal]
    return Part("(d) Start, planning, memory, image", rows, goals, NOTE)


def measure_start(action: Action) -> tuple[Row, Goal]:
    """Measure the seconds to the first request, and of `import github`."""
    workload = new_at_repositories(1)
    first_requests, imports = [], []
    for turn in range(RUNS):
        log_progress(f"(d) first request, {turn + 1} of {RUNS}")
        first_requests.append(action.run(workload).first_request)
        imports.append(_measure_import())
    first_request, import_seconds = median(first_requests), median(imports)
    goal = Goal("first request / `import github`", first_request / import_seconds, 2.0)
    note = f"`import github`: {import_seconds:.3f} s"
    return _row("first request", first_request, "s", note), goal


def _measure_import() -> float:
    with TemporaryDirectory() as folder:
        command = [*PYTHON, "-c", "import github"]
        return measure(command, {"PATH": os.defpath}, Path(folder)).seconds


def _measure_planning() -> tuple[Row, Goal]:
    log_progress("(d) planning")
    seconds = measure_planning()
    goal = Goal(f"planning {TARGETS:,} targets", seconds, 0.5, "s")
    return _row(f"planning {TARGETS:,} targets", seconds, "s"), goal


def measure_memory(action: Action, *, quick: bool) -> Iterator[tuple[Row, Goal]]:
    """Measure the peak memory of the largest runs of part (a)."""
    many = new_at_repositories(MANY // 10 if quick else MANY)
    for workload in (many, rotation_in_large(LARGE)):
        log_progress(f"(d) peak memory: {workload.name}")
        peak = action.run_once(workload).measurement.peak / MEGABYTE
        goal = Goal(f"peak memory: {workload.name}", peak, 150.0, "MB")
        yield _row(f"peak memory: {workload.name}", peak, "MB"), goal


def measure_image() -> tuple[Row, Goal]:
    """Measure the size of the Action's layers, which `script/image` prints."""
    log_progress("(d) image")
    script = [str(ROOT / "script" / "image")]
    process = subprocess.run(script, capture_output=True, text=True, check=False)
    match = re.search(r" has ([\d.]+) MB, ([\d.]+) MB of them", process.stdout)
    megabytes = float(match[2]) if match else None
    reason = NO_DOCKER if NO_DOCKER in process.stderr else "script/image failed"
    note = f"the image has {match[1]} MB" if match else reason
    goal = Goal("layers of the Action", megabytes, 42.0, "MB", reason)
    return _row("layers of the Action", megabytes, "MB", note), goal


def _row(name: str, figure: float | None, unit: str, note: str = "") -> Row:
    return {"measurement": name, "figure": figure, "unit": unit, "note": note}
