"""The plan on a pull request and the approval, run step by step: to copy, and to call."""

from __future__ import annotations

from pathlib import Path

import pytest

from github_sandbox import Sandbox, World
from runner_environment import EVENT
from sandboxed_action import TRIPLET, stored_triplet
from workflow_run import EXAMPLES, SECRETS, SPEC, Event, Start

APP = "octo-org/app"
PUSH = Event("push", EVENT)
# The file, and the names of its jobs.
Names = tuple[str, str, str]
PLANS = [("plan-on-pull-request.yml", "plan"), ("call-plan-on-pull-request.yml", "plan / plan")]
APPROVALS = [
    ("approval.yml", "plan", "apply"),
    ("call-approve.yml", "approve / plan", "approve / apply"),
]


def secret_writes(sandbox: Sandbox) -> list[str]:
    """The paths of the writes to Codespaces secrets so far."""
    return [exchange.path for exchange in sandbox.writes if "/codespaces/" in exchange.path]


def pull_request(head: str) -> Event:
    """A pull request whose branch is in the repository `head`."""
    payload = {
        **EVENT,
        "pull_request": {
            "number": 1,
            "head": {"repo": {"id": 1 if head == APP else 2, "full_name": head}},
            "base": {"repo": {"id": 1, "full_name": APP}},
        },
    }
    return Event("pull_request", payload, from_fork=head != APP)


@pytest.mark.parametrize(("name", "plan"), PLANS)
def test_a_pull_request_gets_a_comment_with_its_plan(
    start: Start, sandbox: Sandbox, world: World, name: str, plan: str
) -> None:
    """Nothing is written but the comment, and only placeholders are used."""
    world.add_pull_request(APP)

    run = start(name, pull_request(APP))

    assert run.results[plan] == "success"
    (comment,) = world.comments(APP, 1)
    assert "1 to create" in comment.body
    assert secret_writes(sandbox) == []
    assert "placeholder" in run.steps[plan][0].masks
    assert SECRETS["ACR_PASSWORD"] not in run.steps[plan][0].masks


@pytest.mark.parametrize(("name", "plan"), PLANS)
def test_a_pull_request_of_a_fork_runs_no_step(
    start: Start, sandbox: Sandbox, name: str, plan: str
) -> None:
    """GitHub gives it no secrets."""
    run = start(name, pull_request("mallory/app"))

    assert run.results[plan] == "skipped"
    assert sandbox.exchanges == []


@pytest.mark.parametrize("change", [("mycompany", "evil"), ("octo-org/app", "mallory/app")])
@pytest.mark.parametrize(("name", "plan"), PLANS)
def test_a_pull_request_cannot_name_other_servers_and_owners(
    start: Start, sandbox: Sandbox, name: str, plan: str, change: tuple[str, str]
) -> None:
    """The workflow limits both."""
    run = start(name, pull_request(APP), SPEC.replace(*change))

    assert run.results[plan] == "failure"
    assert [e for e in sandbox.exchanges if "/codespaces/" in e.path] == []


@pytest.mark.parametrize("names", APPROVALS)
def test_an_approved_plan_is_applied(start: Start, world: World, names: Names) -> None:
    """The reviewer is asked once, for the second job only. Then there is nothing to write."""
    name, plan, apply = names
    asked: list[str] = []

    def review(environment: str) -> None:
        asked.append(environment)
        assert world.secrets(f"repository:{APP}") == {}

    run = start(name, PUSH, review=review)

    assert (run.results[plan], run.results[apply]) == ("success", "success")
    assert asked == ["registry-secrets"]
    assert set(world.secrets(f"repository:{APP}")) == set(TRIPLET)


@pytest.mark.parametrize("names", APPROVALS)
def test_an_approval_of_another_plan_writes_nothing(
    start: Start, sandbox: Sandbox, world: World, names: Names
) -> None:
    """What is stored changed between the plan and its approval."""
    name, plan, apply = names

    def review(_environment: str) -> None:
        world.put_secret(f"repository:{APP}", TRIPLET[1], b"by hand")

    run = start(name, PUSH, review=review)

    assert (run.results[plan], run.results[apply]) == ("success", "failure")
    (step,) = run.steps[apply]
    assert "this plan is not the approved one" in step.stdout
    assert secret_writes(sandbox) == []


@pytest.mark.parametrize("why", ["invalid", "nothing to do"])
@pytest.mark.parametrize("names", APPROVALS)
def test_nobody_is_asked_without_a_plan_to_apply(
    start: Start, world: World, names: Names, why: str
) -> None:
    """The plan failed, or there is nothing to write."""
    name, plan, apply = names

    def refuse(environment: str) -> None:
        raise AssertionError(environment)

    spec = SPEC.replace("server", "serwer") if why == "invalid" else SPEC
    if why == "nothing to do":
        spec += "    rotate: missing\n"
        stored_triplet(world, f"repository:{APP}")
        world.put_secret(f"repository:{APP}", TRIPLET[0], b"mycompany.azurecr.io")

    run = start(name, PUSH, spec, review=refuse)

    expected = "failure" if why == "invalid" else "success"
    assert (run.results[plan], run.results[apply]) == (expected, "skipped")


def test_without_an_environment_nothing_is_applied(
    start: Start, sandbox: Sandbox, tmp_path: Path
) -> None:
    """GitHub ignores an environment without a name, so nobody would be asked."""
    text = (EXAMPLES / "call-approve.yml").read_text(encoding="utf-8")
    workflow = tmp_path / "call.yml"
    workflow.write_text(text.replace("environment: registry-secrets", 'environment: ""'))

    run = start(str(workflow), PUSH)

    assert run.results["approve / plan"] == "success"
    assert run.results["approve / apply"] == "skipped"
    assert secret_writes(sandbox) == []
