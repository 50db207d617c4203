"""Check GraphQL queries in the sandbox with githubkit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from githubkit import GitHub
from githubkit.exception import GraphQLFailed, PrimaryRateLimitExceeded, RequestFailed

from contract.sandbox_client import OWNER_TOKEN, small_world
from github_sandbox import Sandbox, World

Client = GitHub[Any]

QUERY = """
query ($owner: String!, $first: String!, $second: String!, $file: String!) {
  first: repository(owner: $owner, name: $first) { ...Files }
  second: repository(owner: $owner, name: $second) { ...Files }
}
fragment Files on Repository {
  databaseId
  nameWithOwner
  isEmpty
  defaultBranchRef { name }
  file: object(expression: $file) { ... on Blob { text byteSize isBinary isTruncated } }
  folder: object(expression: "HEAD:.devcontainer") {
    ... on Tree { entries { name type mode object { ... on Tree { entries { name } } } } }
  }
}
"""
PATH = ".devcontainer/devcontainer.json"
VARIABLES = {"owner": "octo-org", "first": "api", "second": "web", "file": f"HEAD:{PATH}"}


@pytest.fixture
def world() -> World:
    """The small world with dev containers in one repository."""
    world = small_world()
    world.put_files("octo-org/api", {PATH: "{}", ".devcontainer/db/devcontainer.json": "{}"})
    return world


@pytest.fixture
def github(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the owner's token, without retries and without a cache."""
    with GitHub(OWNER_TOKEN, base_url=sandbox.url, auto_retry=False, http_cache=False) as github:
        yield github


def test_files_of_several_repositories_are_read(github: Client, world: World) -> None:
    """A repository without a commit has none."""
    data = github.graphql(QUERY, VARIABLES)
    ids = [world.repository(f"octo-org/{name}").id for name in ("api", "web")]
    assert [data[alias]["databaseId"] for alias in ("first", "second")] == ids
    file = {"text": "{}", "byteSize": 2, "isBinary": False, "isTruncated": False}
    assert data["first"]["file"] == file
    assert data["first"]["folder"]["entries"] == [
        {"name": "db", "type": "tree", "mode": 16384, "object": {"entries": [{"name": PATH[14:]}]}},
        {"name": "devcontainer.json", "type": "blob", "mode": 33188, "object": {}},
    ]
    assert data["second"] == {
        "databaseId": ids[1],
        "nameWithOwner": "octo-org/web",
        "isEmpty": True,
        "defaultBranchRef": None,
        "file": None,
        "folder": None,
    }


def test_errors_are_parsed(github: Client) -> None:
    """The client reads the type and the path of each, and the data of the others."""
    with pytest.raises(GraphQLFailed) as caught:
        github.graphql(QUERY, {**VARIABLES, "second": "nope"})
    (error,) = caught.value.response.errors or []
    assert (error.type, error.path) == ("NOT_FOUND", ["second"])
    data = caught.value.response.data or {}
    assert (data["first"]["nameWithOwner"], data["second"]) == ("octo-org/api", None)


def test_a_used_up_budget_is_recognized(github: Client, world: World) -> None:
    """The client says how long to wait: until the points are there again."""
    world.query_budget.limit = 1
    github.graphql(QUERY, VARIABLES)
    with pytest.raises(PrimaryRateLimitExceeded) as caught:
        github.graphql(QUERY, VARIABLES)
    assert caught.value.retry_after.total_seconds() > 3500


def test_a_timeout_is_recognized(github: Client, sandbox: Sandbox) -> None:
    """The status is that of a gateway, and a smaller query works."""
    sandbox.limit_queries(1, "bad gateway")
    with pytest.raises(RequestFailed) as caught:
        github.graphql(QUERY, VARIABLES)
    assert caught.value.response.status_code == 502
    assert github.graphql("query { viewer { login } }") == {"viewer": {"login": "octocat"}}


def test_partial_results_are_errors(github: Client, sandbox: Sandbox) -> None:
    """The data of the others is there."""
    sandbox.limit_queries(1, "partial")
    with pytest.raises(GraphQLFailed) as caught:
        github.graphql(QUERY, VARIABLES)
    (error,) = caught.value.response.errors or []
    assert (error.type, error.path) == ("RESOURCE_LIMITS_EXCEEDED", ["second"])
    data = caught.value.response.data or {}
    assert (data["first"]["isEmpty"], data["second"]) == (False, None)
