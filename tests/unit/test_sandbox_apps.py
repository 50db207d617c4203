from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contract.sandbox_client import OWNER_TOKEN, PREFIXES, client_of
from github_sandbox import Sandbox, World
from github_sandbox.tokens import App

APP_ID = 1234
PERMISSIONS = {"organization_codespaces_secrets": "write", "codespaces_secrets": "write"}
DECODED_NOT = "A JSON web token could not be decoded"


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    """The App's private key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def app(world: World, key: rsa.RSAPrivateKey) -> App:
    """An App on `octo-org`, and with less on `octocat`."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    installations = {"octo-org": PERMISSIONS, "octocat": {"codespaces_secrets": "read"}}
    return world.add_app(app_id=APP_ID, public_key_pem=public, installations=installations)


@pytest.fixture
def sandbox(world: World, app: App) -> Iterator[Sandbox]:
    """The API of that world."""
    with Sandbox(world) as sandbox:
        yield sandbox


def signed(key: rsa.RSAPrivateKey, **changes: Any) -> str:
    """A JWT as GitHub wants it, but for `changes`; None takes a claim out."""
    now = int(time.time())
    claims = {"iss": str(APP_ID), "iat": now - 60, "exp": now + 540} | changes
    kept = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(kept, key, algorithm="RS256")


def token_for(sandbox: Sandbox, key: rsa.RSAPrivateKey, installation: int, body: Any = None) -> Any:
    """The answer to the exchange of a JWT."""
    with client_of(sandbox, signed(key)) as client:
        return client.send("POST", f"/app/installations/{installation}/access_tokens", body)


def test_installations_are_listed_and_found(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """By organization, by user and by repository; 404 where the App is not."""
    ours, theirs = app.installations
    with client_of(sandbox, signed(key)) as client:
        found = {one["id"]: one for one in client.get("/app/installations").json()}
        assert set(found) == {ours.id, theirs.id}
        assert found[ours.id]["permissions"] == PERMISSIONS
        for path, installation in (
            ("/orgs/Octo-org/installation", ours),
            ("/repos/octo-org/API/installation", ours),
            ("/users/octocat/installation", theirs),
        ):
            assert client.get(path).json()["id"] == installation.id
        for path in ("/users/hubot", "/orgs/none", "/repos/octo-org/none"):
            assert client.get(f"{path}/installation").status_code == 404


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"exp": int(time.time()) + 3600}, "too far in the future"),
        ({"exp": int(time.time()) - 60}, DECODED_NOT),
        ({"iat": int(time.time()) + 3600}, DECODED_NOT),
        ({"exp": None}, DECODED_NOT),
        ({"iat": None}, DECODED_NOT),
        ({"iss": None}, DECODED_NOT),
        ({"iss": "somebody"}, DECODED_NOT),
    ],
)
def test_a_jwt_is_checked(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, changes: dict[str, Any], message: str
) -> None:
    """401 for a claim that is missing, over, or too far ahead."""
    with client_of(sandbox, signed(key, **changes)) as client:
        answer = client.get("/app/installations")
    assert answer.status_code == 401
    assert message in answer.json()["message"]


def test_a_jwt_needs_the_key_of_its_app(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """401 for another key, another algorithm, a token in its place; 404 for an unknown App."""
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    now = int(time.time())
    claims = {"iss": str(APP_ID), "iat": now, "exp": now + 60}
    symmetric = jwt.encode(claims, "x" * 32, algorithm="HS256")
    for value, status in (
        (signed(other), 401),
        (symmetric, 401),
        (OWNER_TOKEN, 401),
        (signed(key, iss="99"), 404),
    ):
        with client_of(sandbox, value) as client:
            assert client.get("/app/installations").status_code == status


def test_a_jwt_is_no_token(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """Elsewhere it is an unknown credential."""
    with client_of(sandbox, signed(key)) as client:
        assert client.get(PREFIXES["organization"]).status_code == 401


def test_an_installation_token_does_what_was_granted(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """The organization and its repositories, never the user's secrets; an hour long."""
    answer = token_for(sandbox, key, app.installations[0].id)
    assert answer.status_code == 201
    assert answer.json()["repository_selection"] == "all"
    with client_of(sandbox, answer.json()["token"]) as client:
        statuses = [client.get(prefix) for prefix in PREFIXES.values()]
        assert [one.status_code for one in statuses] == [200, 200, 403]
        assert statuses[2].json()["message"] == "Resource not accessible by integration"
        end = statuses[0].headers["github-authentication-token-expiration"]
        assert end.replace(" ", "T", 1).replace(" UTC", "Z") == answer.json()["expires_at"]
        assert "x-oauth-scopes" not in statuses[0].headers
        assert client.get("/user").status_code == 403


def test_an_installation_token_stays_on_its_account(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App
) -> None:
    """403 at another organization, 404 for its private repositories; the permission is named."""
    value = token_for(sandbox, key, app.installations[1].id).json()["token"]
    with client_of(sandbox, value) as client:
        assert client.get(PREFIXES["organization"]).status_code == 403
        assert client.get(PREFIXES["repository"]).status_code == 404
        poor = client.get("/repos/octocat/dotfiles/codespaces/secrets")
    assert poor.status_code == 403
    assert poor.headers["x-accepted-github-permissions"] == "codespaces_secrets=write"


def test_a_token_may_be_asked_for_with_less(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, world: World
) -> None:
    """Fewer permissions and repositories, by name and by id."""
    body = {
        "permissions": {"codespaces_secrets": "write"},
        "repositories": ["API", "web"],
        "repository_ids": [world.repository("octo-org/web").id],
    }
    answer = token_for(sandbox, key, app.installations[0].id, body).json()
    assert answer["permissions"] == body["permissions"]
    assert sorted(one["name"] for one in answer["repositories"]) == ["api", "web"]
    with client_of(sandbox, answer["token"]) as client:
        assert client.get(PREFIXES["organization"]).status_code == 403
        assert client.get(PREFIXES["repository"]).status_code == 200
        listed = client.get("/orgs/octo-org/repos").json()
    assert sorted(one["name"] for one in listed) == ["api", "docs", "web"]


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
def test_a_token_may_not_be_asked_for_with_more(
    sandbox: Sandbox, key: rsa.RSAPrivateKey, app: App, body: dict[str, Any]
) -> None:
    """422 for what the installation has not."""
    assert token_for(sandbox, key, app.installations[0].id, body).status_code == 422


def test_an_unknown_installation_gives_no_token(sandbox: Sandbox, key: rsa.RSAPrivateKey) -> None:
    """404."""
    assert token_for(sandbox, key, 999_999).status_code == 404
