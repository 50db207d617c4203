"""The repositories of teams, and the organizations of users, in the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from contract.sandbox_client import OWNER_TOKEN, Client, client_of
from github_sandbox import Sandbox, World

TEAM = "/orgs/octo-org/teams/platform/repos"
NOT_FOUND = (404, "Not Found")
DENIED = "Resource not accessible by {}"


@pytest.fixture(autouse=True)
def team(world: World) -> None:
    """A team with three of the organization's repositories."""
    names = ("octo-org/web", "octo-org/old", "octo-org/docs")
    world.add_team("octo-org", "platform", repositories=names)


def names_in(response: Any) -> list[str]:
    """The names of the repositories in a response."""
    assert response.status_code == 200
    return [repository["name"] for repository in response.json()]


def error_in(response: Any) -> tuple[int, str]:
    """The status and the message of an error response."""
    return response.status_code, response.json()["message"]


def get(sandbox: Sandbox, token: str, path: str) -> Any:
    """Send a GET with another token."""
    with client_of(sandbox, token) as client:
        return client.get(path)


def test_the_repositories_of_a_team_have_pages(client: Client) -> None:
    """Archived and public ones, too; a slug's case does not count."""
    first = client.get("/orgs/Octo-Org/teams/Platform/repos?per_page=2")
    assert names_in(first) == ["web", "docs"]
    assert names_in(client.get(first.links["next"]["url"].removeprefix(client.url))) == ["old"]


def test_a_team_can_be_empty_and_replaced(world: World, client: Client) -> None:
    """A renamed repository stays in the team."""
    world.rename("octo-org/web", "octo-org/moved")
    assert names_in(client.get(TEAM)) == ["moved", "docs", "old"]
    world.add_team("octo-org", "platform")
    assert names_in(client.get(TEAM)) == []


@pytest.mark.parametrize(
    "path",
    [
        "/orgs/octo-org/teams/other/repos",
        "/orgs/nobody/teams/platform/repos",
        "/orgs/octocat/teams/platform/repos",
    ],
)
def test_an_unknown_team_is_not_found(client: Client, path: str) -> None:
    """Nor is a team of an unknown organization, or of a user."""
    assert error_in(client.get(path)) == NOT_FOUND


@pytest.mark.parametrize("scope", ["read:org", "write:org", "admin:org"])
def test_a_scope_for_organizations_reads_a_team(world: World, sandbox: Sandbox, scope: str) -> None:
    """Private repositories need the scope `repo` as well."""
    world.add_token("narrow", user="hubot", scopes=(scope,))
    assert names_in(get(sandbox, "narrow", TEAM)) == ["docs"]
    world.add_token("wide", user="hubot", scopes=(scope, "repo"))
    assert names_in(get(sandbox, "wide", TEAM)) == ["web", "docs", "old"]


def test_a_classic_token_without_access_finds_no_team(world: World, sandbox: Sandbox) -> None:
    """Without the scope, and of a user who is no member."""
    world.add_token("no-scope", user="octocat", scopes=("repo", "user"))
    world.add_token("no-member", user="stranger", scopes=("repo", "read:org"))
    response = get(sandbox, "no-scope", TEAM)
    assert error_in(response) == NOT_FOUND
    assert response.headers["X-Accepted-OAuth-Scopes"] == "admin:org, read:org, write:org"
    assert error_in(get(sandbox, "no-member", TEAM)) == NOT_FOUND


@pytest.mark.parametrize(
    ("owner", "permissions", "is_allowed"),
    [
        ("octo-org", {"members": "read"}, True),
        ("octo-org", {"members": "write"}, True),
        ("octo-org", {"metadata": "read"}, False),
        ("octocat", {"members": "read"}, False),
    ],
)
def test_other_tokens_need_the_permission_members(
    world: World, sandbox: Sandbox, owner: str, permissions: Mapping[str, str], is_allowed: bool
) -> None:
    """Of the organization; they list only the repositories that they can access."""
    world.add_fine_grained_token(
        "fine", user="hubot", owner=owner, permissions=permissions, repositories=["octo-org/web"]
    )
    response = get(sandbox, "fine", TEAM)
    if is_allowed:
        assert names_in(response) == ["web", "docs"]
        return
    assert error_in(response) == (403, DENIED.format("personal access token"))
    assert response.headers["X-Accepted-GitHub-Permissions"] == "members=read"


def test_the_token_of_a_job_reads_no_team(world: World, sandbox: Sandbox) -> None:
    """It has no permission for the members of an organization."""
    world.add_actions_token("job", repository="octo-org/web")
    assert error_in(get(sandbox, "job", TEAM)) == (403, DENIED.format("integration"))


def test_teams_need_single_sign_on(world: World, sandbox: Sandbox) -> None:
    """403 with the header; the list of organizations only leaves the organization out."""
    world.add_organization("acme", owners=("octocat",))
    world.require_sso("octo-org")
    response = get(sandbox, OWNER_TOKEN, TEAM)
    assert response.status_code == 403
    assert response.headers["X-GitHub-SSO"].startswith("required; url=")
    listed = get(sandbox, OWNER_TOKEN, "/user/orgs")
    assert [item["login"] for item in listed.json()] == ["acme"]
    omitted = f"partial-results; organizations={world.account('octo-org').id}"
    assert listed.headers["X-GitHub-SSO"] == omitted
    world.authorize_sso(OWNER_TOKEN, "octo-org")
    assert len(get(sandbox, OWNER_TOKEN, "/user/orgs").json()) == 2
    assert len(names_in(get(sandbox, OWNER_TOKEN, TEAM))) == 3


def test_the_organizations_of_a_user_have_pages(world: World, client: Client) -> None:
    """Those that the user owns, and those where the user is a member."""
    world.add_organization("acme", owners=("hubot",))
    world.add_organization("other", owners=("hubot",))
    world.add_member("other", "octocat")
    first = client.get("/user/orgs?per_page=1")
    second = client.get(first.links["next"]["url"].removeprefix(client.url))
    assert [item["login"] for item in (*first.json(), *second.json())] == ["octo-org", "other"]


@pytest.mark.parametrize("scope", ["read:org", "write:org", "admin:org", "user"])
def test_a_scope_lists_the_organizations(world: World, sandbox: Sandbox, scope: str) -> None:
    """Any of four is enough; a user without organizations gets an empty list."""
    world.add_token("of-hubot", user="hubot", scopes=(scope,))
    world.add_token("of-stranger", user="stranger", scopes=(scope,))
    listed = get(sandbox, "of-hubot", "/user/orgs").json()
    assert [item["login"] for item in listed] == ["octo-org"]
    assert get(sandbox, "of-stranger", "/user/orgs").json() == []


def test_other_tokens_list_no_organizations(world: World, sandbox: Sandbox) -> None:
    """A classic token without a scope is denied, a fine-grained one gets an empty list."""
    world.add_token("classic", user="octocat", scopes=("repo",))
    permissions = {"members": "read"}
    world.add_fine_grained_token("fine", user="hubot", owner="octo-org", permissions=permissions)
    world.add_actions_token("job", repository="octo-org/web")
    denied = (403, "You need at least read:org scope or user scope to list your organizations.")
    assert error_in(get(sandbox, "classic", "/user/orgs")) == denied
    assert get(sandbox, "fine", "/user/orgs").json() == []
    assert error_in(get(sandbox, "job", "/user/orgs")) == (403, DENIED.format("integration"))
