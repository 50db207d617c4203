"""Lists of repositories and their custom properties in the sandbox."""

from __future__ import annotations

import pytest

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, Client, client_of, small_world
from github_sandbox import Sandbox, World

VALUES = "/orgs/octo-org/properties/values"
PROPERTIES = "organization_custom_properties"
ORG, USER = PREFIXES["organization"], PREFIXES["user"]


@pytest.fixture
def world() -> World:
    """The small world, where `octocat` also has a private repository."""
    world = small_world()
    world.add_repository("octocat/Notes")
    return world


def list_names(client: Client, path: str) -> list[str]:
    """The full names of the repositories on a page."""
    return [repository["full_name"] for repository in client.get(path).json()]


def list_names_with_properties(client: Client, query: str = "") -> list[str]:
    """The names of the repositories on a page of property values."""
    return [repository["repository_name"] for repository in client.get(VALUES + query).json()]


def send(sandbox: Sandbox, token: str, path: str = VALUES) -> tuple[int, str | None, str | None]:
    """Send a request; return its status, the missing permission and the missing scope."""
    with client_of(sandbox, token) as client:
        response = client.get(path)
    get_header = response.headers.get
    return (
        response.status_code,
        get_header("x-accepted-github-permissions"),
        get_header("x-accepted-oauth-scopes"),
    )


def test_properties_are_replaced_as_a_whole(client: Client, world: World) -> None:
    """They stay with a renamed repository, and keep their order and types."""
    world.set_properties("octo-org/api", {"team": "core", "tier": "1"})
    world.set_properties("OCTO-org/api", {"tiers": ["a", "b"], "team": None})
    repository_id = world.rename("octo-org/api", "octo-org/api2").id
    assert client.get(VALUES).json()[-1] == {
        "repository_id": repository_id,
        "repository_name": "api2",
        "repository_full_name": "octo-org/api2",
        "properties": [
            {"property_name": "tiers", "value": ["a", "b"]},
            {"property_name": "team", "value": None},
        ],
    }


def test_property_values_come_in_pages_of_30_at_most_100(client: Client, world: World) -> None:
    """The pages are linked; `repository_query` is ignored."""
    for number in range(116):
        world.add_repository(f"octo-org/r-{number}")
    first = client.get(f"{VALUES}?repository_query=props.team:core")
    assert len(first.json()) == 30
    assert first.links["last"]["url"].endswith("&per_page=30&page=4")
    assert len(list_names_with_properties(client, "?per_page=1000")) == 100
    assert list_names_with_properties(client, "?per_page=100&page=2")[-1] == "api"


def test_a_classic_token_needs_repo_and_a_member(sandbox: Sandbox, world: World) -> None:
    """403 without the scope and for a stranger; 404 for no organization."""
    for user in ("octocat", "hubot", "stranger"):
        world.add_token(f"ghp_{user}", user=user, scopes=("repo",))
    world.add_token("ghp_scope", user="octocat", scopes=("admin:org",))
    assert send(sandbox, "ghp_octocat") == send(sandbox, "ghp_hubot") == (200, None, None)
    for token in ("ghp_stranger", "ghp_scope"):
        assert send(sandbox, token) == (403, None, "repo")
    for login in ("nobody", "octocat"):
        assert send(sandbox, OWNER_TOKEN, f"/orgs/{login}/properties/values")[0] == 404
    world.require_sso("octo-org")
    assert send(sandbox, "ghp_octocat")[0] == 403


def test_a_fine_grained_token_needs_the_permission(sandbox: Sandbox, world: World) -> None:
    """A member's token is enough; GITHUB_TOKEN and another owner's token are not."""
    for value, owner, permission in (
        ("github_pat_right", "octo-org", PROPERTIES),
        ("github_pat_wrong", "octo-org", "organization_codespaces_secrets"),
        ("github_pat_own", "hubot", PROPERTIES),
    ):
        world.add_fine_grained_token(
            value, user="hubot", owner=owner, permissions={permission: "read"}
        )
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    assert send(sandbox, "github_pat_right") == (200, None, None)
    for token in ("github_pat_wrong", "github_pat_own", "ghs_actions"):
        assert send(sandbox, token) == (403, f"{PROPERTIES}=read", None)


def test_properties_of_hidden_repositories_are_hidden(client: Client, world: World) -> None:
    """A token that cannot see a repository does not get its properties."""
    world.hide_from(OWNER_TOKEN, "octo-org/web")
    assert list_names_with_properties(client) == ["old", "docs", "api"]


def test_anyone_can_list_the_public_repositories_of_an_account(
    client: Client, world: World
) -> None:
    """By name, in pages, public only even for the account itself; 404 for an unknown account."""
    world.add_repository("octocat/Blog", private=False)
    assert list_names(client, "/users/OCTOCAT/repos") == ["octocat/Blog", "octocat/dotfiles"]
    assert list_names(client, "/users/octocat/repos?per_page=1&page=2") == ["octocat/dotfiles"]
    assert list_names(client, "/users/octo-org/repos") == ["octo-org/docs"]
    assert list_names(client, "/users/hubot/repos") == []
    assert client.get("/users/nobody/repos").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", "api docs old web dotfiles Notes"),
        ("affiliation=owner", "dotfiles Notes"),
        ("type=owner", "dotfiles Notes"),
        ("affiliation=owner&visibility=private", "Notes"),
        ("affiliation=organization_member", "api docs old web"),
        ("type=member", "api docs old web"),
        ("affiliation=owner,organization_member&visibility=public", "docs dotfiles"),
        ("type=public", "docs dotfiles"),
        ("affiliation=collaborator", ""),
        ("affiliation=owner&per_page=1&page=2", "Notes"),
    ],
)
def test_users_list_their_own_and_their_organizations_repositories(
    query: str, expected: str, client: Client
) -> None:
    """Private ones too, by name, filtered by affiliation, type and visibility."""
    listed = [repository["name"] for repository in client.get(f"/user/repos?{query}").json()]
    assert listed == expected.split()


def test_type_and_affiliation_are_mutually_exclusive(client: Client) -> None:
    """422 for `type` with `affiliation` or `visibility`."""
    for other in ("affiliation=owner", "visibility=private"):
        response = client.get(f"/user/repos?type=owner&{other}")
        assert response.status_code == 422
        assert [error["field"] for error in response.json()["errors"]] == ["type"]


def test_users_list_what_the_token_can_see(sandbox: Sandbox, world: World) -> None:
    """Public ones only without the scope `repo`; 403 for an App's token, which has no user."""
    world.add_token("ghp_poor", user="octocat")
    with client_of(sandbox, "ghp_poor") as client:
        assert list_names(client, "/user/repos") == ["octo-org/docs", "octocat/dotfiles"]
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    assert send(sandbox, "ghs_actions", "/user/repos")[0] == 403


def test_single_sign_on_shortens_the_own_list(client: Client, world: World) -> None:
    """A header lists the organization whose repositories are left out."""
    world.require_sso("octo-org")
    assert list_names(client, "/user/repos") == ["octocat/dotfiles", "octocat/Notes"]
    partial = f"partial-results; organizations={world.account('octo-org').id}"
    assert client.get("/user/repos").headers["x-github-sso"] == partial


def test_only_a_header_reports_partial_results(client: Client, world: World) -> None:
    """Omitted repositories are in no list and no count, but are found by name."""
    listed = ["octo-org/web", "octo-org/docs"]
    for target in ("organization:octo-org", "user:octocat"):
        world.put_secret(target, "A", b"v", visibility="selected", repositories=listed)
    world.show_partially("octo-org", token=OWNER_TOKEN)
    partial = f"partial-results; organizations={world.account('octo-org').id}"
    for path in ("/orgs/octo-org/repos", VALUES, "/user/repos?type=member"):
        response = client.get(path)
        assert (len(response.json()), response.headers["x-github-sso"]) == (1, partial)
    for prefix in (ORG, USER):
        response = client.get(f"{prefix}/A/repositories")
        body = response.json()
        assert [repository["full_name"] for repository in body["repositories"]] == ["octo-org/docs"]
        assert (body["total_count"], response.headers["x-github-sso"]) == (1, partial)
    assert client.get("/repos/octo-org/web").status_code == 200


def test_a_complete_list_has_no_header_of_partial_results(
    client: Client, sandbox: Sandbox, world: World
) -> None:
    """No header if nothing is left out, and for other tokens."""
    world.show_partially("octo-org", token=OWNER_TOKEN)
    for path in ("/orgs/octo-org/repos?type=public", "/user/repos?type=owner"):
        assert "x-github-sso" not in client.get(path).headers
    world.add_token("ghp_other", user="hubot", scopes=("repo",))
    with client_of(sandbox, "ghp_other") as other:
        response = other.get("/orgs/octo-org/repos")
    assert (len(response.json()), "x-github-sso" in response.headers) == (4, False)
