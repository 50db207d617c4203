"""Write and delete the Actions secrets of the sandbox with githubkit.

The tables of `test_githubkit` contain a call of each endpoint; GitHub's OpenAPI description has no
errors for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from githubkit import GitHub
from githubkit.exception import RequestFailed

from contract.sandbox_client import OWNER_TOKEN, actions_values, seal, small_world
from github_sandbox import Sandbox, World
from sandboxed_action import Clock

REPOSITORY = "octo-org/api"
TARGET = ("octo-org", "api")
LIMIT = 48 * 1024

Client = GitHub[Any]


@pytest.fixture
def clock() -> Clock:
    """The clock."""
    return Clock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def world(clock: Clock) -> World:
    """The small world, with an Actions secret `JOURNAL` of a repository."""
    world = small_world(clock)
    world.put_actions_secret(f"repository:{REPOSITORY}", "JOURNAL", value=b"v")
    return world


@pytest.fixture
def github(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the owner's token, without retries and without a cache."""
    with GitHub(OWNER_TOKEN, base_url=sandbox.url, auto_retry=False, http_cache=False) as github:
        yield github


def sealed(github: Client, value: bytes) -> Any:
    """A body with a value sealed with the current key."""
    key = github.rest.actions.get_repo_public_key(*TARGET).parsed_data
    return {"encrypted_value": seal(key.key, value), "key_id": key.key_id}


def put(github: Client, name: str, data: Any) -> int:
    """Write a secret, and return the status."""
    rest = github.rest.actions
    return rest.create_or_update_repo_secret(*TARGET, name, data=data).status_code


def catch_error(call: Callable[[], Any]) -> tuple[int, str]:
    """The status and the message of the error response of a call."""
    with pytest.raises(RequestFailed) as caught:
        call()
    body = caught.value.response.json()
    assert body["documentation_url"] == "https://docs.github.com/rest/actions/secrets"
    return caught.value.response.status_code, body["message"]


def test_a_secret_is_created_and_updated(github: Client, world: World) -> None:
    """201, then 204; its name is in upper case, and the sandbox opens its value, exact to the byte."""
    values = (b"first", bytes(range(256)))
    assert [put(github, "new", sealed(github, value)) for value in values] == [201, 204]
    assert actions_values(world, REPOSITORY) == {"JOURNAL": b"v", "NEW": values[1]}


def test_an_update_changes_one_of_the_times(github: Client, world: World, clock: Clock) -> None:
    """`created_at` stays."""
    clock.now += timedelta(days=1)
    put(github, "JOURNAL", sealed(github, b"w"))
    read = github.rest.actions.get_repo_secret(*TARGET, "JOURNAL").parsed_data
    assert (read.created_at, read.updated_at) == (clock.now - timedelta(days=1), clock.now)


def test_a_secret_is_deleted(github: Client, world: World) -> None:
    """204, and then 404."""
    rest = github.rest.actions
    assert rest.delete_repo_secret(*TARGET, "journal").status_code == 204
    assert actions_values(world, REPOSITORY) == {}
    assert catch_error(lambda: rest.delete_repo_secret(*TARGET, "JOURNAL")) == (404, "Not Found")


def test_all_pages_are_read(github: Client, world: World) -> None:
    """The secrets of the repository alone, by name."""
    for number in range(64):
        world.put_actions_secret(f"repository:{REPOSITORY}", f"A_{number:02}")
    world.put_actions_secret("organization:octo-org", "ORGANIZATION")
    walk = github.rest.paginate(
        github.rest.actions.list_repo_secrets,
        map_func=lambda response: response.parsed_data.secrets,
        owner="octo-org",
        repo="api",
        per_page=30,
    )
    names = [secret.name for secret in walk]
    assert names == [*(f"A_{number:02}" for number in range(64)), "JOURNAL"]


def test_a_stale_key_is_rejected(github: Client, world: World) -> None:
    """422; the value stays. The key of the Codespaces secrets is another one."""
    stale = sealed(github, b"w")
    world.actions_key(world.scope(f"repository:{REPOSITORY}")).replace_key()
    key: Any = github.rest.codespaces.get_repo_public_key(*TARGET).parsed_data
    other = {"encrypted_value": seal(key.key, b"w"), "key_id": key.key_id}
    for data in (stale, other):
        error = catch_error(partial(put, github, "JOURNAL", data))
        assert error == (422, "Bad request - improperly encrypted secret")
    assert actions_values(world, REPOSITORY) == {"JOURNAL": b"v"}


def test_a_value_has_at_most_48_kb(github: Client, world: World) -> None:
    """The last byte too many is a 422."""
    assert put(github, "JOURNAL", sealed(github, b"v" * LIMIT)) == 204
    data = sealed(github, b"v" * (LIMIT + 1))
    assert catch_error(lambda: put(github, "JOURNAL", data))[0] == 422


def test_a_repository_has_at_most_100_secrets(github: Client, world: World) -> None:
    """The 101st is a 422; an existing one can be written."""
    for number in range(99):
        world.put_actions_secret(f"repository:{REPOSITORY}", f"A_{number}")
    data = sealed(github, b"w")
    assert catch_error(lambda: put(github, "NEW", data))[0] == 422
    assert put(github, "JOURNAL", data) == 204


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("GITHUB_X", {}),
        ("1A", {}),
        ("NEW", {"key_id": None}),
        ("NEW", {"encrypted_value": None}),
        ("NEW", {"encrypted_value": "no base64"}),
    ],
)
def test_an_invalid_secret_is_rejected(
    github: Client, world: World, name: str, change: Mapping[str, Any]
) -> None:
    """422 for a name of GitHub's, and for an incomplete or unsealed value."""
    data = {key: v for key, v in {**sealed(github, b"w"), **change}.items() if v is not None}
    url = f"/repos/{REPOSITORY}/actions/secrets/{name}"
    assert catch_error(lambda: github.request("PUT", url, json=data))[0] == 422
    assert actions_values(world, REPOSITORY) == {"JOURNAL": b"v"}
