"""(d) Time to the first request and of planning, peak memory, and what the image adds."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.action import PYTHON, Action
from benchmarks.planning import TARGETS, planning_seconds
from benchmarks.processes import timed
from benchmarks.progress import tell
from benchmarks.report import Goal, Part, Row
from benchmarks.sandbox import ROOT
from benchmarks.traffic import LARGE
from benchmarks.work import new_at_repositories, rotation_in_large

TIMES = 7
MANY = 1_000
MEGABYTE = 1_000_000
NO_DOCKER = "no docker daemon answers"
NOTE = (
    "The first request is counted from the start of `entrypoint.py` to its arrival, the median of "
    f"{TIMES} runs; `import github` is the time of `python -c` with it, in turns with them. MB are "
    "millions of bytes. Memory is the peak of the whole process, as the kernel tells it."
)


def part(action: Action, *, quick: bool) -> Part:
    """Measure each; without docker, all but the image."""
    rows: list[Row] = []
    goals: list[Goal] = []
    for row, goal in [start(action), planning(), *memory(action, quick=quick), image()]:
        rows.append(row)
        goals.append(goal)
    return Part("(d) Start, planning, memory, image", rows, goals, NOTE)


def start(action: Action) -> tuple[Row, Goal]:
    """Seconds to the first request, and to `import github`."""
    work = new_at_repositories(1)
    ours, library = [], []
    for turn in range(TIMES):
        tell(f"(d) first request, {turn + 1} of {TIMES}")
        ours.append(action.run(work).first_request)
        library.append(_importing())
    first, importing = median(ours), median(library)
    goal = Goal("first request / `import github`", first / importing, 2.0)
    return _row("first request", first, "s", f"`import github`: {importing:.3f} s"), goal


def planning() -> tuple[Row, Goal]:
    """Seconds for the largest plan."""
    tell("(d) planning")
    seconds = planning_seconds()
    goal = Goal(f"planning {TARGETS:,} targets", seconds, 0.5, "s")
    return _row(f"planning {TARGETS:,} targets", seconds, "s"), goal


def memory(action: Action, *, quick: bool) -> Iterator[tuple[Row, Goal]]:
    """Peak memory of the largest runs of part (a)."""
    many = new_at_repositories(MANY // 10 if quick else MANY)
    for work in (many, rotation_in_large(LARGE)):
        tell(f"(d) peak memory: {work.name}")
        peak = action.once(work).timed.peak / MEGABYTE
        goal = Goal(f"peak memory: {work.name}", peak, 150.0, "MB")
        yield _row(f"peak memory: {work.name}", peak, "MB"), goal


def image() -> tuple[Row, Goal]:
    """What `script/image` prints."""
    tell("(d) image")
    script = [str(ROOT / "script" / "image")]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    match = re.search(r" adds ([\d.]+) MB to (\S+)", done.stdout)
    added = float(match[1]) if match else None
    why = NO_DOCKER if NO_DOCKER in done.stderr else "script/image failed"
    note = f"over {match[2]}" if match else why
    goal = Goal("layers of the image", added, 40.0, "MB", why)
    return _row("layers of the image", added, "MB", note), goal


def _row(what: str, figure: float | None, unit: str, note: str = "") -> Row:
    return {"what": what, "figure": figure, "unit": unit, "note": note}


def _importing() -> float:
    with TemporaryDirectory() as folder:
        command = [*PYTHON, "-c", "import github"]
        return timed(command, {"PATH": os.defpath}, Path(folder)).seconds
