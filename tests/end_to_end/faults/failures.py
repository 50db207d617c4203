"""Check the run of a case of the fault matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from end_to_end.faults.runs import MOST_SECONDS, Baseline, Case, Run, run_case
from end_to_end.faults.scenarios import PASSWORD

LONGEST_OUTPUT = 3000


def find_failures(case: Case, expected: Baseline) -> list[str]:
    """Run a case, and return a message for each thing that is wrong with the run."""
    run = run_case(case, expected)
    messages = [*_check_output(case, run), *_check_secrets(case, run, expected)]
    return [f"{case}: {message}\n{run.printed[-LONGEST_OUTPUT:]}" for message in messages]


def _check_output(case: Case, run: Run) -> Iterator[str]:
    """Check the duration, the exit code and the messages."""
    if run.seconds > MOST_SECONDS:
        yield f"it took {run.seconds:.0f} s"
    requests = ((one.method, f"{one.path}?{urlencode(one.query)}") for one in run.exchanges)
    if not any(case.fault.matches(*one) for one in requests):
        yield "no request matched the fault"
    if run.code != (0 if case.outcome == "green" else 1):
        yield f"exit code {run.code}"
    if "an error in this Action" in run.printed:
        yield "it crashed"
    errors = re.findall(r"^::error .*", run.printed, re.MULTILINE)
    where = f" at {case.scenario.target}"
    if case.outcome == "red" and not (errors and all(where in error for error in errors)):
        yield "no error names the target, or one names another"
    if case.outcome == "limited" and "GitHub's rate limit is used up until" not in run.printed:
        yield "it does not mention the rate limit"
    if case.endpoint and case.endpoint.optional and case.fault.times is None:
        warning = rf"cannot tell when the Actions secret {PASSWORD} last changed: (?!neither)"
        if case.outcome == "green" and not re.search(warning, run.printed):
            yield "it does not warn"


def _check_secrets(case: Case, run: Run, expected: Baseline) -> Iterator[str]:
    """Check that each secret has its old or its new value, and all have the new one in the end."""
    before, after = expected.before, expected.after
    for key in sorted({*before, *after, *run.left}):
        now, done = run.left.get(key), run.left.get(key) == after.get(key)
        if not done and now != before.get(key):
            yield f"{key} is {now}"
        if not done and case.outcome == "green":
            yield f"{key} is not in place: {now}"
        if not done and case.outcome == "red" and key[0] in case.others:
            yield f"{key} of another target is not in place: {now}"
    gone = {key for key in before if key[1].startswith("GONE")}
    left = [key for key in {*before, *after} - gone if run.left.get(key) != after.get(key)]
    if any(key[0] in case.scenario.at for key in left) and not gone <= set(run.left):
        yield "something is deleted beside what is not done, and may be what that was to replace"
    if (run.next_code, run.next_left or after) != (0, after):
        yield f"the next run ends with {run.next_code}, or not all in place"
