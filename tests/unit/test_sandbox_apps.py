"""GitHub Apps, their installations and their tokens in the sandbox."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, client_of
from github_app import APP_ID, add_app, app_key
from github_sandbox import Sandbox, World
from github_sandbox.tokens import App

PERMISSIONS = {"organization_codespaces_secrets": "write", "codespaces_secrets": "write"}
NOT_DECODED = "A JSON web token could not be decoded"

pytestmark = pytest.mark.usefixtures("app")


@pytest.fixture
def key() -> rsa.RSAPrivateKey:
    """The App's private key."""
    return app_key()


@pytest.fixture
def app(world: World) -> App:
    """An App on `octo-org`, and with fewer permissions on `octocat`."""
    return add_app(world, {"octo-org": PERMISSIONS, "octocat": {"codespaces_secrets": "read"}})


def sign_jwt(key: rsa.RSAPrivateKey, **changes: Any) -> str:
    """Sign a valid JWT with `changes` to its claims; None removes a claim."""
    now = int(time.time())
    claims = {"iss": str(APP_ID), "iat": now - 60, "exp": now + 540} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256")


def request_token(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, installation: int, body: Any = None
) -> Any:
    """Exchange a JWT for an installation token; return the response."""
    with client_of(sandbox, sign_jwt(key)) as client:
        return client.send("POST", f"/app/installations/{installation}/access_tokens", body)


def test_installations_are_listed_and_found(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """By organization, user and repository; 404 if the App is not installed."""
    organization, user = app.installations
    with client_of(sandbox, sign_jwt(key)) as client:
        by_id = {item["id"]: item for item in client.get("/app/installations").json()}
        assert set(by_id) == {organization.id, user.id}
        assert by_id[organization.id]["permissions"] == PERMISSIONS
        for path, installation in (
            ("/orgs/Octo-org/installation", organization),
            ("/repos/octo-org/API/installation", organization),
            ("/users/octocat/installation", user),
        ):
            assert client.get(path).json()["id"] == installation.id
        for path in ("/users/hubot", "/orgs/none", "/repos/octo-org/none"):
            assert client.get(f"{path}/installation").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": int(time.time()) + 3600}, "too far in the future"),
        ({"exp": int(time.time()) - 60}, NOT_DECODED),
        ({"iat": int(time.time()) + 3600}, NOT_DECODED),
        ({"exp": None}, NOT_DECODED),
        ({"iat": None}, NOT_DECODED),
        ({"iss": None}, NOT_DECODED),
        ({"iss": "somebody"}, NOT_DECODED),
    ],
)
def test_an_invalid_jwt_is_rejected(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, changes: dict[str, Any], message: str
) -> None:
    """401 for a claim that is missing, expired, or too far in the future."""
    with client_of(sandbox, sign_jwt(key, **changes)) as client:
        response = client.get("/app/installations")
    assert response.status_code == 401
    assert message in response.json()["message"]


def test_a_jwt_needs_the_key_of_its_app(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """401 for another key, another algorithm or a token; 404 for an unknown App."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    claims = {"iss": str(APP_ID), "iat": now, "exp": now + 60}
    symmetric = jwt.encode(claims, "x" * 32, algorithm="HS256")
    for value, status in (
        (sign_jwt(other), 401),
        (symmetric, 401),
        (OWNER_TOKEN, 401),
        (sign_jwt(key, iss="99"), 404),
    ):
        with client_of(sandbox, value) as client:
            assert client.get("/app/installations").status_code == status


def test_a_jwt_is_not_accepted_as_a_token(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """401 at endpoints that need a token."""
    with client_of(sandbox, sign_jwt(key)) as client:
        assert client.get(PREFIXES["organization"]).status_code == 401


def test_an_installation_token_has_the_granted_permissions(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """For the organization and its repositories, never the user's secrets; it has an expiry."""
    response = request_token(sandbox, key, app.installations[0].id)
    assert response.status_code == 201
    assert response.json()["repository_selection"] == "all"
    with client_of(sandbox, response.json()["token"]) as client:
        responses = [client.get(prefix) for prefix in PREFIXES.values()]
        assert [response.status_code for response in responses] == [200, 200, 403]
        assert responses[2].json()["message"] == "Resource not accessible by integration"
        expiry = responses[0].headers["github-authentication-token-expiration"]
        assert expiry.replace(" ", "T", 1).replace(" UTC", "Z") == response.json()["expires_at"]
        assert "x-oauth-scopes" not in responses[0].headers
        assert client.get("/user").status_code == 403


def test_an_installation_token_is_limited_to_its_account(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """403 for another organization, 404 for its private repositories; a 403 has the permission."""
    value = request_token(sandbox, key, app.installations[1].id).json()["token"]
    with client_of(sandbox, value) as client:
        assert client.get(PREFIXES["organization"]).status_code == 403
        assert client.get(PREFIXES["repository"]).status_code == 404
        forbidden = client.get("/repos/octocat/dotfiles/codespaces/secrets")
    assert forbidden.status_code == 403
    assert forbidden.headers["x-accepted-github-permissions"] == "codespaces_secrets=write"


def test_a_token_can_be_requested_with_less_access(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, world: World
) -> None:
    """Fewer permissions and repositories, by name and by id."""
    body = {
        "permissions": {"codespaces_secrets": "write"},
        "repositories": ["API", "web"],
        "repository_ids": [world.repository("octo-org/web").id],
    }
    response = request_token(sandbox, key, app.installations[0].id, body).json()
    assert response["permissions"] == body["permissions"]
    assert sorted(repository["name"] for repository in response["repositories"]) == ["api", "web"]
    with client_of(sandbox, response["token"]) as client:
        assert client.get(PREFIXES["organization"]).status_code == 403
        assert client.get(PREFIXES["repository"]).status_code == 200
        listed = client.get("/orgs/octo-org/repos").json()
    assert sorted(repository["name"] for repository in listed) == ["api", "docs", "web"]


@pytest.mark.parametrize(
    "body",
    [
        {"permissions": {"administration": "read"}},
        {"permissions": {"codespaces_secrets": "admin"}},
        {"repositories": ["none"]},
        {"repositories": "api"},
        {"repository_ids": [999_999]},
        {"repository_ids": ["1"]},
        {"repository_ids": 1},
    ],
)
def test_a_token_cannot_be_requested_with_more_access(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, body: dict[str, Any]
) -> None:
    """422 for access that the installation does not have."""
    assert request_token(sandbox, key, app.installations[0].id, body).status_code == 422


def test_an_unknown_installation_gives_no_token(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """404."""
    assert request_token(sandbox, key, 999_999).status_code == 404


def test_issuing_a_token_is_not_a_write(sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App) -> None:
    """The write limit does not reject it, and it is not among the writes."""
    sandbox.limit_writes(1, per=60.0)
    statuses = [
        request_token(sandbox, key, installation.id).status_code
        for installation in app.installations
    ]
    assert (statuses, sandbox.writes) == ([201, 201], [])


def test_a_suspended_installation_is_listed_and_gets_no_token(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, world: World
) -> None:
    """The others do."""
    world.suspend_installation(APP_ID, "octo-org")
    organization, user = app.installations
    with client_of(sandbox, sign_jwt(key)) as client:
        listed = client.get("/app/installations").json()
    assert [item["suspended_at"] is None for item in listed] == [False, True]
    assert listed[0]["suspended_by"]["login"] == "octo-org"
    response = request_token(sandbox, key, organization.id)
    assert response.status_code == 403
    assert response.json()["message"] == "This installation has been suspended"
    assert request_token(sandbox, key, user.id).status_code == 201


def test_installations_have_pages(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, world: World
) -> None:
    """The `Link` header names the next one."""
    world.max_per_page = 1
    with client_of(sandbox, sign_jwt(key)) as client:
        first = client.get("/app/installations")
        second = client.get(first.links["next"]["url"].removeprefix(client.url))
    listed = [item["id"] for page in (first, second) for item in page.json()]
    assert listed == [installation.id for installation in app.installations]
    assert "next" not in second.links
