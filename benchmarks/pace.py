"""(c) How long a run takes where GitHub limits its writes, and how often it is refused."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.action import Action
from benchmarks.exchanges import refused, refused_again, tallies, writing_seconds
from benchmarks.processes import BenchError
from benchmarks.progress import tell
from benchmarks.report import Goal, Part, Row
from benchmarks.work import Work, new_at_repositories

WRITES, SECONDS = 80, 6
A_MINUTE = WRITES * 60 // SECONDS
TARGETS = 300
NOTE = (
    f"The sandbox refuses more than {WRITES} writes in any {SECONDS} s; the Action is told "
    f"`writes-per-minute: {A_MINUTE}`. No client can end before the bound: the last of its writes "
    "is let through that long after the first. The time is from the first write to the answer to "
    "the last one. A refusal can be known of as soon as it is answered."
)


def part(action: Action) -> Part:
    """Run it once."""
    work = limited(TARGETS)
    tell(f"(c) {work.name}, {WRITES} writes in any {SECONDS} s")
    run = action.run(work, A_MINUTE)
    if run.secrets != work.stored:
        raise BenchError(f"not all was stored under the limit: {work.name}")
    taken, least = writing_seconds(run.exchanges), bound(work.writes)
    refusals, again = len(refused(run.exchanges)), len(refused_again(run.exchanges))
    row: Row = {
        "work": work.name,
        "writes": work.writes,
        "requests": sum(tally.requests for tally in tallies(run.exchanges).values()),
        "bound, s": least,
        "writing, s": taken,
        "writing / bound": taken / least,
        "whole run, s": run.timed.seconds,
        "refusals": refusals,
        "sent after one was known": again,
    }
    goals = [
        Goal("time / bound", taken / least, 1.15),
        Goal("refusals that were sent after one was known", again, 0),
    ]
    return Part("(c) Under a limit on writes", [row], goals, NOTE)


def limited(targets: int) -> Work:
    """New triplets at so many repositories, where the sandbox limits the writes."""
    work = new_at_repositories(targets)
    return replace(work, site=replace(work.site, limit=f"{WRITES}/{SECONDS}"))


def bound(writes: int) -> float:
    """The seconds between the first and the last of so many writes, at least."""
    return float((-(-writes // WRITES) - 1) * SECONDS)
