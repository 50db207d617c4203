"""The action `update-issue`: which issue it finds, what it writes, and what it never does."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox, World
from rendering import assert_means_nothing, rendered
from runner import Runner, Step
from sandboxed_action import JOB_TOKEN, Clock
from workflow_run import UPDATE_ISSUE_YML

APP = "octo-org/app"
BOT = "github-actions[bot]"
SPEC_FILE = ".github/codespaces-registries.yml"
MARKER = f"<!-- codespaces-registry-secrets issue: {SPEC_FILE} -->"
NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
FAILED = {"result": "failure", "blocked": "2", "failed": "1"}
WELL = {"result": "success", "blocked": "0", "failed": "0"}
Update = Callable[..., Step]


@pytest.fixture
def world() -> World:
    """A repository with the token of a job that can write issues."""
    world = World(Clock(NOW))
    for login in ("octocat", "mallory"):
        world.add_user(login)
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository(APP)
    world.add_actions_token(JOB_TOKEN, repository=APP, permissions={"issues": "write"})
    return world


@pytest.fixture
def update(sandbox: Sandbox, tmp_path: Path) -> Update:
    """Run the action in a step."""
    (tmp_path / "workspace").mkdir()
    runner = Runner(UPDATE_ISSUE_YML, tmp_path / "workspace", {"api_url": sandbox.url})

    def run(**inputs: str) -> Step:
        return runner.run({name.replace("_", "-"): value for name, value in inputs.items()})

    return run


def writes(sandbox: Sandbox) -> list[str]:
    """The methods of the writes to issues so far."""
    return [exchange.method for exchange in sandbox.writes if "/issues" in exchange.path]


def test_the_issue_has_the_counts_and_a_link_to_the_run(update: Update, world: World) -> None:
    """Below the marker. It has no name of a target."""
    step = update(**FAILED, next_expiry="2026-02-03T10:30:00Z")

    assert step.exit_code == 0, step.stdout
    assert step.stdout.endswith("Opened an issue.\n")
    (issue,) = world.issues(APP)
    assert issue.title == f"Codespaces registry secrets need attention: {SPEC_FILE}"
    assert (issue.body or "").splitlines()[:6] == [
        MARKER,
        f"The [last run](https://github.com/{APP}/actions/runs/1658821493) of `{SPEC_FILE}` found:",
        "",
        "- 1 triplet could not be written.",
        "- 2 triplets with a blocked change.",
        "- A credential expires at 2026-02-03 10:30 UTC, in 3d.",
    ]


@pytest.mark.parametrize(
    ("after", "warning", "problem"),
    [
        (timedelta(days=14), "14d", "expires at 2026-02-14 09:30 UTC, in 14d."),
        (timedelta(days=14, seconds=1), "14d", ""),
        (timedelta(hours=30), "36h", "expires at 2026-02-01 15:30 UTC, in 1d."),
        (timedelta(0), "14d", "expired at 2026-01-31 09:30 UTC."),
        (timedelta(days=-3), "30m", "expired at 2026-01-28 09:30 UTC."),
    ],
)
def test_an_expiry_is_a_problem_within_the_warning(
    update: Update, world: World, after: timedelta, warning: str, problem: str
) -> None:
    """By GitHub's clock."""
    update(**WELL, next_expiry=(NOW + after).isoformat(), expiry_warning=warning)

    bodies = [issue.body or "" for issue in world.issues(APP)]
    assert [f"- A credential {problem}\n" in body for body in bodies] == [True] * bool(problem)


@pytest.mark.parametrize(
    ("inputs", "problem"),
    [
        ({"result": "failure"}, "The run ended without a plan"),
        ({**WELL, "result": "failure"}, "The run failed, although no triplet failed"),
        ({**WELL, "blocked": "1"}, "1 triplet with a blocked change."),
    ],
)
def test_a_run_that_failed_is_a_problem(
    update: Update, world: World, inputs: dict[str, str], problem: str
) -> None:
    """Also without outputs. A blocked change is one, whatever the result of the job."""
    update(**inputs)

    (issue,) = world.issues(APP)
    assert f"\n- {problem}" in (issue.body or "")


@pytest.mark.parametrize("result", ["cancelled", "skipped", "Cancelled"])
def test_a_run_that_did_not_end_changes_nothing(
    update: Update, world: World, sandbox: Sandbox, result: str
) -> None:
    """It is not known whether the problems are solved."""
    world.add_issue(APP, "title", f"{MARKER}\nold", author=BOT)

    step = update(result=result)

    assert f"The run was {result.lower()}, so the issue stays as it is." in step.stdout
    assert sandbox.exchanges == []


def test_without_a_problem_no_issue_is_opened(update: Update, world: World) -> None:
    step = update(**WELL, next_expiry="")

    assert "there is no open issue" in step.stdout
    assert world.issues(APP) == []


def test_an_issue_of_somebody_else_with_the_marker_stays(
    update: Update, world: World, sandbox: Sandbox
) -> None:
    """Everybody can copy the marker. A pull request of the bot is not an issue, either."""
    forged = world.add_issue(APP, "title", f"{MARKER}\nforged", author="mallory")
    quoted = world.add_issue(APP, "title", f"> {MARKER}\nquoted", author=BOT)

    update(**FAILED)

    *others, own = world.issues(APP)
    assert others == [forged, quoted]
    assert (own.author.login, own.number) == (BOT, 3)
    update(**WELL)
    assert [issue.state for issue in world.issues(APP)] == ["open", "open", "closed"]
    assert writes(sandbox) == ["POST", "PATCH"]


def test_the_issue_is_found_behind_many_others(
    update: Update, world: World, sandbox: Sandbox
) -> None:
    """All pages of the account's issues are read, and of two issues the older one is kept."""
    world.max_per_page = 5
    for number in range(12):
        world.add_issue(APP, str(number), "text", author=BOT)
    for _ in range(2):
        world.add_issue(APP, "title", f"{MARKER}\nold", author=BOT, state="closed")

    update(**FAILED)

    assert [issue.number for issue in world.issues(APP) if MARKER in (issue.body or "")] == [13, 14]
    assert [issue.state for issue in world.issues(APP)][12:] == ["open", "closed"]
    assert writes(sandbox) == ["PATCH"]


def test_each_spec_has_its_own_issue(update: Update, world: World) -> None:
    """Another spelling of the same path is the same spec."""
    update(**FAILED, spec_file="a.yml")
    update(**FAILED, spec_file="b.yml")
    update(**WELL, spec_file="./a.yml")

    assert [issue.state for issue in world.issues(APP)] == ["closed", "open"]


def test_the_name_of_a_spec_is_only_text(update: Update, world: World) -> None:
    """It cannot end the marker, mention a user, or make the title too long."""
    hostile = f"--> @octocat #1 <b>x</b> ![i](https://evil.example/i) `{'x' * 300}"

    step = update(**FAILED, spec_file=hostile)

    assert step.exit_code == 0
    (issue,) = world.issues(APP)
    assert len(issue.title) == 256
    page = rendered(issue.body or "")
    assert_means_nothing(page, "p", "a", "code", "ul", "li")


@pytest.mark.parametrize(
    ("status", "message", "shown"),
    [
        (403, "Resource not accessible by integration", "add `issues: write` to the `permissions`"),
        (404, "Not Found", "the repository or the issue does not exist"),
        (422, "Validation Failed", "GitHub returned 422: Validation Failed"),
        (502, "Bad Gateway", "GitHub returned 502: Bad Gateway"),
    ],
)
def test_a_rejected_request_is_a_warning(
    update: Update, sandbox: Sandbox, status: int, message: str, shown: str
) -> None:
    """The job succeeds, so the run has the result of the Action."""
    body = json.dumps({"message": message})
    sandbox.fail(Fault(method="POST", path="/issues", status=status, times=None, body=body))

    step = update(**FAILED)

    assert step.exit_code == 0
    (warning,) = step.annotations("warning")
    assert warning.startswith(f"could not update the issue about {SPEC_FILE}: ")
    assert shown in warning


def test_a_repository_without_issues_is_a_warning(update: Update, world: World) -> None:
    """GitHub's message names the reason."""
    world.disable_issues(APP)

    step = update(**FAILED)

    assert step.exit_code == 0
    (warning,) = step.annotations("warning")
    assert "GitHub returned 410: Issues has been disabled in this repository" in warning


def test_an_issue_is_opened_once_even_if_the_response_is_lost(
    update: Update, world: World, sandbox: Sandbox
) -> None:
    """A POST is not repeated, and the next run finds the issue."""
    sandbox.fail(Fault(method="POST", path="/issues", drop=True, when="after"))

    assert update(**FAILED).annotations("warning")
    assert update(**FAILED).annotations("warning") == []

    assert len(world.issues(APP)) == 1
    assert writes(sandbox) == ["POST", "PATCH"]


@pytest.mark.parametrize(
    ("inputs", "error"),
    [
        ({}, "input `result`: required: the result of the job"),
        ({"result": "good"}, "input `result`: must be `success`, `failure`"),
        ({**WELL, "failed": "-1"}, "input `failed`: must be a number, such as the output"),
        ({**WELL, "blocked": "1 <!--"}, "input `blocked`: must be a number, such as the output"),
        ({**WELL, "next_expiry": "soon"}, "input `next-expiry`: must be a time such as"),
        ({**WELL, "next_expiry": "2026-01-31"}, "input `next-expiry`: must be a time such as"),
        ({**WELL, "expiry_warning": "2 weeks"}, "input `expiry-warning`: must be a duration"),
        ({**WELL, "github_token": ""}, "input `github-token`: required: a token with"),
        ({**WELL, "api_url": "http://evil.example"}, "input `api-url`: must start with https://"),
    ],
)
def test_an_invalid_input_fails_before_any_request(
    update: Update, sandbox: Sandbox, inputs: dict[str, str], error: str
) -> None:
    """An error shows the input."""
    step = update(**inputs)

    assert step.exit_code == 1
    (message,) = step.annotations("error")
    assert message.startswith(error)
    assert sandbox.exchanges == []


def test_the_token_is_masked_and_not_logged(update: Update) -> None:
    """Also the default one, which the runner masks too."""
    step = update(**FAILED)

    assert step.masks == [JOB_TOKEN]
    assert JOB_TOKEN not in step.log
