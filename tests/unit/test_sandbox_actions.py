"""Actions secrets of a repository and of its organization in the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.sandbox_client import OWNER_TOKEN, Client, actions_values, client_of, small_world
from github_sandbox import Sandbox, World

REPO, ORGANIZATION = "repository:octo-org/api", "organization:octo-org"
OWN = "/repos/octo-org/api/actions/secrets"
USABLE = "/repos/octo-org/api/actions/organization-secrets"
OLD = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    """The small world, with an Actions secret `A` of a repository and one of the organization."""
    world = small_world()
    world.put_actions_secret(REPO, "A")
    world.put_actions_secret(ORGANIZATION, "A")
    return world


def list_names(client: Client, path: str) -> list[str]:
    """The names of the secrets on a page."""
    return [secret["name"] for secret in client.get(path).json()["secrets"]]


def find_errors(sandbox: Sandbox, token: str) -> list[tuple[int, str, str | None]]:
    """The errors of a token at both endpoints: status, message and missing permission."""
    with client_of(sandbox, token) as client:
        responses = [client.get(path) for path in (f"{OWN}/A", USABLE)]
    header = "x-accepted-github-permissions"
    return [
        (response.status_code, response.json()["message"], response.headers.get(header))
        for response in responses
    ]


def statuses(sandbox: Sandbox, token: str) -> list[int]:
    """The statuses of a token at both endpoints."""
    with client_of(sandbox, token) as client:
        return [client.get(path).status_code for path in (f"{OWN}/A", USABLE)]


def test_a_secret_has_its_name_and_its_times(client: Client, world: World) -> None:
    """The name is in upper case, a later change keeps `created_at`; Codespaces is unaffected."""
    world.put_actions_secret(REPO, "token_1", updated_at=OLD)
    world.put_actions_secret(REPO, "Token_1", updated_at=OLD + timedelta(days=1))
    expected: dict[str, Any] = {
        "name": "TOKEN_1",
        "created_at": "2026-01-01T00:00:00Z",
        "updated_at": "2026-01-02T00:00:00Z",
    }
    assert client.get(f"{OWN}/token_1").json() == expected
    assert list_names(client, "/repos/octo-org/api/codespaces/secrets") == []


def test_an_absent_secret_is_not_found(client: Client, world: World) -> None:
    """404, also for a secret that only another repository or the organization has."""
    world.put_actions_secret(ORGANIZATION, "B")
    for path in ("/repos/octo-org/web/actions/secrets/A", f"{OWN}/B"):
        assert client.get(path).status_code == 404


def test_a_repository_lists_the_secrets_available_to_it(client: Client, world: World) -> None:
    """Those for all repositories and those that select it, by name; none if a user owns it."""
    world.put_actions_secret(ORGANIZATION, "C", repositories=["octo-org/api"])
    world.put_actions_secret(ORGANIZATION, "B", repositories=["octo-org/web"])
    world.put_actions_secret(ORGANIZATION, "D", repositories=[])
    assert list_names(client, USABLE) == ["A", "C"]
    assert list_names(client, "/repos/octo-org/web/actions/organization-secrets") == ["A", "B"]
    assert list_names(client, "/repos/octocat/dotfiles/actions/organization-secrets") == []


def test_available_secrets_come_in_pages_of_30_at_most_100(client: Client, world: World) -> None:
    """`total_count` counts all available secrets; the pages are linked."""
    for number in range(119):
        world.put_actions_secret(ORGANIZATION, f"S_{number:03}")
    world.put_actions_secret(ORGANIZATION, "ELSEWHERE", repositories=["octo-org/web"])
    first = client.get(USABLE)
    assert (first.json()["total_count"], len(first.json()["secrets"])) == (120, 30)
    assert first.links["last"]["url"].endswith(f"{USABLE}?per_page=30&page=4")
    assert len(list_names(client, f"{USABLE}?per_page=1000")) == 100
    assert len(list_names(client, f"{USABLE}?per_page=100&page=2")) == 20


def test_a_former_name_redirects(client: Client, world: World) -> None:
    """301 to the same endpoint under the id."""
    repository_id = world.rename("octo-org/api", "octo-org/api2").id
    for path in (f"{OWN}/A", f"{USABLE}?per_page=1"):
        response = client.get(path)
        assert response.status_code == 301
        tail = path.removeprefix("/repos/octo-org/api")
        assert response.headers["Location"] == f"{client.url}/repositories/{repository_id}{tail}"
        assert client.get(f"/repositories/{repository_id}{tail}").status_code == 200


def test_a_classic_token_needs_repo_and_an_owner(sandbox: Sandbox, world: World) -> None:
    """404 without the scope, because the repository is private; 403 for a member."""
    world.add_token("ghp_scope", user="octocat", scopes=("admin:org",))
    world.add_token("ghp_member", user="hubot", scopes=("repo",))
    world.add_token("ghp_repo", user="octocat", scopes=("repo",))
    assert statuses(sandbox, "ghp_scope") == [404, 404]
    assert statuses(sandbox, "ghp_member") == [403, 403]
    assert statuses(sandbox, "ghp_repo") == [200, 200]
    with client_of(sandbox, "ghp_scope") as client:
        public = client.get("/repos/octo-org/docs/actions/secrets/A")
    assert (public.status_code, public.headers["x-accepted-oauth-scopes"]) == (403, "repo")


def test_a_fine_grained_token_needs_secrets_read(sandbox: Sandbox, world: World) -> None:
    """403 that names the permission; the one for Codespaces secrets is not enough."""
    for value, permission in (("github_pat_a", "secrets"), ("github_pat_b", "codespaces_secrets")):
        world.add_fine_grained_token(
            value, user="octocat", owner="octo-org", permissions={permission: "read"}
        )
    assert statuses(sandbox, "github_pat_a") == [200, 200]
    message = "Resource not accessible by personal access token"
    assert find_errors(sandbox, "github_pat_b") == [(403, message, "secrets=read")] * 2


def test_a_write_needs_secrets_write(sandbox: Sandbox, world: World) -> None:
    """The permission to read is enough for the public key, and not for a PUT or a DELETE."""
    for value, level in (("github_pat_read", "read"), ("github_pat_write", "write")):
        world.add_fine_grained_token(
            value, user="octocat", owner="octo-org", permissions={"secrets": level}
        )
    for token, expected in (("github_pat_read", [403, 403]), ("github_pat_write", [204, 204])):
        with client_of(sandbox, token) as client:
            body = client.sealed(OWN, b"v")
            responses = [client.put(f"{OWN}/A", body), client.delete(f"{OWN}/A")]
        assert [response.status_code for response in responses] == expected
        if token == "github_pat_read":
            headers = {r.headers["x-accepted-github-permissions"] for r in responses}
            assert headers == {"secrets=write"}
    assert actions_values(world, "octo-org/api") == {}


def test_a_write_to_a_former_name_redirects(client: Client, world: World) -> None:
    """307 to the same endpoint under the id, which works."""
    body = client.sealed(OWN, b"v")
    repository_id = world.rename("octo-org/api", "octo-org/api2").id
    location = f"/repositories/{repository_id}/actions/secrets/A"
    response = client.put(f"{OWN}/A", body)
    assert (response.status_code, response.headers["Location"]) == (307, client.url + location)
    assert client.put(location, body).status_code == 204
    assert actions_values(world, "octo-org/api2") == {"A": b"v"}


def test_secrets_of_an_archived_repository_are_only_read(client: Client, world: World) -> None:
    """403 for writes."""
    world.put_actions_secret("repository:octo-org/old", "A", value=b"v")
    path = "/repos/octo-org/old/actions/secrets"
    body = client.sealed(path, b"w")
    responses = [client.put(f"{path}/A", body), client.delete(f"{path}/A"), client.get(path)]
    assert [response.status_code for response in responses] == [403, 403, 200]
    assert actions_values(world, "octo-org/old") == {"A": b"v"}


def test_github_token_never_reads_secrets(sandbox: Sandbox, world: World) -> None:
    """GitHub has no permission for it that includes secrets."""
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    message = "Resource not accessible by integration"
    assert find_errors(sandbox, "ghs_actions") == [(403, message, "secrets=read")] * 2


def test_single_sign_on_is_required(sandbox: Sandbox, world: World) -> None:
    """403 until the token is authorized."""
    world.require_sso("octo-org")
    assert statuses(sandbox, OWNER_TOKEN) == [403, 403]
    world.authorize_sso(OWNER_TOKEN, "octo-org")
    assert statuses(sandbox, OWNER_TOKEN) == [200, 200]
