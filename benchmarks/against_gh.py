"""(b) The same work by `gh secret set`, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from statistics import median

from benchmarks import by_gh
from benchmarks.action import Action
from benchmarks.processes import BenchError
from benchmarks.progress import tell
from benchmarks.report import Goal, Part, Row
from benchmarks.sandbox import Run
from benchmarks.work import Work, new_at_organization, new_at_repositories

# How often each number of targets is run: the shorter it takes, the more noise weighs.
TIMES: Mapping[int, int] = {1: 5, 10: 3, 100: 3, 1_000: 1}
NO_GH = "gh is not here"
NOTE = (
    "Seconds from start to end: the median of so many runs, which take turns. The pace of writes "
    "is lifted. `gh secret set` is called once for each target: one call after the other, and "
    "under `xargs -P 8`. What is stored afterwards is compared, and the same."
)


def part(action: Action, *, quick: bool) -> Part:
    """Run each by turns; without gh, ours alone."""
    programs: dict[str, Callable[[Work], Run]] = {"ours": action.run}
    if by_gh.version():
        programs |= {"gh": lambda work: by_gh.run(work, 1)}
        programs |= {"gh -P 8": lambda work: by_gh.run(work, 8)}
    counts = [count for count in TIMES if not (quick and TIMES[count] == 1)]
    times = {new_at_organization(): TIMES[1], **{new_at_repositories(n): TIMES[n] for n in counts}}
    found = {work.name: seconds(work, often, programs) for work, often in times.items()}
    rows = [row(name, figures) for name, figures in found.items()]
    return Part("(b) Time, beside gh", rows, list(goals(found)), NOTE)


def seconds(
    work: Work, times: int, programs: Mapping[str, Callable[[Work], Run]]
) -> Mapping[str, float]:
    """The median time of each program, and how often it was run as `times`."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    for turn in range(times):
        tell(f"(b) {work.name}, {turn + 1} of {times}")
        for name, program in programs.items():
            run = program(work)
            if run.secrets != work.stored:
                raise BenchError(f"{name} did not store what it was to: {work.name}")
            found[name].append(run.timed.seconds)
    return {"times": times, **{name: median(taken) for name, taken in found.items()}}


def row(name: str, figures: Mapping[str, float]) -> Row:
    """The figures of one piece of work, with ours as a share of the others."""
    ours, gh, eight = (figures.get(program) for program in ("ours", "gh", "gh -P 8"))
    return {
        "work": name,
        "runs": int(figures["times"]),
        "ours, s": ours,
        "gh, s": gh,
        "gh -P 8, s": eight,
        "ours / gh": ours / gh if ours and gh else None,
        "ours / gh -P 8": ours / eight if ours and eight else None,
    }


def goals(found: Mapping[str, Mapping[str, float]]) -> Iterator[Goal]:
    """From the figures of each piece of work, by its name."""
    one, hundred = (found[new_at_repositories(count).name] for count in (1, 100))
    beyond = one["ours"] - one["gh"] if "gh" in one else None
    yield Goal("1 target: ours beyond gh", beyond, 0.6, "s", NO_GH)
    for program, bound in (("gh", 0.2), ("gh -P 8", 1.0)):
        share = hundred["ours"] / hundred[program] if program in hundred else None
        yield Goal(f"100 targets: ours / {program}", share, bound, "", NO_GH)
