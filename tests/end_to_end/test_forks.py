"""A pull request of a fork: GitHub gives its job no secrets, so a step has empty inputs."""

from __future__ import annotations

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import ACR_SPEC, JOB_TOKEN, Action

SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
FORK = {
    "number": 7,
    "head": {"ref": "patch", "repo": {"full_name": "mallory/app", "fork": True}},
    "base": {"ref": "main", "repo": {"full_name": "octo-org/app", "fork": False}},
}


@pytest.mark.parametrize("mode", ["plan", "check", "apply"])
def test_a_step_without_secrets_writes_nothing(
    mode: str, action: Action, sandbox: Sandbox, world: World
) -> None:
    """The error names the input. The only requests are for the comment, with the job's own token."""
    world.add_actions_token(JOB_TOKEN, repository="octo-org/app", permissions={"metadata": "read"})
    action.set_event("pull_request", pull_request=FORK)

    step = action.step(
        SPEC, {"ACR_PASSWORD": ""}, token="", mode=mode, comment="true", github_token=JOB_TOKEN
    )

    assert step.exit_code == 1
    assert "`token`" in step.log
    assert sandbox.writes == []
    assert {exchange.token_kind for exchange in sandbox.exchanges} <= {"actions"}
