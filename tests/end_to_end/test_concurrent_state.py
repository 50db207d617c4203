"""Runs that overlap and share a state keep each other's records."""

from __future__ import annotations

import time
from collections.abc import Callable

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action

ENVIRONMENT = {"ACR_PASSWORD": "correct-horse-battery-staple"}
FIRST, SECOND = "repository:octo-org/svc-000", "repository:octo-org/svc-001"
SECONDS = 3.0


def spec(*targets: str) -> str:
    """ACR at these targets."""
    listed = ", ".join(f"{{{target.replace(':', ': ')}}}" for target in targets)
    return f"{ACR_SPEC}    targets: [{listed}]\n"


def apply(action: Action, *targets: str) -> None:
    """Run to the end."""
    variables = {**ENVIRONMENT, "GITHUB_REPOSITORY": "octo-org/app"}
    assert action.run_in_process(spec(*targets), variables, state="CRS_STATE") == 0


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait at most 30 seconds."""
    end = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_run_that_creates_the_variable_too_late_keeps_its_records(
    action: Action, sandbox: Sandbox, world: World
) -> None:
    """Both read that it does not exist, and one of them is slow to create it."""
    delay = Fault(method="POST", path="actions/variables", status=None, delay=SECONDS)
    sandbox.fail(delay)
    started = action.start(spec(FIRST), ENVIRONMENT, state="CRS_STATE")
    wait_until(lambda: len(world.secrets(FIRST)) == len(TRIPLET))
    apply(action, SECOND)
    assert started.end().exit_code == 0

    creations = [e.status for e in sandbox.writes if e.path.endswith("actions/variables")]
    assert creations == [201, 409]
    sandbox.clear_exchanges()
    apply(action, FIRST, SECOND)
    assert sandbox.writes == []
