"""Check the issues in the sandbox with githubkit.

The tables of `test_githubkit` contain a call of each endpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest
from githubkit import GitHub
from githubkit.exception import RequestFailed

from contract.sandbox_client import OWNER_TOKEN, small_world
from github_sandbox import Sandbox, World

REPOSITORY = "octo-org/api"
TARGET = ("octo-org", "api")
BOT = "github-actions[bot]"

Client = GitHub[Any]
Connect = Callable[[str], Client]


@pytest.fixture
def world() -> World:
    """The small world with pull request 1 of a private repository."""
    world = small_world()
    world.add_pull_request(REPOSITORY)
    world.add_token("of-stranger", user="stranger", scopes=("repo",))
    return world


@pytest.fixture
def connect(sandbox: Sandbox) -> Iterator[Connect]:
    """Create a client with a token, without retries and without a cache."""
    with ExitStack() as clients:
        yield lambda token: clients.enter_context(
            GitHub(token, base_url=sandbox.url, auto_retry=False, http_cache=False)
        )


def job_token(world: World, permissions: Mapping[str, str], repository: str = REPOSITORY) -> str:
    """Add the token of a job."""
    world.add_actions_token("of-a-job", repository=repository, permissions=permissions)
    return "of-a-job"


def catch_error(call: Callable[[], Any]) -> tuple[int, str]:
    """The status and the message of the error response of a call."""
    with pytest.raises(RequestFailed) as caught:
        call()
    return caught.value.response.status_code, caught.value.response.json()["message"]


def numbers(github: Client, **query: Any) -> list[int]:
    """The numbers in a list of issues."""
    listed: Any = github.rest.issues.list_for_repo(*TARGET, **query).parsed_data
    return [issue.number for issue in listed]


def test_an_issue_is_created_closed_and_opened_again(connect: Connect, world: World) -> None:
    """201 and 200. Closing sets the time and a reason, opening removes the time."""
    issues = connect(job_token(world, {"issues": "write"})).rest.issues
    created = issues.create(*TARGET, title="first", body="text", labels=["bug"])
    issue: Any = created.parsed_data
    assert (created.status_code, issue.number, issue.user.login) == (201, 2, BOT)
    assert (issue.state, issue.closed_at, issue.pull_request or None) == ("open", None, None)

    closed: Any = issues.update(*TARGET, 2, state="closed", body="done").parsed_data
    assert (closed.state, closed.state_reason, closed.body) == ("closed", "completed", "done")
    (stored,) = world.issues(REPOSITORY)
    assert stored.closed_at
    assert closed.closed_at == stored.closed_at.replace(microsecond=0)

    opened: Any = issues.update(*TARGET, 2, state="open", title="second").parsed_data
    assert (opened.state, opened.state_reason, opened.closed_at) == ("open", "reopened", None)
    assert [issue.title for issue in world.issues(REPOSITORY)] == ["second"]


def test_a_list_is_filtered_and_sorted(connect: Connect, world: World) -> None:
    """By state, creator and labels. Pull requests are in it, too, with a field of their own."""
    github = connect(job_token(world, {"issues": "write"}))
    github.rest.issues.create(*TARGET, title="of the bot", labels=["Bug", "later"])
    world.add_issue(REPOSITORY, "of hubot", "text", author="hubot")
    github.rest.issues.update(*TARGET, 3, state="closed")

    assert numbers(github) == [2, 1]
    assert numbers(github, state="all", direction="asc") == [1, 2, 3]
    assert numbers(github, state="closed") == [3]
    assert numbers(github, state="all", creator=BOT) == [2]
    assert numbers(github, state="all", labels="bug") == [2]
    assert numbers(github, state="all", sort="updated") == [3, 2, 1]
    assert numbers(github, creator="nobody") == []
    first: Any = github.rest.issues.list_for_repo(*TARGET, direction="asc").parsed_data
    assert [bool(issue.pull_request) for issue in first] == [True, False]


def test_all_pages_are_read(connect: Connect, world: World) -> None:
    """The links keep the parameters of the query."""
    for number in range(40):
        world.add_issue(REPOSITORY, str(number), "text", author="hubot")
    github = connect(OWNER_TOKEN)
    walk: Any = github.rest.paginate(
        github.rest.issues.list_for_repo,
        owner="octo-org",
        repo="api",
        creator="hubot",
        direction="asc",
        per_page=10,
    )
    assert [issue.title for issue in walk] == [str(number) for number in range(40)]


@pytest.mark.parametrize("permissions", [{"contents": "write"}, {"issues": "read"}])
def test_a_job_without_permission_cannot_write(
    connect: Connect, world: World, permissions: Mapping[str, str]
) -> None:
    """403 for a write; a list needs a permission in a private repository only."""
    denied = (403, "Resource not accessible by integration")
    world.add_issue(REPOSITORY, "title", "text", author=BOT)
    issues = connect(job_token(world, permissions)).rest.issues
    assert catch_error(lambda: issues.create(*TARGET, title="new")) == denied
    assert catch_error(lambda: issues.update(*TARGET, 2, state="closed")) == denied
    if "issues" not in permissions:
        assert catch_error(lambda: issues.list_for_repo(*TARGET)) == denied
    issues = connect(job_token(world, permissions, "octo-org/docs")).rest.issues
    assert issues.list_for_repo("octo-org", "docs").parsed_data == []


def test_issues_of_others_need_write_access(connect: Connect, world: World) -> None:
    """Of a public repository, another user can open an issue, and edit that one only."""
    world.add_issue("octo-org/docs", "title", "text", author="hubot")
    issues = connect("of-stranger").rest.issues
    target = ("octo-org", "docs")
    assert catch_error(lambda: issues.update(*target, 1, title="forged"))[0] == 403
    own: Any = issues.create(*target, title="own").parsed_data
    assert issues.update(*target, own.number, title="edited").status_code == 200
    edited: Any = connect(OWNER_TOKEN).rest.issues.update(*target, own.number, title="by the owner")
    assert edited.parsed_data.title == "by the owner"


def test_a_repository_without_issues_rejects_writes(connect: Connect, world: World) -> None:
    """410; its list is empty, or has pull requests only."""
    world.disable_issues(REPOSITORY)
    issues = connect(OWNER_TOKEN).rest.issues
    disabled = (410, "Issues has been disabled in this repository.")
    assert catch_error(lambda: issues.create(*TARGET, title="new")) == disabled
    assert catch_error(lambda: issues.update(*TARGET, 1, title="new")) == disabled
    assert issues.list_for_repo(*TARGET).status_code == 200


def test_what_does_not_exist_is_not_found(connect: Connect) -> None:
    """404 for an issue, and for a repository that the token cannot see."""
    issues = connect(OWNER_TOKEN).rest.issues
    assert catch_error(lambda: issues.update(*TARGET, 2, title="new")) == (404, "Not Found")
    issues = connect("of-stranger").rest.issues
    assert catch_error(lambda: issues.list_for_repo(*TARGET)) == (404, "Not Found")


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": " "},
        {"title": "x" * 257},
        {"title": "x", "body": "🔑" * 65_537},
        {"title": "x", "labels": [1]},
    ],
)
def test_an_invalid_issue_is_rejected(
    connect: Connect, sandbox: Sandbox, body: Mapping[str, object]
) -> None:
    """422 for a blank title, for texts that are too long, and for invalid labels."""
    github = connect(OWNER_TOKEN)
    url = f"{sandbox.url}/repos/{REPOSITORY}/issues"
    assert catch_error(lambda: github.request("POST", url, json=body))[0] == 422
    longest = {"title": "x" * 256, "body": "🔑" * 65_536}
    assert github.request("POST", url, json=longest).status_code == 201


@pytest.mark.parametrize("change", [{"state": "done"}, {"state": "closed", "state_reason": "x"}])
def test_an_invalid_state_is_rejected(
    connect: Connect, sandbox: Sandbox, change: Mapping[str, str]
) -> None:
    """422 for a state and a reason that GitHub does not have, and for a state of a list."""
    github = connect(OWNER_TOKEN)
    url = f"{sandbox.url}/repos/{REPOSITORY}/issues"
    assert catch_error(lambda: github.request("PATCH", f"{url}/1", json=change))[0] == 422
    assert catch_error(lambda: github.request("GET", f"{url}?state=done"))[0] == 422
