"""What is wrong with how the run of a cell went."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from end_to_end.faults.runs import MOST_SECONDS, Cell, Clean, Run, carried_out
from end_to_end.faults.scenes import PASSWORD

LONGEST_TOLD = 3000


def complaints(cell: Cell, measure: Clean) -> list[str]:
    """What is wrong with the run of a cell; nothing where all is well."""
    run = carried_out(cell, measure)
    found = [*_said(cell, run), *_stored(cell, run, measure)]
    return [f"{cell}: {one}\n{run.printed[-LONGEST_TOLD:]}" for one in found]


def _said(cell: Cell, run: Run) -> Iterator[str]:
    """The time, the exit code and the messages."""
    if run.seconds > MOST_SECONDS:
        yield f"it took {run.seconds:.0f} s"
    asked = ((one.method, f"{one.path}?{urlencode(one.query)}") for one in run.exchanges)
    if not any(cell.fault.matches(*one) for one in asked):
        yield "the endpoint was not asked"
    if run.code != (0 if cell.outcome == "green" else 1):
        yield f"exit code {run.code}"
    if "an error in this Action" in run.printed:
        yield "it broke"
    errors = re.findall(r"^::error .*", run.printed, re.MULTILINE)
    where = f" at {cell.scene.target}"
    if cell.outcome == "red" and not (errors and all(where in error for error in errors)):
        yield "no error names the target, or one names another"
    if cell.outcome == "limited" and "GitHub's rate limit is used up until" not in run.printed:
        yield "it does not speak of the limit"
    if cell.endpoint and cell.endpoint.optional and cell.fault.times is None:
        told = rf"cannot tell when the Actions secret {PASSWORD} last changed: (?!neither)"
        if cell.outcome == "green" and not re.search(told, run.printed):
            yield "it does not warn"


def _stored(cell: Cell, run: Run, measure: Clean) -> Iterator[str]:
    """Every secret is as it was or as it is to be; in the end all are as they are to be."""
    before, after = measure.before, measure.after
    for key in sorted({*before, *after, *run.left}):
        now, done = run.left.get(key), run.left.get(key) == after.get(key)
        if not done and now != before.get(key):
            yield f"{key} is {now}"
        if not done and cell.outcome == "green":
            yield f"{key} is not in place: {now}"
        if not done and cell.outcome == "red" and key[0] in cell.others:
            yield f"{key} of another target is not in place: {now}"
    gone = {key for key in before if key[1].startswith("GONE")}
    left = [key for key in {*before, *after} - gone if run.left.get(key) != after.get(key)]
    if any(key[0] in cell.scene.at for key in left) and not gone <= set(run.left):
        yield "something is deleted beside what is not done, and may be what that was to replace"
    if (run.next_code, run.next_left or after) != (0, after):
        yield f"the next run ends with {run.next_code}, or not all in place"
