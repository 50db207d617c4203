"""Check the comments on pull requests in the sandbox with githubkit.

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
from github_app import add_app
from github_sandbox import Sandbox, World

REPOSITORY = "octo-org/api"
TARGET = ("octo-org", "api")
BOT = "github-actions[bot]"

Client = GitHub[Any]
Connect = Callable[[str], Client]


@pytest.fixture
def world() -> World:
    """The small world with pull request 1 of a private repository, and of a public one."""
    world = small_world()
    for name in (REPOSITORY, "octo-org/docs"):
        world.add_pull_request(name)
    world.add_token("of-hubot", user="hubot", scopes=("repo",))
    world.add_token("of-stranger", user="stranger", scopes=("repo",))
    add_app(world, {"octo-org": {"issues": "write"}})
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


def test_a_comment_is_created_and_updated(connect: Connect, world: World) -> None:
    """201 and 200, with the author and the times."""
    issues = connect(OWNER_TOKEN).rest.issues
    created = issues.create_comment(*TARGET, 1, body="first")
    updated = issues.update_comment(*TARGET, created.parsed_data.id, body="second")
    assert (created.status_code, updated.status_code) == (201, 200)
    listed: Any = issues.list_comments(*TARGET, 1).parsed_data
    (comment,) = listed
    assert (comment.body, comment.user and comment.user.login) == ("second", "octocat")
    assert [comment.body for comment in world.comments(REPOSITORY, 1)] == ["second"]


@pytest.mark.parametrize("permission", ["issues", "pull_requests"])
def test_a_job_comments_as_a_bot(connect: Connect, world: World, permission: str) -> None:
    """Either permission is enough."""
    github = connect(job_token(world, {permission: "write"}))
    comment = github.rest.issues.create_comment(*TARGET, 1, body="text").parsed_data
    assert comment.user
    assert (comment.user.login, comment.user.type) == (BOT, "Bot")


@pytest.mark.parametrize("token", [OWNER_TOKEN, "of-hubot", "of-a-job"])
def test_graphql_tells_the_author(connect: Connect, world: World, token: str) -> None:
    """The login of `viewer` is that of the token's comments."""
    job_token(world, {"pull_requests": "write"})
    github = connect(token)
    comment = github.rest.issues.create_comment(*TARGET, 1, body="text").parsed_data
    data = github.graphql("query { viewer { login } }")
    assert comment.user
    assert data["viewer"]["login"] == comment.user.login


def test_all_pages_are_read(connect: Connect, world: World) -> None:
    """The oldest comment is first."""
    for number in range(64):
        world.add_comment(REPOSITORY, 1, str(number), author="hubot")
    github = connect(OWNER_TOKEN)
    walk: Any = github.rest.paginate(
        github.rest.issues.list_comments,
        owner="octo-org",
        repo="api",
        issue_number=1,
        per_page=10,
    )
    assert [comment.body for comment in walk] == [str(number) for number in range(64)]


@pytest.mark.parametrize("permissions", [{"contents": "write"}, {"pull_requests": "read"}])
def test_a_job_without_permission_cannot_comment(
    connect: Connect, world: World, permissions: Mapping[str, str]
) -> None:
    """403 for a write; a read needs one of a private repository only."""
    denied = (403, "Resource not accessible by integration")
    issues = connect(job_token(world, permissions)).rest.issues
    assert catch_error(lambda: issues.create_comment(*TARGET, 1, body="text")) == denied
    if "pull_requests" not in permissions:
        assert catch_error(lambda: issues.list_comments(*TARGET, 1)) == denied
    issues = connect(job_token(world, permissions, "octo-org/docs")).rest.issues
    assert issues.list_comments("octo-org", "docs", 1).parsed_data == []


def test_comments_of_others_need_write_access(connect: Connect, world: World) -> None:
    """An owner and a job have it, another user does not."""
    comment = world.add_comment("octo-org/docs", 1, "text", author="hubot")
    target = ("octo-org", "docs", comment.id)
    issues = connect("of-stranger").rest.issues
    assert catch_error(lambda: issues.update_comment(*target, body="forged"))[0] == 403
    job = job_token(world, {"pull_requests": "write"}, "octo-org/docs")
    for token in (OWNER_TOKEN, job, "of-hubot"):
        edited = connect(token).rest.issues.update_comment(*target, body=token)
        assert edited.parsed_data.body == token


def test_what_does_not_exist_is_not_found(connect: Connect) -> None:
    """404 for a pull request, a comment, and a repository that the token cannot see."""
    issues = connect(OWNER_TOKEN).rest.issues
    for call in (
        lambda: issues.list_comments(*TARGET, 2),
        lambda: issues.create_comment(*TARGET, 2, body="text"),
        lambda: issues.update_comment(*TARGET, 1, body="text"),
        lambda: connect("of-stranger").rest.issues.list_comments(*TARGET, 1),
    ):
        assert catch_error(call) == (404, "Not Found")


@pytest.mark.parametrize("body", ["", " ", "🔑" * 65_537])
def test_an_invalid_body_is_rejected(connect: Connect, body: str) -> None:
    """422 for a blank one and for more than 65,536 characters."""
    issues = connect(OWNER_TOKEN).rest.issues
    create = lambda: issues.create_comment(*TARGET, 1, body=body)  # noqa: E731
    assert catch_error(create) == (422, "Validation Failed")
    assert issues.create_comment(*TARGET, 1, body="🔑" * 65_536).status_code == 201
