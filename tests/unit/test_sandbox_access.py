"""Which tokens can access which endpoints of the sandbox."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, TARGETS, client_of, small_world
from github_sandbox import Sandbox, World

ORG, REPO, USER = PREFIXES["organization"], PREFIXES["repository"], PREFIXES["user"]
NOT_BY_A_PERSON = "Resource not accessible by personal access token"
NOT_BY_AN_APP = "Resource not accessible by integration"
NOT_ADMIN = "Must have admin rights to Repository."
ALL_PERMISSIONS = {
    "organization_codespaces_secrets": "write",
    "codespaces_secrets": "write",
    "codespaces_user_secrets": "write",
}


@pytest.fixture
def world() -> World:
    """The small world, with a secret `A` at each scope."""
    world = small_world()
    for target in TARGETS.values():
        world.put_secret(target, "A", b"v")
    return world


def send_request(
    sandbox: Sandbox, token: str, path: str, method: str = "GET"
) -> tuple[int, str, Mapping[str, str]]:
    """Send a request; return its status, error message and headers."""
    with client_of(sandbox, token) as client:
        response = client.send(method, path)
        message = response.json()["message"] if response.status_code >= 400 else ""
        return response.status_code, message, response.headers


def test_an_unknown_token_is_rejected(sandbox: Sandbox, world: World) -> None:
    """401 for an unknown token, a revoked one, and a missing or malformed header."""
    assert send_request(sandbox, "ghp_unknown", "/user")[:2] == (401, "Bad credentials")
    world.revoke_token(OWNER_TOKEN)
    assert send_request(sandbox, OWNER_TOKEN, "/user")[:2] == (401, "Bad credentials")
    with client_of(sandbox) as client:
        for header in ("", "Basic b2N0bzpjYXQ=", "Bearer"):
            client.session.headers["Authorization"] = header
            response = client.get("/user")
            assert (response.status_code, response.json()["status"]) == (401, "401")


def test_both_authorization_schemes_are_accepted(sandbox: Sandbox) -> None:
    """`token` and `Bearer`, in any case."""
    with client_of(sandbox) as client:
        for word in ("token", "Bearer", "TOKEN", "bearer"):
            client.session.headers["Authorization"] = f"{word} {OWNER_TOKEN}"
            assert client.get("/user").status_code == 200


def test_a_token_expires(sandbox: Sandbox, world: World) -> None:
    """A header contains its expiry; an expired token is rejected."""
    end = datetime.now(UTC) + timedelta(hours=1)
    world.add_token("ghp_ending", user="octocat", expires=end)
    status, _, headers = send_request(sandbox, "ghp_ending", "/user")
    assert status == 200
    expiry = headers["github-authentication-token-expiration"]
    assert expiry == f"{end:%Y-%m-%d %H:%M:%S} UTC"
    world.add_token("ghp_expired", user="octocat", expires=end - timedelta(hours=2))
    assert send_request(sandbox, "ghp_expired", "/user")[0] == 401
    assert (
        "github-authentication-token-expiration"
        not in send_request(sandbox, OWNER_TOKEN, "/user")[2]
    )


@pytest.mark.parametrize(
    ("scopes", "path", "status", "accepted"),
    [
        ("repo", ORG, 403, "admin:org"),
        ("admin:org", ORG, 200, "admin:org"),
        ("read:org", ORG, 403, "admin:org"),
        ("repo", USER, 403, "codespace, codespace:secrets"),
        ("codespace", USER, 200, ""),
        ("codespace:secrets", USER, 200, ""),
        ("repo", REPO, 200, ""),
        ("admin:org", REPO, 404, ""),
        ("public_repo", "/repos/octo-org/docs/codespaces/secrets", 403, "repo"),
    ],
)
def test_a_classic_token_needs_the_scope(
    sandbox: Sandbox, world: World, *, scopes: str, path: str, status: int, accepted: str
) -> None:
    """403 that names the scope, 404 for a private repository; a header lists the token's scopes."""
    world.add_token("ghp_some", user="octocat", scopes=(scopes, "gist"))
    response_status, message, headers = send_request(sandbox, "ghp_some", path)
    assert response_status == status
    assert headers["x-oauth-scopes"] == f"{scopes}, gist"
    if status == 403:
        assert message == NOT_ADMIN
        assert headers["x-accepted-oauth-scopes"] == accepted


def test_only_an_owner_manages_an_organization(sandbox: Sandbox, world: World) -> None:
    """A member gets a 403 with a message, a stranger gets a 404."""
    scopes = ("repo", "admin:org")
    world.add_token("ghp_member", user="hubot", scopes=scopes)
    world.add_token("ghp_stranger", user="stranger", scopes=scopes)
    status, message, _ = send_request(sandbox, "ghp_member", ORG)
    assert status == 403
    assert message.startswith("Must be an organization owner")
    assert send_request(sandbox, "ghp_stranger", ORG)[0] == 404
    with client_of(sandbox, "ghp_member") as client:
        assert "plan" not in client.get("/orgs/octo-org").json()
    world.add_owner("octo-org", "stranger")
    assert send_request(sandbox, "ghp_stranger", ORG)[0] == 200


def test_only_an_admin_manages_a_repository(sandbox: Sandbox, world: World) -> None:
    """A member can see the repository and gets a 403, a stranger gets a 404."""
    world.add_token("ghp_member", user="hubot", scopes=("repo",))
    world.add_token("ghp_stranger", user="stranger", scopes=("repo",))
    assert send_request(sandbox, "ghp_member", "/repos/octo-org/api")[0] == 200
    assert send_request(sandbox, "ghp_member", REPO)[:2] == (403, NOT_ADMIN)
    assert send_request(sandbox, "ghp_stranger", REPO)[0] == 404
    public = "/repos/octo-org/docs"
    assert send_request(sandbox, "ghp_stranger", public)[0] == 200
    assert send_request(sandbox, "ghp_stranger", f"{public}/codespaces/secrets")[:2] == (
        403,
        NOT_ADMIN,
    )


def test_an_organization_on_a_free_plan_has_no_secrets(sandbox: Sandbox, world: World) -> None:
    """404 even for its owner, who can get the organization itself."""
    world.add_organization("free-org", plan="free", owners=("octocat",))
    assert send_request(sandbox, OWNER_TOKEN, "/orgs/free-org")[0] == 200
    for method, tail in (("GET", ""), ("GET", "/public-key"), ("PUT", "/A"), ("DELETE", "/A")):
        path = f"/orgs/free-org/codespaces/secrets{tail}"
        assert send_request(sandbox, OWNER_TOKEN, path, method)[0] == 404


def test_an_archived_repository_is_read_only(sandbox: Sandbox, world: World) -> None:
    """Its secrets can be read but not written."""
    world.put_secret("repository:octo-org/old", "A", b"v")
    path = "/repos/octo-org/old/codespaces/secrets"
    assert send_request(sandbox, OWNER_TOKEN, path)[0] == 200
    for method in ("PUT", "DELETE"):
        error = send_request(sandbox, OWNER_TOKEN, f"{path}/A", method)[:2]
        assert error == (403, "Repository was archived so is read-only.")
    assert "A" in world.secrets("repository:octo-org/old")


@pytest.mark.parametrize(
    ("prefix", "permission", "reading"),
    [
        (ORG, "organization_codespaces_secrets", "read"),
        (REPO, "codespaces_secrets", "write"),
    ],
)
def test_a_fine_grained_token_needs_the_permission(
    sandbox: Sandbox, world: World, prefix: str, permission: str, reading: str
) -> None:
    """403 that names the permission and level; reading a repository's secrets needs `write`."""
    for level in ("read", "write"):
        world.add_fine_grained_token(
            f"github_pat_{level}", user="octocat", owner="octo-org", permissions={permission: level}
        )
    world.add_fine_grained_token(
        "github_pat_other", user="octocat", owner="octo-org", permissions={"secrets": "write"}
    )
    status, message, headers = send_request(sandbox, "github_pat_other", prefix)
    assert (status, message) == (403, NOT_BY_A_PERSON)
    assert headers["x-accepted-github-permissions"] == f"{permission}={reading}"
    assert "x-oauth-scopes" not in headers
    assert send_request(sandbox, "github_pat_read", prefix)[0] == (
        200 if reading == "read" else 403
    )
    headers = send_request(sandbox, "github_pat_read", f"{prefix}/A", "DELETE")[2]
    assert headers["x-accepted-github-permissions"] == f"{permission}=write"
    assert send_request(sandbox, "github_pat_write", f"{prefix}/A", "DELETE")[0] == 204


def test_a_fine_grained_token_has_one_owner(sandbox: Sandbox, world: World) -> None:
    """It cannot access other owners' resources, nor its own user's secrets."""
    world.add_fine_grained_token(
        "github_pat_org", user="octocat", owner="octo-org", permissions=ALL_PERMISSIONS
    )
    world.add_fine_grained_token(
        "github_pat_own", user="octocat", owner="octocat", permissions=ALL_PERMISSIONS
    )
    statuses = {
        token: [send_request(sandbox, token, prefix)[0] for prefix in (ORG, REPO, USER)]
        for token in ("github_pat_org", "github_pat_own")
    }
    assert statuses == {"github_pat_org": [200, 200, 403], "github_pat_own": [403, 404, 200]}


def test_a_fine_grained_token_can_be_limited_to_repositories(
    sandbox: Sandbox, world: World
) -> None:
    """Others are hidden, also in lists, whose count includes them."""
    world.put_secret(
        "organization:octo-org",
        "A",
        b"v",
        visibility="selected",
        repositories=["octo-org/api", "octo-org/web"],
    )
    world.add_fine_grained_token(
        "github_pat_one",
        user="octocat",
        owner="octo-org",
        permissions=ALL_PERMISSIONS,
        repositories=["octo-org/api"],
    )
    assert send_request(sandbox, "github_pat_one", REPO)[0] == 200
    assert (
        send_request(sandbox, "github_pat_one", "/repos/octo-org/web/codespaces/secrets")[0] == 404
    )
    with client_of(sandbox, "github_pat_one") as client:
        body = client.get(f"{ORG}/A/repositories").json()
    assert (body["total_count"], len(body["repositories"])) == (2, 1)


def test_a_fine_grained_token_of_a_member_manages_nothing(sandbox: Sandbox, world: World) -> None:
    """A permission does not extend the access of its user."""
    world.add_fine_grained_token(
        "github_pat_member", user="hubot", owner="octo-org", permissions=ALL_PERMISSIONS
    )
    for prefix in (ORG, REPO):
        assert send_request(sandbox, "github_pat_member", prefix)[:2] == (403, NOT_BY_A_PERSON)


def test_github_token_never_manages_codespaces_secrets(sandbox: Sandbox, world: World) -> None:
    """403 in every scope, 404 for other private repositories; it can read its own repository."""
    world.add_actions_token("ghs_actions", repository="octo-org/api")
    for prefix in (ORG, REPO, USER):
        assert send_request(sandbox, "ghs_actions", prefix)[:2] == (403, NOT_BY_AN_APP)
    assert send_request(sandbox, "ghs_actions", "/repos/octo-org/api")[0] == 200
    assert send_request(sandbox, "ghs_actions", "/repos/octo-org/web/codespaces/secrets")[0] == 404
    assert send_request(sandbox, "ghs_actions", "/user")[:2] == (403, NOT_BY_AN_APP)


def test_single_sign_on_is_required(sandbox: Sandbox, world: World) -> None:
    """403 with the authorization URL for the organization's resources until it is authorized."""
    world.require_sso("octo-org")
    for path in ("/orgs/octo-org", "/orgs/octo-org/repos", ORG, REPO):
        status, message, headers = send_request(sandbox, OWNER_TOKEN, path)
        assert status == 403
        assert "SAML" in message
        required = "required; url=https://github.com/orgs/octo-org/sso?"
        assert headers["x-github-sso"].startswith(required)
    assert send_request(sandbox, OWNER_TOKEN, USER)[0] == 200
    world.authorize_sso(OWNER_TOKEN, "octo-org")
    assert send_request(sandbox, OWNER_TOKEN, ORG)[0] == 200


def test_single_sign_on_shortens_lists(sandbox: Sandbox, world: World) -> None:
    """A header lists the organizations that are left out; the count includes their repositories."""
    listed = ["octocat/dotfiles", "octo-org/api", "octo-org/web"]
    world.set_repositories("user:octocat", "A", listed)
    organization = world.account("octo-org").id
    for is_required in (False, True):
        if is_required:
            world.require_sso("octo-org")
        with client_of(sandbox) as client:
            response = client.get(f"{USER}/A/repositories")
        names = [repository["full_name"] for repository in response.json()["repositories"]]
        assert names == (listed[:1] if is_required else listed)
        assert response.json()["total_count"] == 3
        partial = f"partial-results; organizations={organization}" if is_required else None
        assert response.headers.get("x-github-sso") == partial
