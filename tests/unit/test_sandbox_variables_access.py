"""Which tokens can access the Actions variables of a repository in the sandbox, and where."""

from __future__ import annotations

from typing import Any

import pytest

from contract.sandbox_client import OWNER_TOKEN, Client, client_of, small_world
from github_sandbox import Sandbox, World

REPOSITORY = "octo-org/api"
VARIABLES = f"/repos/{REPOSITORY}/actions/variables"
PERMISSION = "actions_variables"
NOT_BY_A_PERSON = "Resource not accessible by personal access token"
NOT_BY_AN_APP = "Resource not accessible by integration"
NOT_ADMIN = "Must have admin rights to Repository."

# Every endpoint, on the variable `A`: method, path, body, status of a success
READS: tuple[tuple[str, str, Any, int], ...] = (
    ("GET", VARIABLES, None, 200),
    ("GET", f"{VARIABLES}/A", None, 200),
)
WRITES: tuple[tuple[str, str, Any, int], ...] = (
    ("POST", VARIABLES, {"name": "B", "value": "v"}, 201),
    ("PATCH", f"{VARIABLES}/A", {"value": "new"}, 204),
    ("DELETE", f"{VARIABLES}/A", None, 204),
)
ENDPOINTS = READS + WRITES
READ_AND_WRITTEN = [status for *_, status in ENDPOINTS]


@pytest.fixture
def world() -> World:
    """The small world, with a variable `A` of a repository."""
    world = small_world()
    world.put_variable(REPOSITORY, "A", "v")
    return world


def statuses(sandbox: Sandbox, token: str) -> list[int]:
    """The statuses of a token at every endpoint."""
    with client_of(sandbox, token) as client:
        return [client.send(*request).status_code for *request, _ in ENDPOINTS]


def errors(sandbox: Sandbox, token: str) -> list[tuple[int, str, str | None]]:
    """The errors of a token at every endpoint: status, message and missing permission."""
    with client_of(sandbox, token) as client:
        responses = [client.send(*request) for *request, _ in ENDPOINTS]
    header = "x-accepted-github-permissions"
    return [
        (response.status_code, response.json().get("message", ""), response.headers.get(header))
        for response in responses
    ]


def forbidden(message: str) -> list[tuple[int, str, str | None]]:
    """The errors of a token without the permission at every endpoint."""
    levels = ["read"] * len(READS) + ["write"] * len(WRITES)
    return [(403, message, f"{PERMISSION}={level}") for level in levels]


def test_a_former_name_redirects(client: Client, world: World) -> None:
    """301 for a read and 307 for a write, to the same endpoint under the id, which works."""
    repository_id = world.rename(REPOSITORY, "octo-org/api2").id
    for method, path, body, success in ENDPOINTS:
        response = client.send(method, f"{path}?a=b", body)
        assert response.status_code == (301 if method == "GET" else 307)
        tail = path.removeprefix(f"/repos/{REPOSITORY}")
        location = f"{client.url}/repositories/{repository_id}{tail}?a=b"
        assert response.headers["Location"] == location
        assert client.send(method, location.removeprefix(client.url), body).status_code == success
    assert world.variables("octo-org/api2") == {"B": "v"}


def test_a_classic_token_needs_repo_and_an_owner(sandbox: Sandbox, world: World) -> None:
    """404 without the scope, because the repository is private; 403 for a member."""
    world.add_token("ghp_scope", user="octocat", scopes=("admin:org",))
    world.add_token("ghp_member", user="hubot", scopes=("repo",))
    world.add_token("ghp_stranger", user="stranger", scopes=("repo",))
    world.add_token("ghp_repo", user="octocat", scopes=("repo",))
    for token in ("ghp_scope", "ghp_stranger"):
        assert errors(sandbox, token) == [(404, "Not Found", None)] * len(ENDPOINTS)
    assert errors(sandbox, "ghp_member") == [(403, NOT_ADMIN, None)] * len(ENDPOINTS)
    assert statuses(sandbox, "ghp_repo") == READ_AND_WRITTEN
    with client_of(sandbox, "ghp_scope") as client:
        public = client.get("/repos/octo-org/docs/actions/variables")
    assert (public.status_code, public.headers["x-accepted-oauth-scopes"]) == (403, "repo")


def test_a_fine_grained_token_needs_the_permission(sandbox: Sandbox, world: World) -> None:
    """Reads need `read`, writes need `write`; the one for Actions secrets is not enough."""
    for value, permissions in (
        ("github_pat_other", {"secrets": "write"}),
        ("github_pat_read", {PERMISSION: "read"}),
        ("github_pat_write", {PERMISSION: "write"}),
    ):
        world.add_fine_grained_token(
            value, user="octocat", owner="octo-org", permissions=permissions
        )
    assert errors(sandbox, "github_pat_other") == forbidden(NOT_BY_A_PERSON)
    assert errors(sandbox, "github_pat_read")[2:] == forbidden(NOT_BY_A_PERSON)[2:]
    assert statuses(sandbox, "github_pat_read") == [200, 200, 403, 403, 403]
    assert statuses(sandbox, "github_pat_write") == READ_AND_WRITTEN


def test_a_fine_grained_token_sees_its_repositories_only(sandbox: Sandbox, world: World) -> None:
    """404 for a private repository that it does not include, or that another owner has."""
    for value, owner, repositories in (
        ("github_pat_web", "octo-org", ["octo-org/web"]),
        ("github_pat_own", "octocat", None),
    ):
        world.add_fine_grained_token(
            value,
            user="octocat",
            owner=owner,
            permissions={PERMISSION: "write"},
            repositories=repositories,
        )
        assert errors(sandbox, value) == [(404, "Not Found", None)] * len(ENDPOINTS)


@pytest.mark.parametrize(
    ("permissions", "expected"),
    [
        ({PERMISSION: "write"}, READ_AND_WRITTEN),
        ({PERMISSION: "read"}, [200, 200, 403, 403, 403]),
    ],
)
def test_an_installation_token_needs_the_permission(
    sandbox: Sandbox, world: World, permissions: dict[str, str], expected: list[int]
) -> None:
    """The same levels as for a fine-grained token."""
    app = world.add_app(app_id=1, public_key_pem="", installations={"octo-org": permissions})
    value, _, _ = world.issue_installation_token(app.installations[0], permissions, None)
    assert statuses(sandbox, value) == expected


def test_github_token_never_accesses_variables(sandbox: Sandbox, world: World) -> None:
    """GitHub has no permission for it that includes variables."""
    world.add_actions_token("ghs_actions", repository=REPOSITORY)
    assert errors(sandbox, "ghs_actions") == forbidden(NOT_BY_AN_APP)


def test_single_sign_on_is_required(sandbox: Sandbox, world: World) -> None:
    """403 until the token is authorized."""
    world.require_sso("octo-org")
    assert statuses(sandbox, OWNER_TOKEN) == [403] * len(ENDPOINTS)
    world.authorize_sso(OWNER_TOKEN, "octo-org")
    assert statuses(sandbox, OWNER_TOKEN) == READ_AND_WRITTEN


def test_an_archived_repository_is_read_only(client: Client, world: World) -> None:
    """Its variables can be read but not written."""
    world.put_variable("octo-org/old", "A", "v")
    for method, path, body, success in ENDPOINTS:
        response = client.send(method, path.replace(REPOSITORY, "octo-org/old"), body)
        assert response.status_code == (success if method == "GET" else 403)
    assert world.variables("octo-org/old") == {"A": "v"}
