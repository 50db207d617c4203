"""The rotation with its issue, run step by step: the workflow to copy, and the one to call."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from github_sandbox import Fault, Sandbox, World
from runner_environment import EVENT
from workflow_run import SECRETS, SPEC, SPEC_FILE, Event, Start

APP = "octo-org/app"
BOT = "github-actions[bot]"
MARKER = f"<!-- codespaces-registry-secrets issue: {SPEC_FILE} -->"
NIGHT = Event("schedule", EVENT)
BY_HAND = Event("workflow_dispatch", EVENT)
# The file, and the names of its two jobs.
Names = tuple[str, str, str]
ROTATIONS = [
    ("rotation-with-issue.yml", "rotate", "issue"),
    ("call-rotate.yml", "rotate / rotate", "rotate / issue"),
]


def fail_writes(sandbox: Sandbox) -> None:
    """Let every write of a secret fail."""
    sandbox.fail(Fault(method="PUT", path="/codespaces/secrets", status=422, times=None))


def issue_writes(sandbox: Sandbox) -> list[str]:
    """The methods of the writes to issues so far."""
    return [exchange.method for exchange in sandbox.writes if "/issues" in exchange.path]


@pytest.mark.parametrize("names", ROTATIONS)
def test_one_issue_is_opened_and_updated(
    start: Start, sandbox: Sandbox, world: World, names: Names
) -> None:
    """Each run shows its own result. The run of the rotation fails."""
    name, rotate, issue = names
    fail_writes(sandbox)
    run = start(name, NIGHT)
    assert (run.results[rotate], run.results[issue]) == ("failure", "success")
    (opened,) = world.issues(APP)
    assert (opened.state, opened.author.login) == ("open", BOT)
    assert SPEC_FILE in opened.title
    assert "- 1 triplet could not be written.\n" in (opened.body or "")

    assert start(name, NIGHT, f"{SPEC}      - repository: octo-org/absent\n").result == "failure"

    (updated,) = world.issues(APP)
    assert "- 1 triplet with a blocked change.\n" in (updated.body or "")
    assert issue_writes(sandbox) == ["POST", "PATCH"]


@pytest.mark.parametrize("names", ROTATIONS)
def test_the_issue_is_closed_by_a_run_without_a_problem(
    start: Start, sandbox: Sandbox, world: World, names: Names
) -> None:
    """A further run leaves the closed issue as it is."""
    name, _, _ = names
    world.add_issue(APP, "title", f"{MARKER}\nold", author=BOT)

    assert start(name, NIGHT).result == "success"
    (closed,) = world.issues(APP)
    assert (closed.number, closed.state, closed.state_reason) == (1, "closed", "completed")
    assert "found no problem" in (closed.body or "")

    start(name, NIGHT)
    assert issue_writes(sandbox) == ["PATCH"]


@pytest.mark.parametrize("names", ROTATIONS)
def test_a_closed_issue_is_opened_again(
    start: Start, sandbox: Sandbox, world: World, names: Names
) -> None:
    """There is never a second one."""
    name, _, _ = names
    world.add_issue(APP, "title", f"{MARKER}\nold", author=BOT, state="closed")
    fail_writes(sandbox)

    start(name, NIGHT)

    (reopened,) = world.issues(APP)
    assert (reopened.number, reopened.state, reopened.state_reason) == (1, "open", "reopened")
    assert "- 1 triplet could not be written.\n" in (reopened.body or "")


@pytest.mark.parametrize("names", ROTATIONS)
def test_an_issue_tells_about_a_credential_that_expires_soon(
    start: Start, world: World, names: Names
) -> None:
    """The run succeeds, because nothing is blocked yet."""
    name, rotate, issue = names
    expires = (world.now() + timedelta(days=5, hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")

    run = start(name, NIGHT, SPEC.replace("username: me", f"username: me\n    expires: {expires}"))

    assert (run.results[rotate], run.results[issue]) == ("success", "success")
    (opened,) = world.issues(APP)
    assert "- A credential expires at " in (opened.body or "")
    assert ", in 5d." in (opened.body or "")


@pytest.mark.parametrize("names", ROTATIONS)
def test_a_run_without_a_plan_opens_the_issue(start: Start, world: World, names: Names) -> None:
    """Such as with an invalid spec."""
    name, rotate, _ = names
    run = start(name, NIGHT, SPEC.replace("server", "serwer"))

    assert run.results[rotate] == "failure"
    (opened,) = world.issues(APP)
    assert "- The run ended without a plan" in (opened.body or "")


@pytest.mark.parametrize("mode", ["plan", "check"])
@pytest.mark.parametrize("names", ROTATIONS)
def test_a_plan_by_hand_leaves_the_issue_as_it_is(
    start: Start, sandbox: Sandbox, world: World, names: Names, mode: str
) -> None:
    """It does not write, so it cannot know whether a write would fail."""
    name, rotate, issue = names
    world.add_issue(APP, "title", f"{MARKER}\nold", author=BOT)

    run = start(name, replace(BY_HAND, inputs={"mode": mode}))

    assert run.results[rotate] == ("failure" if mode == "check" else "success")  # there is drift
    assert run.results[issue] == "skipped"
    assert issue_writes(sandbox) == []


@pytest.mark.parametrize("names", ROTATIONS)
def test_a_missing_permission_for_issues_is_a_warning(
    start: Start, sandbox: Sandbox, world: World, names: Names
) -> None:
    """The result of the run is that of the rotation."""
    name, rotate, issue = names
    fail_writes(sandbox)
    denied = frozenset({"issues"})

    run = start(name, NIGHT, denied=denied)

    assert (run.results[rotate], run.results[issue]) == ("failure", "success")
    (warning,) = run.steps[issue][0].annotations("warning")
    assert f"could not update the issue about {SPEC_FILE}: GitHub denied the request" in warning
    assert "add `issues: write` to the `permissions` of the job" in warning
    assert world.issues(APP) == []


@pytest.mark.parametrize("names", ROTATIONS)
def test_the_job_with_the_issue_gets_no_credential(
    start: Start, sandbox: Sandbox, names: Names
) -> None:
    """Only the job's own token reaches the issues, and it reaches nothing else."""
    name, _, issue = names
    fail_writes(sandbox)

    run = start(name, NIGHT)

    kinds = {(e.token_kind, "/issues" in e.path or e.path == "/graphql") for e in sandbox.exchanges}
    assert kinds == {("classic", False), ("actions", True)}
    (step,) = run.steps[issue]
    assert not any(value in " ".join(step.masks) for value in SECRETS.values())
