"""Part (b): time of the Action and of `gh secret set` for the same workloads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median

from benchmarks import gh_cli
from benchmarks.action import Action
from benchmarks.processes import BenchError
from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.sandbox import Run
from benchmarks.workloads import Workload, new_at_organization, new_at_repositories

# Runs per number of targets. Short runs are noisier, so they are repeated more often.
RUNS: Mapping[int, int] = {1: 5, 10: 3, 100: 3, 1_000: 1}
NO_GH = "gh is not installed"
NOTE = (
    "Seconds from start to end, the median of the runs, which alternate between the programs. "
    "`writes-per-minute` does not limit these runs. `gh secret set` is called once per target: "
    "sequentially, and with `xargs -P 8`. All programs must store the same secrets."
)


def run_part(action: Action, *, quick: bool) -> Part:
    """Measure each program; without gh, the Action only."""
    programs: dict[str, Callable[[Workload], Run]] = {"ours": action.run}
    if gh_cli.find_version():
        programs |= {"gh": lambda workload: gh_cli.run(workload, 1)}
        programs |= {"gh -P 8": lambda workload: gh_cli.run(workload, 8)}
    counts = [count for count in RUNS if not (quick and RUNS[count] == 1)]
    runs = {new_at_organization(): RUNS[1], **{new_at_repositories(n): RUNS[n] for n in counts}}
    figures = {
        workload.name: measure_programs(workload, times, programs)
        for workload, times in runs.items()
    }
    rows = [build_row(name, seconds) for name, seconds in figures.items()]
    return Part("(b) Time compared with gh", rows, list(build_goals(figures)), NOTE)


def measure_programs(
    workload: Workload, times: int, programs: Mapping[str, Callable[[Workload], Run]]
) -> Mapping[str, float]:
    """Measure the median seconds of each program; `times` is the number of runs."""
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(times):
        log_progress(f"(b) {workload.name}, {turn + 1} of {times}")
        for name, program in programs.items():
            run = program(workload)
            if run.secrets != workload.stored:
                raise BenchError(f"{name} stored other secrets than expected: {workload.name}")
            seconds[name].append(run.measurement.seconds)
    return {"times": times, **{name: median(values) for name, values in seconds.items()}}


def build_row(name: str, seconds: Mapping[str, float]) -> Row:
    """Build the row of a workload, with the ratios of the Action's time to the others'."""
    ours, gh, gh_parallel = (seconds.get(program) for program in ("ours", "gh", "gh -P 8"))
    return {
        "workload": name,
        "runs": int(seconds["times"]),
        "ours, s": ours,
        "gh, s": gh,
        "gh -P 8, s": gh_parallel,
        "ours / gh": ours / gh if ours and gh else None,
        "ours / gh -P 8": ours / gh_parallel if ours and gh_parallel else None,
    }


def build_goals(figures: Mapping[str, Mapping[str, float]]) -> Iterator[Goal]:
    """Build the goals from the seconds of each workload, by its name."""
    one, hundred = (figures[new_at_repositories(count).name] for count in (1, 100))
    difference = one["ours"] - one["gh"] if "gh" in one else None
    yield Goal("1 target: ours minus gh", difference, 0.6, "s", NO_GH)
    for program, bound in (("gh", 0.2), ("gh -P 8", 1.0)):
        ratio = hundred["ours"] / hundred[program] if program in hundred else None
        yield Goal(f"100 targets: ours / {program}", ratio, bound, "", NO_GH)
