"""The workflows to copy and to call, run step by step: rotation, pull request, approval."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox, World
from runner_environment import EVENT
from sandboxed_action import TOKEN, TRIPLET, stored_triplet
from workflow_run import EXAMPLES, Event, WorkflowRun

APP = "octo-org/app"
SPEC_FILE = ".github/codespaces-registries.yml"
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    targets:
      - repository: octo-org/app
"""
SECRETS = {
    "CODESPACES_SECRETS_TOKEN": TOKEN,
    "CODESPACES_SECRETS_READ_TOKEN": TOKEN,
    "ACR_PASSWORD": "correct-horse",
    "GHCR_TOKEN": "battery-staple",
}
NIGHT = Event("schedule", EVENT)
BY_HAND = Event("workflow_dispatch", EVENT)
PUSH = Event("push", EVENT)
# The copy and the call of each workflow do the same. The name is that of the job.
ROTATIONS = [
    ("rotation-with-issue.yml", "rotate", "issue"),
    ("call-rotate.yml", "rotate / rotate", "rotate / issue"),
]
PLANS = [("plan-on-pull-request.yml", "plan"), ("call-plan-on-pull-request.yml", "plan / plan")]
APPROVALS = [
    ("approval.yml", "plan", "apply"),
    ("call-approve.yml", "approve / plan", "approve / apply"),
]
Start = Callable[..., WorkflowRun]
Names = tuple[str, str, str]
MARKER = f"<!-- codespaces-registry-secrets issue: {SPEC_FILE} -->"
BOT = "github-actions[bot]"


@pytest.fixture
def world() -> World:
    """`octo-org/app`, which runs the workflows."""
    world = World()
    world.add_user("octocat")
    world.add_user("mallory")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository(APP)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    return world


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Start:
    """Run an example to its end."""

    def run(name: str, event: Event, spec: str = SPEC, **options: object) -> WorkflowRun:
        workflow = WorkflowRun(
            EXAMPLES / name, sandbox, tmp_path, event, SECRETS, {SPEC_FILE: spec}
        )
        return replace(workflow, **options).run()  # type: ignore[arg-type]

    return run


def fail_writes(sandbox: Sandbox) -> None:
    """Let every write of a secret fail."""
    sandbox.fail(Fault(method="PUT", path="/codespaces/secrets", status=422, times=None))


def issue_writes(sandbox: Sandbox) -> list[str]:
    """The methods of the writes to issues so far."""
    return [exchange.method for exchange in sandbox.writes if "/issues" in exchange.path]


def secret_writes(sandbox: Sandbox) -> list[str]:
    """The paths of the writes to Codespaces secrets so far."""
    return [exchange.path for exchange in sandbox.writes if "/codespaces/" in exchange.path]


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
