"""Repositories and teams that are created, changed and deleted in the sandbox."""

from __future__ import annotations

from typing import Any

import pytest

from contract.sandbox_client import Client, client_of
from github_sandbox import Sandbox, World

API = "/repos/octo-org/api"
TARGET = "organization:octo-org"
NEW = {"name": "new", "private": True}


def test_a_repository_is_created_and_deleted(client: Client, world: World) -> None:
    """Private if the request says so; its name is free again afterwards."""
    for _ in range(2):
        created = client.send("POST", "/orgs/octo-org/repos", NEW)
        assert (created.status_code, created.json()["full_name"]) == (201, "octo-org/new")
        assert world.repository("octo-org/new").private
        assert client.delete("/repos/octo-org/new").status_code == 204
        assert client.get("/repos/octo-org/new").status_code == 404


def test_a_new_name_is_free(client: Client) -> None:
    """Otherwise it is rejected, at a creation and at a renaming."""
    created = client.send("POST", "/orgs/octo-org/repos", {"name": "API"})
    renamed = client.send("PATCH", API, {"name": "web"})
    for response in (created, renamed):
        assert response.status_code == 422
        assert response.json()["errors"][0]["field"] == "name"


def test_a_renamed_repository_redirects_until_it_is_deleted(client: Client) -> None:
    """With 301 to a GET and 307 to a PUT; a change follows by ID."""
    assert client.send("PATCH", API, {"name": "moved"}).json()["name"] == "moved"
    assert [client.send(method, API).status_code for method in ("GET", "DELETE")] == [301, 307]
    location = client.get(API).headers["Location"].removeprefix(client.url)
    assert client.send("PATCH", location, {"name": "again"}).json()["name"] == "again"
    assert client.delete(location).status_code == 204
    assert client.get(API).status_code == 404


def test_an_archived_repository_can_only_be_restored_or_deleted(client: Client) -> None:
    """Another change is rejected."""
    assert client.send("PATCH", API, {"archived": True}).json()["archived"] is True
    assert client.send("PATCH", API, {"name": "moved"}).status_code == 403
    assert client.send("PATCH", API, {"archived": False}).json()["archived"] is False
    client.send("PATCH", API, {"archived": True})
    assert client.delete(API).status_code == 204


def test_a_deleted_repository_leaves_lists_and_teams(client: Client, world: World) -> None:
    """The count of a list is smaller, too."""
    names = ["octo-org/api", "octo-org/web"]
    world.put_secret(TARGET, "NAME", b"v", visibility="selected", repositories=names)
    world.add_team("octo-org", "platform", repositories=names)
    client.delete(API)
    listed = client.get("/orgs/octo-org/codespaces/secrets/NAME/repositories").json()
    assert (listed["total_count"], len(listed["repositories"])) == (1, 1)
    assert world.secrets(TARGET)["NAME"].repositories == ("octo-org/web",)
    team: Any = client.get("/orgs/octo-org/teams/platform/repos").json()
    assert [repository["name"] for repository in team] == ["web"]


def test_a_team_is_created_listed_and_deleted(client: Client) -> None:
    """Its slug is its name in lower case."""
    created = client.send("POST", "/orgs/octo-org/teams", {"name": "Operators"})
    assert (created.status_code, created.json()["slug"]) == (201, "operators")
    teams: Any = client.get("/orgs/octo-org/teams").json()
    assert [team["slug"] for team in teams] == ["operators"]
    statuses = [client.delete("/orgs/octo-org/teams/operators").status_code for _ in range(2)]
    assert statuses == [204, 404]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/orgs/octo-org/repos", NEW),
        ("PATCH", API, {"name": "moved"}),
        ("DELETE", API, None),
        ("POST", "/orgs/octo-org/teams", {"name": "operators"}),
        ("DELETE", "/orgs/octo-org/teams/platform", None),
    ],
)
def test_a_member_changes_nothing(
    method: str, path: str, body: Any, sandbox: Sandbox, world: World
) -> None:
    """The sandbox gives these rights to owners only."""
    world.add_team("octo-org", "platform")
    world.add_token("ghp_member", user="hubot", scopes=("repo", "delete_repo", "admin:org"))
    with client_of(sandbox, "ghp_member") as client:
        assert client.send(method, path, body).status_code == 403


def test_a_deletion_needs_a_scope_of_its_own(sandbox: Sandbox, world: World) -> None:
    """The scope `repo` is not enough for it."""
    world.add_token("ghp_repo", user="octocat", scopes=("repo", "admin:org"))
    with client_of(sandbox, "ghp_repo") as client:
        rejected = client.delete(API)
    assert rejected.status_code == 403
    assert rejected.headers["X-Accepted-OAuth-Scopes"] == "delete_repo"
