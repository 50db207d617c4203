"""Actions variables of a repository in the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.sandbox_client import OWNER_TOKEN, Client, client_of, small_world
from github_sandbox import Fault, Sandbox, World

REPOSITORY = "octo-org/api"
VARIABLES = f"/repos/{REPOSITORY}/actions/variables"
OLD = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """The small world, with a variable `A` of a repository."""
    world = small_world()
    world.put_variable(REPOSITORY, "A", "v")
    return world


def create(client: Client, name: Any, value: Any = "v") -> int:
    """Create a variable; return the status."""
    return client.send("POST", VARIABLES, {"name": name, "value": value}).status_code


def update(client: Client, name: str, body: Any) -> int:
    """Update a variable; return the status."""
    return client.send("PATCH", f"{VARIABLES}/{name}", body).status_code


def list_names(client: Client, query: str = "") -> list[str]:
    """The names of the variables on a page."""
    return [variable["name"] for variable in client.get(VARIABLES + query).json()["variables"]]


def test_a_variable_has_its_name_its_value_and_its_times(client: Client, world: World) -> None:
    """The name is in upper case, a later change keeps `created_at`."""
    world.put_variable(REPOSITORY, "state_1", "old", updated_at=OLD)
    world.put_variable(REPOSITORY, "State_1", "é\n", updated_at=OLD + timedelta(days=1))
    assert client.get(f"{VARIABLES}/state_1").json() == {
        "name": "STATE_1",
        "value": "é\n",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
    }
    assert world.variables(REPOSITORY) == {"A": "v", "STATE_1": "é\n"}
    assert world.variables("octo-org/web") == {}


def test_names_are_case_insensitive(client: Client, world: World) -> None:
    """`b_c` is stored as `B_C`, and can be read, changed and deleted in any case."""
    assert create(client, "b_c") == 201
    assert create(client, "B_c") == 409
    assert client.get(f"{VARIABLES}/b_C").json()["name"] == "B_C"
    assert update(client, "B_c", {"value": "new"}) == 204
    assert world.variables(REPOSITORY) == {"A": "v", "B_C": "new"}
    assert client.delete(f"{VARIABLES}/b_c").status_code == 204
    assert world.variables(REPOSITORY) == {"A": "v"}


def test_an_existing_name_is_a_conflict(client: Client, world: World) -> None:
    """409 with GitHub's message; the value does not change."""
    response = client.send("POST", VARIABLES, {"name": "a", "value": "new"})
    message = "Already exists - Variable already exists"
    assert (response.status_code, response.json()["message"]) == (409, message)
    assert world.variables(REPOSITORY) == {"A": "v"}


def test_an_update_changes_value_and_name(client: Client, world: World) -> None:
    """One or both; 409 for the name of another variable, and nothing changes then."""
    assert update(client, "A", {"value": "1"}) == 204
    assert world.variables(REPOSITORY) == {"A": "1"}
    assert update(client, "A", {"name": "b"}) == 204
    assert world.variables(REPOSITORY) == {"B": "1"}
    assert update(client, "B", {"name": "b", "value": "2"}) == 204
    assert update(client, "B", {"name": "C", "value": "3"}) == 204
    assert create(client, "D") == 201
    assert update(client, "C", {"name": "d", "value": "4"}) == 409
    assert world.variables(REPOSITORY) == {"C": "3", "D": "v"}


def test_writes_are_dated_by_the_clock_of_the_world() -> None:
    """An update keeps `created_at`, also with a new name; the `Date` header is the same clock."""
    clock = [OLD]
    world = World(now=lambda: clock[0])
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository(REPOSITORY)
    world.add_token(OWNER_TOKEN, user="octocat", scopes=("repo",))
    with Sandbox(world) as sandbox, client_of(sandbox) as client:
        assert create(client, "A") == 201
        clock[0] += timedelta(seconds=1)
        assert update(client, "A", {"name": "B"}) == 204
        response = client.get(f"{VARIABLES}/B")
    times = response.json()["created_at"], response.json()["updated_at"]
    assert times == ("2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z")
    assert response.headers["Date"] == "Thu, 01 Jan 2026 00:00:01 GMT"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_absent_variable_is_not_found(client: Client, method: str) -> None:
    """404, also for a variable that only another repository has."""
    for path in (f"{VARIABLES}/B", "/repos/octo-org/web/actions/variables/A"):
        assert client.send(method, path, {"value": "v"}).status_code == 404


@pytest.mark.parametrize("name", ["_", "a", "B2", "A_GITHUB_", "GITHUB", "githubx"])
def test_a_valid_name_is_accepted(client: Client, world: World, name: str) -> None:
    """Letters, digits and underscores; `GITHUB` is only refused as the prefix `GITHUB_`."""
    world.delete_variable(REPOSITORY, "A")
    assert create(client, name) == 201
    assert update(client, name, {"name": f"_{name}"}) == 204
    assert world.variables(REPOSITORY) == {f"_{name.upper()}": "v"}


@pytest.mark.parametrize(
    "name", ["", "1A", "A-B", "A B", "A.B", "Ä", "ß", "A\n", "GITHUB_A", "GitHub_a", 7, None]
)
def test_an_invalid_name_is_rejected(client: Client, world: World, name: Any) -> None:
    """422 that names the field, for a new variable and for a new name."""
    for method, path in (("POST", VARIABLES), ("PATCH", f"{VARIABLES}/A")):
        response = client.send(method, path, {"name": name, "value": "new"})
        error = response.json()["errors"][0]
        assert response.status_code == 422
        assert (error["resource"], error["field"]) == ("Variable", "name")
    assert world.variables(REPOSITORY) == {"A": "v"}


@pytest.mark.parametrize(
    ("method", "path", "body", "field"),
    [
        ("POST", VARIABLES, {"value": "v"}, "name"),
        ("POST", VARIABLES, {"name": "B"}, "value"),
        ("POST", VARIABLES, {"name": "B", "value": 1}, "value"),
        ("POST", VARIABLES, None, "name"),
        ("PATCH", f"{VARIABLES}/A", {}, "value"),
        ("PATCH", f"{VARIABLES}/A", {"name": "B", "value": None}, "value"),
    ],
)
def test_a_missing_field_is_rejected(
    client: Client, world: World, *, method: str, path: str, body: Any, field: str
) -> None:
    """422 that names the field; an update needs at least one."""
    response = client.send(method, path, body)
    error = response.json()["errors"][0]
    assert (response.status_code, error["resource"], error["field"]) == (422, "Variable", field)
    assert world.variables(REPOSITORY) == {"A": "v"}


def test_a_value_holds_at_most_48_kb_in_utf_8(client: Client, world: World) -> None:
    """The limit is in bytes, for a new variable and for an update."""
    fits, too_large = "é" * 24 * 1024, "é" * 24 * 1024 + "."
    assert (create(client, "B", fits), create(client, "C", too_large)) == (201, 422)
    assert update(client, "A", {"value": too_large}) == 422
    assert update(client, "A", {"value": fits}) == 204
    assert world.variables(REPOSITORY) == {"A": fits, "B": fits}


def test_a_repository_has_at_most_500_variables(client: Client, world: World) -> None:
    """422 for one more, while updates and other repositories are unaffected."""
    for number in range(498):
        world.put_variable(REPOSITORY, f"V_{number}", "v")
    assert [create(client, name) for name in ("B", "C", "B")] == [201, 422, 409]
    assert update(client, "A", {"name": "C"}) == 204
    elsewhere = {"name": "A", "value": "v"}
    path = "/repos/octo-org/web/actions/variables"
    assert client.send("POST", path, elsewhere).status_code == 201
    assert client.delete(f"{VARIABLES}/B").status_code == 204
    assert create(client, "D") == 201


def test_variables_come_in_pages_of_10_at_most_30(client: Client, world: World) -> None:
    """`total_count` counts all variables; the pages are linked, by name."""
    for number in range(34):
        world.put_variable(REPOSITORY, f"V_{number:02}", "v")
    first = client.get(VARIABLES)
    assert (first.json()["total_count"], list_names(client)[:2]) == (35, ["A", "V_00"])
    assert len(first.json()["variables"]) == 10
    assert first.links["next"]["url"].endswith(f"{VARIABLES}?per_page=10&page=2")
    assert first.links["last"]["url"].endswith("&page=4")
    assert len(list_names(client, "?per_page=100")) == 30
    assert list_names(client, "?per_page=100&page=2") == [f"V_{n}" for n in range(29, 34)]
    world.max_per_page = 3
    assert len(list_names(client)) == 3


def test_writes_are_recorded_and_limited(sandbox: Sandbox, client: Client, world: World) -> None:
    """POST, PATCH and DELETE count as writes; over the limit nothing is stored."""
    assert create(client, "B") == 201
    assert update(client, "B", {"value": "w"}) == 204
    assert client.get(f"{VARIABLES}/B").json()["value"] == "w"
    assert client.delete(f"{VARIABLES}/B").status_code == 204
    assert [(write.method, write.body) for write in sandbox.writes] == [
        ("POST", {"name": "B", "value": "v"}),
        ("PATCH", {"value": "w"}),
        ("DELETE", None),
    ]
    sandbox.limit_writes(2, per=60.0, status=429)
    assert [create(client, name) for name in ("C", "D", "E")] == [201, 201, 429]
    assert update(client, "C", {"value": "new"}) == 429
    assert world.variables(REPOSITORY) == {"A": "v", "C": "v", "D": "v"}


def test_faults_affect_variables(sandbox: Sandbox, client: Client, world: World) -> None:
    """A fault before the write prevents it, a fault after it loses the response only."""
    sandbox.fail(Fault(method="POST", path="variables", status=502))
    assert [create(client, "B") for _ in range(2)] == [502, 201]
    sandbox.fail(Fault(method="PATCH", path="variables/A", when="after"))
    assert update(client, "A", {"value": "new"}) == 500
    assert world.variables(REPOSITORY) == {"A": "new", "B": "v"}
