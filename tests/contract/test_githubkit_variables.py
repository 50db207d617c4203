"""Check the Actions variables of the sandbox with githubkit.

The tables of `test_githubkit` contain a call of each endpoint; GitHub's OpenAPI description has no
errors for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from githubkit import GitHub
from githubkit.exception import RequestFailed

from contract.sandbox_client import OWNER_TOKEN, small_world
from github_sandbox import Sandbox, World

REPOSITORY = "octo-org/api"
TARGET = ("octo-org", "api")

Client = GitHub[Any]


@pytest.fixture
def world() -> World:
    """The small world, with a variable `STATE` of a repository."""
    world = small_world()
    world.put_variable(REPOSITORY, "STATE", "v")
    return world


@pytest.fixture
def github(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the owner's token, without retries and without a cache."""
    with GitHub(OWNER_TOKEN, base_url=sandbox.url, auto_retry=False, http_cache=False) as github:
        yield github


def catch_error(call: Callable[[], Any]) -> tuple[int, str]:
    """The status and the message of the error response of a call."""
    with pytest.raises(RequestFailed) as caught:
        call()
    body = caught.value.response.json()
    assert body["status"] == str(caught.value.response.status_code)
    assert body["documentation_url"] == "https://docs.github.com/rest/actions/variables"
    return caught.value.response.status_code, body["message"]


def test_a_variable_is_created_and_read(github: Client, world: World) -> None:
    """201 with an empty object; its name is in upper case, and it has its times."""
    rest = github.rest.actions
    created = rest.create_repo_variable(*TARGET, name="new", value="w")
    assert (created.status_code, created.json()) == (201, {})
    read = rest.get_repo_variable(*TARGET, "New").parsed_data
    assert (read.name, read.value, read.created_at) == ("NEW", "w", read.updated_at)
    assert world.variables(REPOSITORY) == {"NEW": "w", "STATE": "v"}


def test_a_variable_is_updated(github: Client, world: World) -> None:
    """204 for a new value, a new name, and both."""
    rest = github.rest.actions
    for name, data, expected in (
        ("STATE", {"value": "1"}, {"STATE": "1"}),
        ("state", {"name": "next"}, {"NEXT": "1"}),
        ("NEXT", {"name": "LAST", "value": "2"}, {"LAST": "2"}),
    ):
        body: Any = data
        response = rest.update_repo_variable(*TARGET, name, data=body)
        assert (response.status_code, response.content) == (204, b"")
        assert world.variables(REPOSITORY) == expected


def test_a_variable_is_deleted(github: Client, world: World) -> None:
    """204, and the variable is gone."""
    assert github.rest.actions.delete_repo_variable(*TARGET, "state").status_code == 204
    assert world.variables(REPOSITORY) == {}


def test_the_second_page_is_read(github: Client, world: World) -> None:
    """A page has at most 30 variables, and the total count."""
    for number in range(31):
        world.put_variable(REPOSITORY, f"A_{number:02}", "v")
    page = github.rest.actions.list_repo_variables(*TARGET, per_page=30, page=2).parsed_data
    names = [variable.name for variable in page.variables]
    assert (page.total_count, names) == (32, ["A_30", "STATE"])


def test_all_pages_are_read(github: Client, world: World) -> None:
    """The paginator of githubkit finds each variable once."""
    for number in range(64):
        world.put_variable(REPOSITORY, f"A_{number:02}", "v")
    walk = github.rest.paginate(
        github.rest.actions.list_repo_variables,
        map_func=lambda response: response.parsed_data.variables,
        owner="octo-org",
        repo="api",
        per_page=30,
    )
    assert {variable.name: variable.value for variable in walk} == world.variables(REPOSITORY)


def test_an_existing_name_is_a_conflict(github: Client) -> None:
    """409 when a variable is created, and when another is renamed."""
    rest = github.rest.actions
    conflict = (409, "Already exists - Variable already exists")
    rest.create_repo_variable(*TARGET, name="OTHER", value="v")
    assert (
        catch_error(lambda: rest.create_repo_variable(*TARGET, name="state", value="")) == conflict
    )
    renaming: Any = {"name": "state"}
    assert (
        catch_error(lambda: rest.update_repo_variable(*TARGET, "OTHER", data=renaming)) == conflict
    )


def test_an_absent_variable_is_not_found(github: Client) -> None:
    """404 for each method."""
    rest = github.rest.actions
    for call in (
        lambda: rest.get_repo_variable(*TARGET, "ABSENT"),
        lambda: rest.update_repo_variable(*TARGET, "ABSENT", value="v"),
        lambda: rest.delete_repo_variable(*TARGET, "ABSENT"),
    ):
        assert catch_error(call) == (404, "Not Found")


def test_an_invalid_variable_is_rejected(github: Client) -> None:
    """422 for a name with the prefix of GitHub, and for a value over 48 KB."""
    rest = github.rest.actions
    for name, value in (("GITHUB_STATE", "v"), ("BIG", "v" * 49_153)):
        create = partial(rest.create_repo_variable, *TARGET, name=name, value=value)
        status, message = catch_error(create)
        assert (status, message.startswith("Invalid request.")) == (422, True)
