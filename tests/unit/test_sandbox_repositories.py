from __future__ import annotations

import pytest

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, Client, client_of, small_world
from github_sandbox import Sandbox, World

VALUES = "/orgs/octo-org/properties/values"
PROPERTIES = "organization_custom_properties"
ORG, USER = PREFIXES["organization"], PREFIXES["user"]


@pytest.fixture
def world() -> World:
    """The small world, in which `octocat` has a private repository too."""
    world = small_world()
    world.add_repository("octocat/Notes")
    return world


def names(client: Client, path: str) -> list[str]:
    """The repositories on a page of a plain list."""
    return [one["full_name"] for one in client.get(path).json()]


def valued(client: Client, query: str = "") -> list[str]:
    """The repositories on a page of property values."""
    return [one["repository_name"] for one in client.get(VALUES + query).json()]


def asked(sandbox: Sandbox, token: str, path: str = VALUES) -> tuple[int, str | None, str | None]:
    """Status, and what was lacking: the permission and the scope."""
    with client_of(sandbox, token) as client:
        answer = client.get(path)
    told = answer.headers.get
    return (
        answer.status_code,
        told("x-accepted-github-permissions"),
        told("x-accepted-oauth-scopes"),
    )


def test_properties_are_replaced_as_a_whole(client: Client, world: World) -> None:
    """They belong to the repository, whatever it is called, and come as they were given."""
    world.set_properties("octo-org/api", {"team": "core", "tier": "1"})
    world.set_properties("OCTO-org/api", {"tiers": ["a", "b"], "team": None})
    identity = world.rename("octo-org/api", "octo-org/api2").id
    assert client.get(VALUES).json()[-1] == {
        "repository_id": identity,
        "repository_name": "api2",
        "repository_full_name": "octo-org/api2",
        "properties": [
            {"property_name": "tiers", "value": ["a", "b"]},
            {"property_name": "team", "value": None},
        ],
    }


def test_property_values_come_in_pages_of_30_at_most_100(client: Client, world: World) -> None:
    """The pages are linked, and what asks for some repositories changes nothing."""
    for number in range(116):
        world.add_repository(f"octo-org/r-{number}")
    first = client.get(f"{VALUES}?repository_query=props.team:core")
    assert len(first.json()) == 30
    assert first.links["last"]["url"].endswith("&per_page=30&page=4")
    assert len(valued(client, "?per_page=1000")) == 100
    assert valued(client, "?per_page=100&page=2")[-1] == "api"


def test_a_classic_token_needs_repo_and_a_member(sandbox: Sandbox, world: World) -> None:
    """403 without the scope and to a stranger; no organization is a 404."""
    for user in ("octocat", "hubot", "stranger"):
        world.add_token(f"ghp_{user}", user=user, scopes=("repo",))
    world.add_token("ghp_scope", user="octocat", scopes=("admin:org",))
    assert asked(sandbox, "ghp_octocat") == asked(sandbox, "ghp_hubot") == (200, None, None)
    for token in ("ghp_stranger", "ghp_scope"):
        assert asked(sandbox, token) == (403, None, "repo")
    for login in ("nobody", "octocat"):
        assert asked(sandbox, OWNER_TOKEN, f"/orgs/{login}/properties/values")[0] == 404
    world.require_sso("octo-org")
    assert asked(sandbox, "ghp_octocat")[0] == 403


def test_a_permission_opens_the_properties(sandbox: Sandbox, world: World) -> None:
    """A member's fine-grained token will do; GITHUB_TOKEN and another owner's never."""
    for value, owner, permission in (
        ("github_pat_right", "octo-org", PROPERTIES),
        ("github_pat_wrong", "octo-org", "organization_codespaces_secrets"),
        ("github_pat_own", "hubot", PROPERTIES),
    ):
        world.add_fine_grained_token(
            value, user="hubot", owner=owner, permissions={permission: "read"}
        )
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    assert asked(sandbox, "github_pat_right") == (200, None, None)
    for token in ("github_pat_wrong", "github_pat_own", "ghs_actions"):
        assert asked(sandbox, token) == (403, f"{PROPERTIES}=read", None)


def test_properties_of_hidden_repositories_are_hidden(client: Client, world: World) -> None:
    """Who may not see a repository is not told of it here."""
    world.hide_from(OWNER_TOKEN, "octo-org/web")
    assert valued(client) == ["old", "docs", "api"]


def test_anyone_is_shown_the_public_repositories_of_an_account(
    client: Client, world: World
) -> None:
    """To the account itself too, by name, in pages; 404 for nobody's."""
    world.add_repository("octocat/Blog", private=False)
    assert names(client, "/users/OCTOCAT/repos") == ["octocat/Blog", "octocat/dotfiles"]
    assert names(client, "/users/octocat/repos?per_page=1&page=2") == ["octocat/dotfiles"]
    assert names(client, "/users/octo-org/repos") == ["octo-org/docs"]
    assert names(client, "/users/hubot/repos") == []
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
def test_users_list_what_is_theirs(query: str, expected: str, client: Client) -> None:
    """Their own, private ones too, and those of their organizations, by name."""
    listed = [one["name"] for one in client.get(f"/user/repos?{query}").json()]
    assert listed == expected.split()


def test_a_type_and_an_affiliation_do_not_go_together(client: Client) -> None:
    """422 for two ways to say the same."""
    for other in ("affiliation=owner", "visibility=private"):
        answer = client.get(f"/user/repos?type=owner&{other}")
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == ["type"]


def test_users_list_what_the_token_sees(sandbox: Sandbox, world: World) -> None:
    """The public ones without `repo`; nothing for an App, which is no user."""
    world.add_token("ghp_poor", user="octocat")
    with client_of(sandbox, "ghp_poor") as client:
        assert names(client, "/user/repos") == ["octo-org/docs", "octocat/dotfiles"]
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    assert asked(sandbox, "ghs_actions", "/user/repos")[0] == 403


def test_single_sign_on_shortens_the_own_list(client: Client, world: World) -> None:
    """What the organization guards is left out, and a header says so."""
    world.require_sso("octo-org")
    assert names(client, "/user/repos") == ["octocat/dotfiles", "octocat/Notes"]
    partial = f"partial-results; organizations={world.account('octo-org').id}"
    assert client.get("/user/repos").headers["x-github-sso"] == partial


def test_an_organization_shown_in_part_says_so_in_a_header_alone(
    client: Client, world: World
) -> None:
    """Its private repositories are in no list and no count, though each can be had by its name."""
    listed = ["octo-org/web", "octo-org/docs"]
    for target in ("organization:octo-org", "user:octocat"):
        world.put_secret(target, "A", b"v", visibility="selected", repositories=listed)
    world.show_partially("octo-org", token=OWNER_TOKEN)
    partial = f"partial-results; organizations={world.account('octo-org').id}"
    for path in ("/orgs/octo-org/repos", VALUES, "/user/repos?type=member"):
        answer = client.get(path)
        assert (len(answer.json()), answer.headers["x-github-sso"]) == (1, partial)
    for prefix in (ORG, USER):
        answer = client.get(f"{prefix}/A/repositories")
        body = answer.json()
        assert [one["full_name"] for one in body["repositories"]] == ["octo-org/docs"]
        assert (body["total_count"], answer.headers["x-github-sso"]) == (1, partial)
    assert client.get("/repos/octo-org/web").status_code == 200


def test_a_list_without_a_gap_has_no_such_header(
    client: Client, sandbox: Sandbox, world: World
) -> None:
    """Where nothing is left out, and for any other token, all is as ever."""
    world.show_partially("octo-org", token=OWNER_TOKEN)
    for path in ("/orgs/octo-org/repos?type=public", "/user/repos?type=owner"):
        assert "x-github-sso" not in client.get(path).headers
    world.add_token("ghp_other", user="hubot", scopes=("repo",))
    with client_of(sandbox, "ghp_other") as other:
        answer = other.get("/orgs/octo-org/repos")
    assert (len(answer.json()), "x-github-sso" in answer.headers) == (4, False)
