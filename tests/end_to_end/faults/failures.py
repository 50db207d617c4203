"""Check the run of a case of the fault matrix."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlencode

from end_to_end.faults.runs import MAX_SECONDS, Baseline, Case, Run, run_case
from end_to_end.faults.scenarios import PASSWORD

MAX_OUTPUT_CHARACTERS = 3000


def find_failures(case: Case, expected: Baseline) -> list[str]:
    """Run a case, and return a message for each error of the run."""
    run = run_case(case, expected)
    messages = [*_check_output(case, run), *_check_secrets(case, run, expected)]
    return [f"{case}: {message}\n{run.printed[-MAX_OUTPUT_CHARACTERS:]}" for message in messages]


def _check_output(case: Case, run: Run) -> Iterator[str]:
    """Check the duration, the exit code and the messages."""
    if run.seconds > MAX_SECONDS:
        yield f"it took {run.seconds:.0f} s"
    requests = (
        (exchange.method, f"{exchange.path}?{urlencode(exchange.query)}")
        for exchange in run.exchanges
    )
    if not any(case.fault.matches(method, path) for method, path in requests):
        yield "no request matched the fault"
    if run.code != (0 if case.outcome == "succeeds" else 1):
        yield f"exit code {run.code}"
    if "an error in this Action" in run.printed:
        yield "it crashed"
    errors = re.findall(r"^::error .*", run.printed, re.MULTILINE)
    target = f" at {case.scenario.target}"
    if case.outcome == "fails" and not (errors and all(target in error for error in errors)):
        yield "no error names the target, or an error names another target"
    if case.outcome == "limited" and "GitHub's rate limit is used up until" not in run.printed:
        yield "it does not mention the rate limit"
    if case.endpoint and case.endpoint.optional and case.fault.times is None:
        warning = rf"cannot tell when the Actions secret {PASSWORD} last changed: (?!neither)"
        if case.outcome == "succeeds" and not re.search(warning, run.printed):
            yield "it does not warn"


def _check_secrets(case: Case, run: Run, expected: Baseline) -> Iterator[str]:
    """Check that each secret has its old or its new value, and all have the new one in the end."""
    before, after = expected.before, expected.after
    for key in sorted({*before, *after, *run.state}):
        now, complete = run.state.get(key), run.state.get(key) == after.get(key)
        if not complete and now != before.get(key):
            yield f"{key} is {now}"
        if not complete and case.outcome == "succeeds":
            yield f"{key} is not up to date: {now}"
        if not complete and case.outcome == "fails" and key[0] in case.others:
            yield f"{key} of another target is not up to date: {now}"
    to_delete = {key for key in before if key[1].startswith("GONE")}
    incomplete = [
        key for key in {*before, *after} - to_delete if run.state.get(key) != after.get(key)
    ]
    if any(key[0] in case.scenario.at for key in incomplete) and not to_delete <= set(run.state):
        yield "a triplet was deleted although a change of the target that could replace it failed"
    if (run.next_code, run.next_state or after) != (0, after):
        yield f"the next run ends with exit code {run.next_code}, or does not complete the changes"
