"""GraphQL queries in the sandbox: access, errors, points and faults."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from contract.sandbox_client import OWNER_TOKEN, Client, client_of, small_world
from github_sandbox import Fault, Sandbox, World

NAMES = ("api", "web", "docs", "old")
NOT_FOUND = "Could not resolve to a Repository with the name '{}'."
FILE = 'object(expression: "HEAD:a") { ... on Blob { text } }'


@pytest.fixture
def world() -> World:
    """The small world; the organization's repositories have a file each."""
    world = small_world()
    for name in NAMES:
        world.put_file(f"octo-org/{name}", "a", name)
    return world


def send(client: Client, query: str, **variables: Any) -> Any:
    """Send a query, and return the response."""
    return client.send("POST", "/graphql", {"query": query, "variables": variables})


def repository(name: str, alias: str = "r", fields: str = FILE) -> str:
    """The field for a repository of octo-org."""
    return f'{alias}: repository(owner: "octo-org", name: "{name}") {{ {fields} }}'


def several(*names: str, fields: str = FILE) -> str:
    """A query for repositories, with an alias for each: `r0`, `r1`, ..."""
    queried = (repository(name, f"r{index}", fields) for index, name in enumerate(names))
    return f"query {{ {' '.join(queried)} }}"


def read(sandbox: Sandbox, token: str, name: str = "api") -> Any:
    """Read the file of a repository with another token."""
    with client_of(sandbox, token) as client:
        return send(client, f"{{ {repository(name)} }}").json()


def test_variables_are_used(client: Client) -> None:
    """Null stands for no variables; a missing variable is an error."""
    query = """query ($owner: String!, $name: String!) {
      repository(owner: $owner, name: $name) { nameWithOwner }
    }"""
    found = send(client, query, owner="octo-org", name="API").json()
    assert found == {"data": {"repository": {"nameWithOwner": "octo-org/api"}}}
    missing = client.send("POST", "/graphql", {"query": query, "variables": None})
    assert missing.status_code == 200
    messages = [error["message"] for error in missing.json()["errors"]]
    assert [message.partition(" has invalid value")[0] for message in messages] == [
        "Variable '$owner'",
        "Variable '$name'",
    ]
    assert "data" not in missing.json()


def test_a_repository_has_its_facts(client: Client, world: World) -> None:
    """The id is the one of REST."""
    fields = "databaseId name nameWithOwner isArchived isPrivate isEmpty"
    found = send(client, several("old", fields=fields)).json()["data"]["r0"]
    assert found == {
        "databaseId": world.repository("octo-org/old").id,
        "name": "old",
        "nameWithOwner": "octo-org/old",
        "isArchived": True,
        "isPrivate": True,
        "isEmpty": False,
    }


def test_a_missing_repository_leaves_the_others(client: Client) -> None:
    """It is null, with an error that names its alias."""
    query = several("api", "nope", "web")
    response = send(client, query)
    assert response.status_code == 200
    assert response.json() == {
        "data": {"r0": {"object": {"text": "api"}}, "r1": None, "r2": {"object": {"text": "web"}}},
        "errors": [
            {
                "type": "NOT_FOUND",
                "path": ["r1"],
                "locations": [{"line": 1, "column": query.index("r1") + 1}],
                "message": NOT_FOUND.format("octo-org/nope"),
            }
        ],
    }


def test_a_former_name_is_followed(client: Client, world: World) -> None:
    """Unless the query says otherwise."""
    world.rename("octo-org/api", "octo-org/moved")
    assert send(client, several("api")).json()["data"]["r0"] == {"object": {"text": "api"}}
    query = '{ repository(owner: "octo-org", name: "api", followRenames: false) { name } }'
    assert send(client, query).json()["errors"][0]["type"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("add", "message"),
    [
        (
            lambda world, grants: world.add_fine_grained_token(
                "other", user="octocat", owner="octo-org", permissions=grants
            ),
            "Resource not accessible by personal access token",
        ),
        (
            lambda world, grants: world.add_actions_token(
                "other", repository="octo-org/api", permissions=grants
            ),
            "Resource not accessible by integration",
        ),
    ],
    ids=["fine-grained", "actions"],
)
def test_private_files_need_the_permission_contents(
    world: World, sandbox: Sandbox, add: Callable[[World, Mapping[str, str]], None], message: str
) -> None:
    """Without it, the repository is there, and its objects are null with an error."""
    add(world, {"metadata": "read"})
    body = read(sandbox, "other")
    assert body["data"] == {"r": {"object": None}}
    (error,) = body["errors"]
    assert (error["type"], error["path"], error["message"]) == (
        "FORBIDDEN",
        ["r", "object"],
        message,
    )
    assert error["extensions"] == {"saml_failure": False}
    assert read(sandbox, "other", "docs") == {"data": {"r": {"object": {"text": "docs"}}}}
    add(world, {"contents": "read"})
    assert read(sandbox, "other") == {"data": {"r": {"object": {"text": "api"}}}}


def test_what_a_token_cannot_see_is_not_found(world: World, sandbox: Sandbox) -> None:
    """Private repositories: without the scope, the membership, or when they are hidden."""
    world.add_token("no-scope", user="octocat", scopes=("admin:org",))
    world.add_token("stranger", user="stranger", scopes=("repo",))
    world.add_token("hidden", user="octocat", scopes=("repo",))
    world.hide_from("hidden", "octo-org/api")
    for token in ("no-scope", "stranger", "hidden"):
        body = read(sandbox, token)
        assert body["data"] == {"r": None}
        assert body["errors"][0]["message"] == NOT_FOUND.format("octo-org/api")
        assert read(sandbox, token, "docs") == {"data": {"r": {"object": {"text": "docs"}}}}


def test_single_sign_on_forbids_the_repository(world: World, sandbox: Sandbox) -> None:
    """Until the token is authorized for the organization."""
    world.require_sso("octo-org")
    body = read(sandbox, OWNER_TOKEN)
    assert body["data"] == {"r": None}
    (error,) = body["errors"]
    assert (error["type"], error["path"]) == ("FORBIDDEN", ["r"])
    assert error["extensions"] == {"saml_failure": True}
    assert error["message"].startswith("Resource protected by organization SAML enforcement.")
    world.authorize_sso(OWNER_TOKEN, "octo-org")
    assert read(sandbox, OWNER_TOKEN) == {"data": {"r": {"object": {"text": "api"}}}}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("{ viewer { login ", "Syntax Error: Expected Name, found <EOF>."),
        ("{ viewer { password } }", "Cannot query field 'password' on type 'User'."),
        (
            '{ repository(owner: "octo-org") { name } }',
            "Argument 'Query.repository(name:)' of type 'String!' is required, but it was not provided.",
        ),
        ("", "A query attribute must be specified and must be a string."),
        (None, "A query attribute must be specified and must be a string."),
    ],
)
def test_an_invalid_query_has_no_data(client: Client, query: str | None, message: str) -> None:
    """The status is 200 all the same."""
    response = client.send("POST", "/graphql", {"query": query})
    assert response.status_code == 200
    assert list(response.json()) == ["errors"]
    assert [error["message"] for error in response.json()["errors"]] == [message]


def test_a_body_must_be_json(sandbox: Sandbox) -> None:
    """400, and 401 without a token."""
    headers = {"Authorization": f"Bearer {OWNER_TOKEN}"}
    post = f"{sandbox.url}/graphql"
    response = requests.post(post, data="{", headers=headers, timeout=10)
    assert (response.status_code, response.json()["message"]) == (400, "Problems parsing JSON")
    assert (
        requests.post(post, json={"query": "{ viewer { login } }"}, timeout=10).status_code == 401
    )


def test_each_query_costs_a_point(client: Client) -> None:
    """Whatever the number of repositories; the headers and the query tell the same."""
    fields = "rateLimit { cost limit nodeCount remaining used resetAt }"
    send(client, several(*NAMES))
    response = send(client, f"{{ {fields} }}")
    limit = response.json()["data"]["rateLimit"]
    reset_at = datetime.strptime(limit.pop("resetAt"), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    assert limit == {"cost": 1, "limit": 5000, "nodeCount": 0, "remaining": 4998, "used": 2}
    names = ("Limit", "Remaining", "Used", "Reset", "Resource")
    headers = [response.headers[f"X-RateLimit-{name}"] for name in names]
    assert headers == ["5000", "4998", "2", str(int(reset_at.timestamp())), "graphql"]
    assert client.get("/user").headers["X-RateLimit-Resource"] == "core"


@pytest.mark.parametrize(
    ("error_type", "expected"),
    [
        ("RATE_LIMITED", {"message": "API rate limit exceeded for user ID {}."}),
        (
            "RATE_LIMIT",
            {
                "code": "graphql_rate_limit",
                "message": "API rate limit already exceeded for user ID {}.",
            },
        ),
    ],
)
def test_a_used_up_budget_is_an_error(
    client: Client, world: World, error_type: Any, expected: dict[str, str]
) -> None:
    """With the status 200 and no data; other requests still work."""
    world.query_budget.limit, world.query_budget.error_type = 1, error_type
    assert "data" in send(client, several("api")).json()
    response = send(client, several("api"))
    message = expected["message"].format(world.account("octocat").id)
    assert response.status_code == 200
    assert response.json() == {"errors": [{"type": error_type, **expected, "message": message}]}
    assert response.headers["X-RateLimit-Remaining"] == "0"
    assert client.get("/user").status_code == 200


def test_points_are_those_of_a_user_and_an_hour() -> None:
    """Two tokens of a user share them, and an App has its own."""
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = [now]
    world = small_world(lambda: clock[0])
    world.query_budget.limit = 1
    world.add_token("second", user="octocat")
    world.add_actions_token("job", repository="octo-org/api")
    with Sandbox(world) as sandbox:
        assert "data" in read(sandbox, OWNER_TOKEN)
        assert read(sandbox, "second")["errors"][0]["type"] == "RATE_LIMITED"
        assert "data" in read(sandbox, "job")
        message = f"API rate limit exceeded for installation ID {world.account('octo-org').id}."
        assert read(sandbox, "job")["errors"][0]["message"] == message
        clock[0] = now + timedelta(hours=1)
        assert "data" in read(sandbox, "second")


@pytest.mark.parametrize(("failure", "status"), [("bad gateway", 502), ("no data", 200)])
def test_a_large_query_can_fail(
    sandbox: Sandbox, client: Client, failure: Any, status: int
) -> None:
    """A smaller one does not; the points are spent all the same."""
    sandbox.limit_queries(2, failure)
    assert "errors" not in send(client, several("api", "web")).json()
    response = send(client, several("api", "web", "docs"))
    assert response.status_code == status
    assert response.json()["data"] is None
    (error,) = response.json()["errors"]
    assert re.match("Something went wrong while executing your query", error["message"])
    used = send(client, "{ rateLimit { used } }").json()["data"]["rateLimit"]["used"]
    assert used == 3
    sandbox.clear_faults()
    assert send(client, several("api", "web", "docs")).status_code == 200


def test_a_large_query_can_time_out(sandbox: Sandbox, client: Client) -> None:
    """504, with a page in place of JSON."""
    sandbox.limit_queries(0, "gateway timeout")
    assert client.get("/user").status_code == 200
    response = send(client, several("api"))
    assert (response.status_code, response.headers["Content-Type"]) == (504, "text/html")
    assert "504 Gateway Time-out" in response.text


def test_the_response_to_a_large_query_can_be_torn(sandbox: Sandbox, client: Client) -> None:
    """It ends in the middle of the body."""
    sandbox.limit_queries(1, "torn")
    assert send(client, several("api")).status_code == 200
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send(client, several("api", "web"))


def limit_error(*path: str) -> dict[str, Any]:
    """The error for a result that was left out."""
    message = "Resource limits for this query exceeded."
    return {"type": "RESOURCE_LIMITS_EXCEEDED", "path": list(path), "message": message}


def test_repositories_beyond_a_number_can_be_left_out(sandbox: Sandbox, client: Client) -> None:
    """Each is null with an error; one that does not exist keeps its own error."""
    sandbox.limit_queries(1, "partial")
    body = send(client, several("api", "web", "nope", "docs")).json()
    assert body["data"] == {"r0": {"object": {"text": "api"}}, "r1": None, "r2": None, "r3": None}
    assert body["errors"][0]["type"] == "NOT_FOUND"
    assert body["errors"][1:] == [limit_error("r1"), limit_error("r3")]
    assert "errors" not in send(client, several("api")).json()


def test_files_beyond_a_number_can_be_left_out(sandbox: Sandbox, client: Client) -> None:
    """The repository is there; null means that the file was not read, not that there is none."""
    sandbox.limit_queries(1, "partial fields")
    missing = 'none: object(expression: "HEAD:none") { oid }'
    body = send(client, several("api", "web", fields=f"name {FILE} {missing}")).json()
    assert body["data"]["r0"] == {"name": "api", "object": {"text": "api"}, "none": None}
    assert body["data"]["r1"] == {"name": "web", "object": None, "none": None}
    assert body["errors"] == [limit_error("r1", "object"), limit_error("r1", "none")]


def test_an_invalid_query_stays_invalid_with_a_fault(sandbox: Sandbox, client: Client) -> None:
    """It has no results to leave out."""
    sandbox.fail(Fault("POST", "/graphql", status=None, partial="repositories", times=None))
    assert list(send(client, "{ nope }").json()) == ["errors"]
    assert list(client.send("POST", "/graphql", {"query": 1}).json()) == ["errors"]
