"""The comment on a pull request: created once, updated in place, and never a reason to fail."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from threading import Event

import pytest

from github_sandbox import Fault, Sandbox, World
from runner import Step
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, Action

BOT = "github-actions[bot]"
APP = "octo-org/app"
SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}
MARKER = "<!-- codespaces-registry-secrets: .github/codespaces-registries.yml -->"
WRITE = {"contents": "read", "pull_requests": "write"}


@pytest.fixture
def world() -> World:
    """`octo-org/app` with a pull request, and the token of a job that can comment."""
    world = World()
    world.add_user("octocat")
    world.add_user("mallory")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository(APP)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    world.add_actions_token(JOB_TOKEN, repository=APP, permissions=WRITE)
    world.add_pull_request(APP)
    return world


@pytest.fixture
def action(action: Action) -> Action:
    """The Action in a pull request, with a spec file."""
    action.set_event("pull_request", pull_request=pull_request())
    (action.workspace / ".github").mkdir()
    write_spec(action, SPEC)
    return action


def pull_request(head: int | None = 1) -> Mapping[str, object]:
    """The pull request in the payload; its branch is in the repository with the id `head`."""
    branch = None if head is None else {"id": head}
    return {"number": 1, "head": {"repo": branch}, "base": {"repo": {"id": 1}}}


def write_spec(action: Action, text: str) -> None:
    """Replace the spec file."""
    (action.workspace / ".github" / "codespaces-registries.yml").write_text(text)


def run(action: Action, spec: str = "", **inputs: str) -> Step:
    """Run with `comment: true` in mode `plan`."""
    return action.step(spec, ENVIRONMENT, **{"comment": "true", "mode": "plan", **inputs})


def bodies(world: World, repository: str = APP) -> list[str]:
    """The bodies of all comments on the pull request."""
    return [comment.body for comment in world.comments(repository, 1)]


def comment_writes(sandbox: Sandbox) -> list[str]:
    """The methods of the writes to comments so far."""
    return [exchange.method for exchange in sandbox.writes if "/comments" in exchange.path]


def test_the_plan_is_commented(action: Action, world: World) -> None:
    """The comment has the table and the digest of the summary below its marker."""
    step = run(action)

    assert step.exit_code == 0, step.stdout
    (comment,) = world.comments(APP, 1)
    assert comment.author.login == BOT
    assert comment.body == f"{MARKER}\n{step.summary}"
    assert step.outputs["plan-digest"] in comment.body
    assert "repository:octo-org/app" in comment.body


def test_the_comment_is_updated_in_place(action: Action, world: World, sandbox: Sandbox) -> None:
    """A second run replaces the text, and adds no comment."""
    run(action)
    write_spec(action, SPEC.replace("ACR", "GCR").replace("GCR_PASSWORD", "ACR_PASSWORD"))

    step = run(action)

    (body,) = bodies(world)
    assert "`GCR`" in body
    assert "`ACR`" not in body
    assert step.outputs["plan-digest"] in body
    assert comment_writes(sandbox) == ["POST", "PATCH"]


def test_the_comment_is_not_a_change(action: Action, world: World, sandbox: Sandbox) -> None:
    """The output `changed` is about secrets alone, and the job's token reaches none of them."""
    step = run(action)

    assert step.outputs["changed"] == "false"
    assert comment_writes(sandbox) == ["POST"]
    kinds = {(e.token_kind, "/comments" in e.path) for e in sandbox.exchanges}
    assert kinds == {("classic", False), ("actions", True)}


def test_an_applied_plan_is_commented(action: Action, world: World) -> None:
    """The comment has the outcomes."""
    step = run(action, mode="apply")

    (body,) = bodies(world)
    assert step.outputs["changed"] == "true"
    assert "1 created" in body


@pytest.mark.parametrize("comment", ["false", "", "False"])
def test_without_the_input_nothing_is_commented(
    action: Action, world: World, sandbox: Sandbox, comment: str
) -> None:
    """The job's token is not used at all."""
    step = action.step("", ENVIRONMENT, mode="plan", **({"comment": comment} if comment else {}))

    assert step.exit_code == 0
    assert bodies(world) == []
    assert {exchange.token_kind for exchange in sandbox.exchanges} == {"classic"}


def test_each_spec_has_its_own_comment(action: Action, world: World) -> None:
    """Two spec files, and the inline specs of two jobs."""
    (action.workspace / "other.yml").write_text(SPEC)
    run(action)
    for _ in range(2):
        run(action, spec_file="./other.yml")
        run(action, spec=SPEC)
    run(action, id="ACR", server="mycompany.azurecr.io", username="me", password="pass-word")

    markers = [body.splitlines()[0] for body in bodies(world)]
    path = "octo-org/app/.github/workflows/registries.yml"
    assert markers == [
        MARKER,
        "<!-- codespaces-registry-secrets: other.yml -->",
        f"<!-- codespaces-registry-secrets: {path}#registries -->",
    ]


def test_the_name_of_a_spec_cannot_end_the_marker(action: Action, world: World) -> None:
    """A file name can contain `-->`, HTML and control characters."""
    name = "--> <img src=x> @octocat.yml"
    (action.workspace / name).write_text(SPEC)

    for _ in range(2):
        run(action, spec_file=name)

    (body,) = bodies(world)
    assert body.splitlines()[0] == (
        "<!-- codespaces-registry-secrets: --%3E%20%3Cimg%20src%3Dx%3E%20%40octocat.yml -->"
    )


def test_comments_of_others_with_the_marker_stay(
    action: Action, world: World, sandbox: Sandbox
) -> None:
    """Anybody can copy the marker, and the job's token could edit their comments."""
    world.add_comment(APP, 1, f"{MARKER}\nforged", author="mallory")
    world.add_comment(APP, 1, f"{MARKER}\nforged", author="other-app[bot]")

    run(action)
    run(action)

    forged, other, body = bodies(world)
    assert {forged, other} == {f"{MARKER}\nforged"}
    assert body.startswith(MARKER)
    assert comment_writes(sandbox) == ["POST", "PATCH"]


def test_a_comment_that_quotes_the_marker_stays(action: Action, world: World) -> None:
    """Only a comment that begins with it is the Action's."""
    quote = f"See above:\n{MARKER}\n"
    world.add_comment(APP, 1, quote, author=BOT)

    run(action)

    assert bodies(world)[0] == quote
    assert len(bodies(world)) == 2


def test_all_pages_of_comments_are_read(action: Action, world: World, sandbox: Sandbox) -> None:
    """The comment can be on any page."""
    for number in range(120):
        world.add_comment(APP, 1, f"Comment {number}", author="octocat")
    run(action)
    for number in range(120):
        world.add_comment(APP, 1, f"Later comment {number}", author="octocat")

    run(action)

    assert sum(body.startswith(MARKER) for body in bodies(world)) == 1
    assert comment_writes(sandbox) == ["POST", "PATCH"]


def test_of_several_own_comments_the_oldest_is_updated(action: Action, world: World) -> None:
    """Two runs at the same time can have created two."""
    for _ in range(2):
        world.add_comment(APP, 1, f"{MARKER}\nold", author=BOT)

    run(action)

    first, second = bodies(world)
    assert first != second == f"{MARKER}\nold"


def test_a_user_token_updates_the_comment_of_its_user(action: Action, world: World) -> None:
    """Any token can be given; its user is the author."""
    world.add_token("a-token-of-octocat", user="octocat", scopes=("repo",))

    for _ in range(2):
        step = run(action, github_token="a-token-of-octocat")

    (comment,) = world.comments(APP, 1)
    assert comment.author.login == "octocat"
    assert "a-token-of-octocat" not in step.stdout.replace("::add-mask::a-token-of-octocat", "")


@pytest.mark.parametrize(
    ("event", "payload"),
    [
        ("pull_request_target", {"pull_request": pull_request()}),
        ("issue_comment", {"issue": {"number": 1, "pull_request": {"url": "https://…"}}}),
    ],
)
def test_other_events_of_a_pull_request_are_commented(
    action: Action, world: World, event: str, payload: Mapping[str, object]
) -> None:
    """The number is in another place of the payload."""
    action.set_event(event, **payload)

    assert run(action).annotations("warning") == []
    assert len(bodies(world)) == 1


@pytest.mark.parametrize(
    ("event", "payload"),
    [("push", {}), ("schedule", {}), ("issue_comment", {"issue": {"number": 1}})],
)
def test_an_event_without_a_pull_request_is_a_notice(
    action: Action, world: World, event: str, payload: Mapping[str, object]
) -> None:
    """The same workflow can run on a schedule, too."""
    action.set_event(event, **payload)

    step = run(action)

    assert step.exit_code == 0
    assert f"no comment: the event `{event}` has no pull request" in "".join(
        step.annotations("notice")
    )
    assert bodies(world) == []


@pytest.mark.parametrize("error", ["spec", "input", "token"])
def test_a_run_that_fails_early_comments_its_errors(
    action: Action, world: World, error: str
) -> None:
    """They replace the plan of the last run."""
    run(action)
    inputs = {}
    if error == "spec":
        write_spec(action, SPEC.replace("server", "serwer"))
    elif error == "input":
        inputs = {"verify": "on"}
    else:
        world.revoke_token(TOKEN)

    step = run(action, **inputs)

    assert step.exit_code == 1
    (body,) = bodies(world)
    assert body == f"{MARKER}\n{step.summary}"
    assert "**Error**" in body
    assert "Plan digest" not in body


@pytest.mark.parametrize("github_token", ["has a space", "with-ä-letter"])
def test_an_invalid_token_is_an_error_without_a_comment(
    action: Action, world: World, github_token: str
) -> None:
    """The value is never repeated."""
    step = run(action, github_token=github_token)

    assert step.exit_code == 1
    assert "github-token" in "".join(step.annotations("error"))
    assert github_token not in step.summary
    assert bodies(world) == []


def test_without_a_token_a_warning_names_it(action: Action, world: World) -> None:
    """The default of the input is the token of the job."""
    step = run(action, github_token=" ")

    assert step.exit_code == 0
    (warning,) = step.annotations("warning")
    assert "no comment: `github-token` and GITHUB_REPOSITORY must not be empty" in warning
    assert bodies(world) == []


def test_a_signal_while_the_comment_is_written_ends_the_run(
    action: Action, world: World, sandbox: Sandbox
) -> None:
    """What it did is reported before."""
    waiting = Event()

    def hold(_: str, path: str) -> Fault | None:
        if "/issues/1/comments" not in path:
            return None
        waiting.set()
        return Fault(delay=30, status=None)

    sandbox.choose_faults(hold)
    started = action.start("", ENVIRONMENT, comment="true")
    assert waiting.wait(30)
    started.process.send_signal(signal.SIGTERM)
    step = started.end()

    assert step.outputs["created"] == "1"
    assert step.annotations("warning") == []
    assert bodies(world) == []


def test_without_permission_a_warning_names_it(action: Action, world: World) -> None:
    """The run itself succeeds."""
    world.add_actions_token(JOB_TOKEN, repository=APP, permissions={"contents": "read"})

    step = run(action)

    assert step.exit_code == 0
    (warning,) = step.annotations("warning")
    assert "no comment on pull request #1: " in warning
    assert "Resource not accessible by integration" in warning
    assert "add `pull-requests: write` to the `permissions` of the job" in warning
    assert bodies(world) == []


@pytest.mark.parametrize("head", [2, None], ids=["fork", "deleted fork"])
def test_the_read_only_token_of_a_fork_is_a_notice(
    action: Action, world: World, head: int | None
) -> None:
    """Nobody can give that token more permissions."""
    read = {"pull_requests": "read"}
    world.add_actions_token(JOB_TOKEN, repository=APP, permissions=read)
    action.set_event("pull_request", pull_request=pull_request(head))

    step = run(action)

    assert step.exit_code == 0
    assert step.annotations("warning") == []
    assert "from a fork" in "".join(step.annotations("notice"))


@pytest.mark.parametrize("status", [401, 404, 422, 500, 503])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_error_of_github_is_a_warning(
    action: Action, sandbox: Sandbox, method: str, status: int
) -> None:
    """Whatever it is; the secrets are written before."""
    path = "/issues/" if method == "GET" else "/issues/1/comments"
    sandbox.fail(Fault(method=method, path=path, status=status, times=None))

    step = run(action, mode="apply")

    assert step.exit_code == 0, step.stdout
    (warning,) = step.annotations("warning")
    assert "no comment on pull request #1: " in warning
    assert step.outputs["changed"] == "true"


@pytest.mark.parametrize("fault", [Fault(method="POST", path="/issues/", when="after", drop=True)])
def test_a_comment_is_never_created_twice(
    action: Action, world: World, sandbox: Sandbox, fault: Fault
) -> None:
    """A POST whose response is lost is not repeated; the next run finds the comment."""
    sandbox.fail(fault)

    assert len(run(action).annotations("warning")) == 1
    assert len(bodies(world)) == 1
    assert run(action).annotations("warning") == []
    assert len(bodies(world)) == 1


def test_a_long_rate_limit_is_a_warning(action: Action, sandbox: Sandbox) -> None:
    """A comment is not worth a long wait."""
    headers = {"Retry-After": "600"}
    sandbox.fail(Fault(method="POST", path="/issues/", status=403, headers=headers, times=None))

    step = run(action)

    assert step.exit_code == 0
    assert "no comment on pull request #1: " in "".join(step.annotations("warning"))


def test_the_token_is_masked_first_and_shown_nowhere(action: Action, world: World) -> None:
    """Before anything else is logged."""
    step = run(action)

    assert step.masks[:2] == [TOKEN, JOB_TOKEN]
    assert JOB_TOKEN not in step.stdout.replace(f"::add-mask::{JOB_TOKEN}", "")
    everything = [step.summary, *step.outputs.values(), *bodies(world), step.stderr]
    assert all(JOB_TOKEN not in text for text in everything)


def test_a_shard_does_not_comment(action: Action, world: World) -> None:
    """It has a part of the plan only, so the two inputs exclude each other."""
    step = run(action, shard="1/2")

    assert step.exit_code == 1
    assert "`comment` and `shard` are mutually exclusive" in step.stdout
