"""Reading the files of dev containers: batches, limits, and repositories that cannot be read."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from github_app import add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from github_sandbox.file_store import SYMLINK
from github_sandbox.query_faults import QueryFailure
from sandboxed_action import ACR_SPEC, TOKEN, Action, stored_triplet

SERVER = "mycompany.azurecr.io"
ORGANIZATION = "organization:octo-org"
SPEC = f"""{ACR_SPEC}    rotate: missing
    targets:
      - organization: octo-org
        repositories: {{include: ["*"], devcontainer: true}}
"""
ENV = {"ACR_PASSWORD": "p"}
CONFIGURATION = ".devcontainer/devcontainer.json"


@pytest.fixture
def world() -> World:
    """120 repositories; every second one pulls from the registry. The list has `repo-000`."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=["octocat"])
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    for number in range(120):
        name = f"octo-org/repo-{number:03}"
        world.add_repository(name)
        image = f"{SERVER}/app" if number % 2 == 0 else "mcr.microsoft.com/base"
        world.put_file(name, CONFIGURATION, json.dumps({"image": image}))
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/repo-001"])
    return world


def names(numbers: Sequence[int]) -> set[str]:
    return {f"octo-org/repo-{number:03}" for number in numbers}


NEEDED = names(range(0, 120, 2))


def selected(world: World) -> set[str]:
    (listed,) = {secret.repositories for secret in world.secrets(ORGANIZATION).values()}
    return set(listed)


def run(action: Action, **inputs: str) -> int:
    return action.run_in_process(SPEC, ENV, **{"removal-limit": "100%", **inputs})


def queries(sandbox: Sandbox) -> list[int]:
    """The number of repositories in each GraphQL query."""
    bodies = [e.body for e in sandbox.exchanges if e.path == "/graphql"]
    return [str(body).count("repository(owner:") for body in bodies]


def test_batches_have_50_repositories(world: World, sandbox: Sandbox, action: Action) -> None:
    assert run(action) == 0
    assert selected(world) == NEEDED
    assert sorted(queries(sandbox)) == [20, 50, 50]


@pytest.mark.parametrize(
    "failure", ["bad gateway", "gateway timeout", "no data", "partial", "partial fields"]
)
def test_a_query_that_is_too_large_is_halved(
    world: World, sandbox: Sandbox, action: Action, failure: QueryFailure
) -> None:
    """Whether GitHub fails the whole query, or a part of it; the query is not repeated whole."""
    sandbox.limit_queries(20, failure)
    assert run(action) == 0
    assert selected(world) == NEEDED
    assert queries(sandbox).count(50) == 2
    assert len(queries(sandbox)) <= 15


def test_a_response_that_breaks_off_is_requested_again(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    sandbox.fail(Fault(path="/graphql", status=None, tear=True))
    assert run(action) == 0
    assert selected(world) == NEEDED


def test_one_repository_that_always_fails_keeps_its_place(
    world: World, sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named, and the others are read."""
    text = f"{json.dumps({'image': f'{SERVER}/app'})}{' ' * 1_000_000}"
    world.put_file("octo-org/repo-001", CONFIGURATION, text)
    assert run(action) == 0
    assert selected(world) == NEEDED | {"octo-org/repo-001"}
    assert "dev containers of octo-org/repo-001 pull" in capsys.readouterr().out


def test_an_outage_leaves_the_list_as_it_is(
    world: World, sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """The run ends soon, with a warning, and loses no access."""
    sandbox.fail(Fault(path="/graphql", status=502, body="", times=None))
    before = selected(world)
    assert run(action) == 0
    assert selected(world) == before
    assert len(queries(sandbox)) < 100
    out = capsys.readouterr().out
    assert "cannot tell whether the dev containers of octo-org/repo-" in out
    assert "GitHub returned a server error to every attempt" in out


def test_a_used_up_limit_of_points_is_waited_for(
    world: World, sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub answers with the status 200 then."""
    reset = str(int((world.now() + timedelta(seconds=1)).timestamp()))
    body = json.dumps({"errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded"}]})
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": reset}
    sandbox.fail(Fault(path="/graphql", status=200, body=body, headers=headers))
    began = time.monotonic()
    assert run(action) == 0
    assert selected(world) == NEEDED
    assert time.monotonic() - began > 1
    assert "GitHub's rate limit: no request until" in capsys.readouterr().out


def test_an_app_without_contents_leaves_the_list_as_it_is(
    world: World, sandbox: Sandbox, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message names the permission; with it, the same run succeeds."""
    permissions = {"organization_codespaces_secrets": "write", "metadata": "read"}
    add_app(world, {"octo-org": permissions})
    assert run(action, **app_inputs()) == 0
    assert selected(world) == {"octo-org/repo-001"}
    out = capsys.readouterr().out
    assert "cannot tell whether the dev containers of octo-org/repo-000, " in out
    assert "and 115 more pull from mycompany.azurecr.io" in out
    assert "contents: read" in out
    add_app(world, {"octo-org": {**permissions, "contents": "read"}})
    assert run(action, **app_inputs()) == 0
    assert selected(world) == NEEDED


COMPOSE = "services: {{s: {{extends: {{file: {next}.yml, service: s}}}}}}"
BAD = {
    "not JSON": ({CONFIGURATION: "{image"}, "is not valid JSON"),
    "a Dockerfile of 1 MB": (
        {
            CONFIGURATION: '{"build": {"dockerfile": "Dockerfile"}}',
            ".devcontainer/Dockerfile": "FROM a\n" + "#" * 1024 * 1024,
        },
        "it is too large (1,048,583 bytes)",
    ),
    "a path out of the repository": (
        {CONFIGURATION: '{"build": {"dockerfile": "../../Dockerfile"}}'},
        "outside of the repository",
    ),
    "no such file": (
        {CONFIGURATION: '{"build": {"dockerfile": "Dockerfile"}}'},
        "does not exist",
    ),
    "a folder": (
        {CONFIGURATION: '{"build": {"dockerfile": "."}}', ".devcontainer/a": "b"},
        "it is not a file",
    ),
    "files that refer to each other eleven times": (
        {
            CONFIGURATION: '{"dockerComposeFile": "0.yml", "service": "s"}',
            **{
                f".devcontainer/{number}.yml": COMPOSE.format(next=number + 1)
                for number in range(12)
            },
        },
        "files refer to each other more than 10 times in a row",
    ),
    "an unknown variable": ({CONFIGURATION: '{"image": "${localEnv:IMAGE}"}'}, "localEnv:IMAGE"),
}


@pytest.mark.parametrize(("files", "message"), BAD.values(), ids=BAD)
def test_what_cannot_be_resolved_is_told(  # noqa: PLR0917
    world: World,
    sandbox: Sandbox,
    action: Action,
    files: dict[str, str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Such a repository keeps its place, and one that is not on the list is not added."""
    for name in ("octo-org/repo-001", "octo-org/repo-003"):
        world.put_files(name, files)
    assert run(action) == 0
    assert selected(world) == NEEDED | {"octo-org/repo-001"}
    out = capsys.readouterr().out
    assert "dev containers of octo-org/repo-001, octo-org/repo-003 pull from" in out
    assert message in out


def test_a_cycle_of_stages_ends(world: World, action: Action) -> None:
    dockerfile = f"FROM a AS b\nCOPY --from=c / /\nFROM {SERVER}/x AS c\nCOPY --from=b / /\n"
    files = {
        CONFIGURATION: '{"build": {"dockerfile": "Dockerfile"}}',
        ".devcontainer/Dockerfile": dockerfile,
    }
    world.put_files("octo-org/repo-001", files)
    assert run(action) == 0
    assert selected(world) == NEEDED | {"octo-org/repo-001"}


def test_a_renamed_repository_is_read_by_its_current_name(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    world.rename("octo-org/repo-000", "octo-org/renamed")
    assert run(action) == 0
    assert selected(world) == NEEDED - {"octo-org/repo-000"} | {"octo-org/renamed"}


def test_a_repository_without_a_default_branch_has_no_dev_container(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    world.add_repository("octo-org/empty")
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/empty"])
    assert run(action) == 0
    assert selected(world) == NEEDED


def test_two_registries_read_each_repository_once(
    world: World, sandbox: Sandbox, action: Action, tmp_path: Path
) -> None:
    second = SPEC.partition("registries:\n")[2].replace("ACR", "MCR").replace(SERVER, "mcr.io")
    assert action.run_in_process(f"{SPEC}{second}", {**ENV, "MCR_PASSWORD": "p"}) == 1
    assert len(queries(sandbox)) == 3


NO_DATA = json.dumps({"data": None, "errors": [{"message": "Something went wrong"}]})


@pytest.mark.parametrize("body", [NO_DATA, '{"data": {}}'])
def test_an_outage_with_status_200_ends_soon(
    world: World, sandbox: Sandbox, action: Action, body: str
) -> None:
    """A response without data counts as a failure, as a server error does."""
    sandbox.fail(Fault(path="/graphql", status=200, body=body, times=None))
    before = selected(world)
    assert run(action) == 0
    assert selected(world) == before
    assert len(queries(sandbox)) < 100


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_query_that_github_rejects_is_halved(
    world: World, sandbox: Sandbox, action: Action, status: int
) -> None:
    """One repository can be the reason, and the others are read."""
    sandbox.fail(Fault(path="/graphql", status=status, body="{}", times=None, repositories=20))
    assert run(action) == 0
    assert selected(world) == NEEDED


UNEXPECTED: dict[str, tuple[dict[str, object], str]] = {
    "no id": ({"data": {"r0": {"databaseId": None}}}, "does not match its API's schema"),
    "no files": ({"data": {"r0": {"databaseId": 1}}}, "does not match its API's schema"),
    "another repository": (
        {"data": {"r0": {"databaseId": 999, **{f"f{number}": None for number in range(20)}}}},
        "the repository was renamed or replaced during the run",
    ),
    "deleted": (
        {
            "data": {"r0": None},
            "errors": [{"type": "NOT_FOUND", "path": ["r0"], "message": "Could not resolve"}],
        },
        "the repository does not exist, or the token cannot see it",
    ),
}


@pytest.mark.parametrize(("body", "message"), UNEXPECTED.values(), ids=UNEXPECTED)
def test_one_unexpected_result_concerns_one_repository(  # noqa: PLR0917
    world: World,
    sandbox: Sandbox,
    action: Action,
    body: Mapping[str, object],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The others of the same query are read."""
    sandbox.fail(Fault(path="/graphql", status=200, body=json.dumps(body)))
    assert run(action) == 0
    assert selected(world) == NEEDED - {"octo-org/repo-000"}
    out = capsys.readouterr().out
    assert "dev containers of octo-org/repo-000 pull" in out
    assert message in out


def test_a_token_that_is_rejected_in_the_middle_ends_the_run(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Nothing is written, and no further query is sent after those in flight."""
    sandbox.fail(Fault(path="/graphql", nth=2, times=None, status=401, body="{}"))
    before = world.secrets(ORGANIZATION)
    assert run(action) == 1
    assert world.secrets(ORGANIZATION) == before
    assert len(queries(sandbox)) <= 3


def test_repositories_that_cannot_be_read_keep_access_when_the_visibility_changes(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Private ones had access by the visibility `private`, and there was no list."""
    world.add_repository("octo-org/open", private=False)
    stored_triplet(world, ORGANIZATION, visibility="private")
    spec = SPEC.replace("rotate: missing", "rotate: always")
    spec = spec.replace(
        "organization: octo-org", "organization: octo-org\n        visibility: selected"
    )
    sandbox.fail(Fault(path="/graphql", status=403, body="{}", times=None))
    assert action.run_in_process(spec, ENV) == 0
    assert selected(world) == names(range(120))


def test_a_folder_that_is_a_link_is_not_followed(
    world: World, action: Action, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its dev container is unknown, so the repository keeps its place."""
    world.delete_file("octo-org/repo-001", CONFIGURATION)
    world.put_file("octo-org/repo-001", ".devcontainer", "elsewhere", mode=SYMLINK)
    assert run(action) == 0
    assert selected(world) == NEEDED | {"octo-org/repo-001"}
    assert "is not a folder of the repository, but a link" in capsys.readouterr().out
