"""(a) How many requests, and with how many bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.action import Action
from benchmarks.exchanges import KINDS, WRITES, Tally, surplus, tallies
from benchmarks.progress import tell
from benchmarks.report import Goal, Part, Row
from benchmarks.work import (
    Work,
    list_change,
    new_at_organization,
    new_at_repositories,
    no_change,
    rotation_in_large,
)

LARGE = 5_000
NOTE = (
    "Requests, and the bytes of their bodies both ways. `secrets`: pages of a target's secrets. "
    "`keys`: public keys. `lists`: pages of the repositories that may use a secret. `ages`: when "
    "an Actions secret was changed. `repositories`: pages of an organization's repositories, or "
    "one of them. `values` and `lists set` are writes. Too many is what goes beyond one page of "
    "secrets for each target, one walk over an organization's repositories, the lists of its "
    "secrets, the age of a source, and a key for each target that is written to."
)


def works(*, quick: bool) -> Iterator[Work]:
    """What is measured; `quick` leaves out what takes longest."""
    yield no_change()
    yield new_at_organization()
    yield list_change()
    for count in (1, 10, 100) if quick else (1, 10, 100, 1_000):
        yield new_at_repositories(count)
    yield rotation_in_large(LARGE)


def part(action: Action, *, quick: bool) -> Part:
    """Run each once."""
    found: dict[Work, Mapping[str, Tally]] = {}
    times: dict[Work, float] = {}
    for work in works(quick=quick):
        tell(f"(a) {work.name}")
        run = action.once(work)
        found[work], times[work] = tallies(run.exchanges), run.timed.seconds
    used = [kind for kind in KINDS if any(tally[kind].requests for tally in found.values())]
    rows = [_row(work, tally, used, times[work]) for work, tally in found.items()]
    return Part("(a) Requests", rows, list(_goals(found)), NOTE)


def _row(work: Work, found: Mapping[str, Tally], used: list[str], seconds: float) -> Row:
    return {
        "work": work.name,
        **{kind: found[kind] for kind in used},
        "too many": surplus(found, work.allowed),
        "seconds": seconds,
    }


def _goals(found: Mapping[Work, Mapping[str, Tally]]) -> Iterator[Goal]:
    quiet = found[no_change()]
    unasked = sum(quiet[kind].requests for kind in (*WRITES, "keys"))
    yield Goal("no change: writes, and keys fetched", unasked, 0)
    beyond = sum(surplus(tally, work.allowed) for work, tally in found.items())
    yield Goal("requests that are too many, in all rows", beyond, 0)
