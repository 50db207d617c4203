"""Write secrets and their selected repositories in the sandbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contract.sandbox_client import NEEDED, PREFIXES, TARGETS, Client, client_of, seal
from github_sandbox import Sandbox, World

ORG, USER = PREFIXES["organization"], PREFIXES["user"]
every_scope = pytest.mark.parametrize("scope", PREFIXES)
with_lists = pytest.mark.parametrize("scope", ["organization", "user"])


def put_selected_secret(world: World, scope: str, *names: str) -> None:
    """Store a secret `A` for selected repositories of the organization."""
    listed = [f"octo-org/{name}" for name in names]
    world.put_secret(TARGETS[scope], "A", b"v", visibility="selected", repositories=listed)


def id_of(world: World, name: str) -> int:
    """The id of a repository of the organization."""
    return world.repository(f"octo-org/{name}").id


@every_scope
def test_a_sealed_value_is_decrypted_exactly(scope: str, client: Client, world: World) -> None:
    """Any bytes are stored unchanged; 201 for a new secret, 204 for an update."""
    for value, status in ((b"\x00\xff line\n", 201), (b"another", 204)):
        body = {**client.sealed(PREFIXES[scope], value), **NEEDED[scope]}
        assert client.put(f"{PREFIXES[scope]}/SOME_name", body).status_code == status
        assert world.secrets(TARGETS[scope])["SOME_NAME"].value == value


@every_scope
def test_names_are_case_insensitive(scope: str, client: Client, world: World) -> None:
    """`a_b` is stored as `A_B`, and can be read and deleted in any case."""
    world.put_secret(TARGETS[scope], "a_b", b"v")
    assert client.get(f"{PREFIXES[scope]}/a_B").json()["name"] == "A_B"
    assert client.delete(f"{PREFIXES[scope]}/A_b").status_code == 204
    assert client.delete(f"{PREFIXES[scope]}/A_b").status_code == 404
    assert world.secrets(TARGETS[scope]) == {}


@every_scope
def test_no_response_contains_a_value(scope: str, client: Client, world: World) -> None:
    """A secret has its name, its times, and at an account its visibility and list URL."""
    world.put_secret(TARGETS[scope], "A", b"v")
    fields = set(client.get(f"{PREFIXES[scope]}/A").json())
    more = {"organization": {"visibility"}, "repository": set[str]()}
    lists = {"visibility", "selected_repositories_url"}
    assert fields == {"name", "created_at", "updated_at"} | more.get(scope, lists)


def test_an_update_changes_updated_at_and_keeps_created_at() -> None:
    """Times are whole seconds of the world's clock; a change of the list changes neither."""
    clock = [datetime(2026, 1, 1, 0, 0, 0, 999_999, tzinfo=UTC)]
    world = World(now=lambda: clock[0])
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository("octo-org/api")
    world.add_token("ghp_owner", user="octocat", scopes=("repo", "admin:org"))
    with Sandbox(world) as sandbox, client_of(sandbox) as client:
        for _ in range(2):
            clock[0] += timedelta(seconds=1)
            sealed = client.sealed(ORG, b"v")
            client.put(f"{ORG}/A", {**sealed, "visibility": "selected"})
        clock[0] += timedelta(seconds=1)
        client.put(f"{ORG}/A/repositories", {"selected_repository_ids": [id_of(world, "api")]})
        secret = client.get(f"{ORG}/A").json()
    assert secret["created_at"] == "2026-01-01T00:00:01Z"
    assert secret["updated_at"] == "2026-01-01T00:00:02Z"


@with_lists
def test_a_write_without_ids_clears_the_list(scope: str, client: Client, world: World) -> None:
    """A missing list of repository ids is the same as an empty one."""
    put_selected_secret(world, scope, "api", "web")
    needed = {"organization": {"visibility": "selected"}}.get(scope, {})
    client.put(f"{PREFIXES[scope]}/A", {**client.sealed(PREFIXES[scope], b"v"), **needed})
    assert world.secrets(TARGETS[scope])["A"].repositories == ()


@with_lists
def test_a_write_with_ids_stores_the_list(scope: str, client: Client, world: World) -> None:
    """The ids in the body replace the list, without duplicates."""
    put_selected_secret(world, scope, "api")
    needed = {"organization": {"visibility": "selected"}}.get(scope, {})
    ids = [id_of(world, "web"), id_of(world, "docs"), id_of(world, "web")]
    body = {**client.sealed(PREFIXES[scope], b"v"), **needed, "selected_repository_ids": ids}
    client.put(f"{PREFIXES[scope]}/A", body)
    assert world.secrets(TARGETS[scope])["A"].repositories == ("octo-org/web", "octo-org/docs")


@with_lists
def test_the_list_can_be_replaced_and_changed_by_one(
    scope: str, client: Client, world: World
) -> None:
    """Replacing, adding twice and removing twice: each is a 204 and takes effect."""
    put_selected_secret(world, scope, "api")
    url, web = f"{PREFIXES[scope]}/A/repositories", id_of(world, "web")
    steps: list[tuple[str, str, Any, tuple[str, ...]]] = [
        ("PUT", "", {"selected_repository_ids": [id_of(world, "docs")]}, ("docs",)),
        ("PUT", f"/{web}", None, ("docs", "web")),
        ("PUT", f"/{web}", None, ("docs", "web")),
        ("DELETE", f"/{web}", None, ("docs",)),
        ("DELETE", f"/{web}", None, ("docs",)),
        ("PUT", "", {"selected_repository_ids": []}, ()),
    ]
    for method, tail, body, expected in steps:
        assert client.send(method, url + tail, body).status_code == 204
        listed = world.secrets(TARGETS[scope])["A"].repositories
        assert listed == tuple(f"octo-org/{name}" for name in expected)


@pytest.mark.parametrize("visibility", ["all", "private"])
def test_a_list_needs_the_visibility_selected(
    visibility: str, client: Client, world: World
) -> None:
    """409 for all three writes of an organization's list, which does not change."""
    world.put_secret("organization:octo-org", "A", b"v", visibility=visibility)
    url, api = f"{ORG}/A/repositories", id_of(world, "api")
    responses = [
        client.put(url, {"selected_repository_ids": [api]}),
        client.put(f"{url}/{api}"),
        client.delete(f"{url}/{api}"),
    ]
    assert [response.status_code for response in responses] == [409, 409, 409]
    assert world.secrets("organization:octo-org")["A"].repositories == ()


@with_lists
def test_the_list_of_an_absent_secret_is_not_found(
    scope: str, client: Client, world: World
) -> None:
    """404 to read and to write."""
    url, api = f"{PREFIXES[scope]}/ABSENT/repositories", id_of(world, "api")
    responses = [
        client.get(url),
        client.put(url, {"selected_repository_ids": [api]}),
        client.put(f"{url}/{api}"),
        client.delete(f"{url}/{api}"),
    ]
    assert [response.status_code for response in responses] == [404] * 4


@with_lists
def test_ids_are_integers_of_known_repositories(scope: str, client: Client, world: World) -> None:
    """422 for strings, booleans, floats, no array and unknown ids in a body; 404 in a path."""
    put_selected_secret(world, scope, "api")
    url, api = f"{PREFIXES[scope]}/A/repositories", id_of(world, "api")
    for ids in ([str(api)], [True], [1.5], str(api), None, [api, 999_999]):
        response = client.put(url, {"selected_repository_ids": ids})
        assert response.status_code == 422, ids
        assert [error["field"] for error in response.json()["errors"]] == [
            "selected_repository_ids"
        ]
    for tail in ("999999", "api", "²"):
        for method in ("PUT", "DELETE"):
            assert client.send(method, f"{url}/{tail}").status_code == 404
    assert world.secrets(TARGETS[scope])["A"].repositories == ("octo-org/api",)


def test_an_organization_selects_only_its_own_repositories(client: Client, world: World) -> None:
    """Another owner's repository is 422 in a body and 404 in a path; a user can select both."""
    foreign = world.repository("octocat/dotfiles").id
    for scope, in_body, in_path in (("organization", 422, 404), ("user", 204, 204)):
        put_selected_secret(world, scope, "api")
        url = f"{PREFIXES[scope]}/A/repositories"
        assert client.put(url, {"selected_repository_ids": [foreign]}).status_code == in_body
        assert client.put(f"{url}/{foreign}").status_code == in_path


def test_ids_without_the_visibility_selected_are_rejected(client: Client, world: World) -> None:
    """422 for ids with the visibility `all`; an empty list is accepted."""
    body = {**client.sealed(ORG, b"v"), "visibility": "all"}
    ids = [id_of(world, "api")]
    assert client.put(f"{ORG}/A", {**body, "selected_repository_ids": ids}).status_code == 422
    assert client.put(f"{ORG}/A", {**body, "selected_repository_ids": []}).status_code == 201


@every_scope
@pytest.mark.parametrize("missing", ["key_id", "encrypted_value"])
def test_value_and_key_id_are_required_together(missing: str, scope: str, client: Client) -> None:
    """422 for one without the other; the error names the missing field."""
    body = {**client.sealed(PREFIXES[scope], b"v"), **NEEDED[scope]}
    del body[missing]
    response = client.put(f"{PREFIXES[scope]}/A", body)
    assert response.status_code == 422
    [error] = response.json()["errors"]
    assert (error["field"], error["code"]) == (missing, "missing_field")


@pytest.mark.parametrize("visibility", [None, "public", 1])
def test_visibility_is_required_at_an_organization(visibility: Any, client: Client) -> None:
    """422 for a missing and for an unknown visibility."""
    response = client.put(f"{ORG}/A", {**client.sealed(ORG, b"v"), "visibility": visibility})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["visibility"]


@every_scope
def test_a_sealed_box_for_another_key_is_rejected(scope: str, client: Client, world: World) -> None:
    """422 for an unknown key id, another scope's box, and invalid data; nothing is stored."""
    prefix, other = PREFIXES[scope], ORG if scope == "user" else USER
    right, wrong = client.sealed(prefix, b"v"), client.sealed(other, b"v")
    for part in (
        {"key_id": "1"},
        {"encrypted_value": wrong["encrypted_value"]},
        {"encrypted_value": "bm9pc2U="},
        {"encrypted_value": "*" * 100},
        {"encrypted_value": right["encrypted_value"].rstrip("=")[:-1]},
    ):
        response = client.put(f"{prefix}/A", {**right, **NEEDED[scope], **part})
        assert response.status_code == 422, part
        assert "improperly encrypted secret" in response.json()["message"]
    assert world.secrets(TARGETS[scope]) == {}


@every_scope
def test_values_sealed_with_a_replaced_key_are_rejected(
    scope: str, client: Client, world: World
) -> None:
    """422 for a value sealed with the old key; a value sealed with the new key is stored."""
    prefix = PREFIXES[scope]
    stale = client.sealed(prefix, b"v")
    world.replace_key(TARGETS[scope])
    assert client.put(f"{prefix}/A", {**stale, **NEEDED[scope]}).status_code == 422
    fresh = client.sealed(prefix, b"v")
    assert client.put(f"{prefix}/A", {**fresh, **NEEDED[scope]}).status_code == 201


def test_each_scope_has_its_own_key(client: Client) -> None:
    """Three scopes have three keys; the key of a scope stays the same."""
    keys = [client.get(f"{prefix}/public-key").json()["key"] for prefix in PREFIXES.values()]
    assert len(set(keys)) == 3
    assert client.get(f"{ORG}/public-key").json()["key"] == keys[0]


def test_a_value_has_at_most_48_kilobytes(client: Client, world: World) -> None:
    """The largest value is stored; one byte more is a 422."""
    key = client.get(f"{ORG}/public-key").json()
    for size, status in ((48 * 1024, 201), (48 * 1024 + 1, 422)):
        sealed = {"encrypted_value": seal(key["key"], b"x" * size), "key_id": key["key_id"]}
        response = client.put(f"{ORG}/SIZE_{size}", {**sealed, "visibility": "all"})
        assert response.status_code == status
    assert list(world.secrets("organization:octo-org")) == ["SIZE_49152"]


@every_scope
def test_a_scope_has_at_most_100_secrets(scope: str, client: Client, world: World) -> None:
    """The 101st is a 422; an existing secret can still be updated."""
    for number in range(100):
        world.put_secret(TARGETS[scope], f"S_{number}", b"v")
    body = {**client.sealed(PREFIXES[scope], b"new"), **NEEDED[scope]}
    assert client.put(f"{PREFIXES[scope]}/ONE_MORE", body).status_code == 422
    assert client.put(f"{PREFIXES[scope]}/S_99", body).status_code == 204
    assert len(world.secrets(TARGETS[scope])) == 100


@pytest.mark.parametrize("name", ["1A", "A-B", "GITHUB_A", "github_a", "Ä", "A.B", "A%20B"])
def test_invalid_names_are_rejected(name: str, client: Client) -> None:
    """422 with the field `name`."""
    response = client.put(f"{ORG}/{name}", {**client.sealed(ORG, b"v"), "visibility": "all"})
    assert response.status_code == 422
    assert [error["field"] for error in response.json()["errors"]] == ["name"]


def test_unusual_but_valid_names_are_accepted(client: Client) -> None:
    """A leading underscore, and GITHUB elsewhere than in the prefix GITHUB_."""
    for name in ("_A", "A1", "GITHUBBER", "MY_GITHUB_A"):
        response = client.put(f"{ORG}/{name}", {**client.sealed(ORG, b"v"), "visibility": "all"})
        assert response.status_code == 201, name


def test_a_body_must_be_a_json_object(client: Client) -> None:
    """400 for invalid JSON and for JSON of another type."""
    for data in (b"{", b"[]", b'"text"', b"\xff"):
        response = client.session.put(f"{client.url}{ORG}/A", data=data, timeout=10)
        assert response.status_code == 400, data


def test_changes_by_a_test_are_visible_through_the_api(client: Client, world: World) -> None:
    """A test can change lists and delete secrets directly."""
    put_selected_secret(world, "organization", "api")
    world.set_repositories("organization:octo-org", "a", ["octo-org/Web"])
    listed = client.get(f"{ORG}/A/repositories").json()["repositories"]
    assert [repository["full_name"] for repository in listed] == ["octo-org/web"]
    world.delete_secret("organization:octo-org", "a")
    assert client.get(f"{ORG}/A").status_code == 404


def test_a_stored_secret_can_be_old(client: Client, world: World) -> None:
    """A test can set `updated_at`; a later change keeps `created_at`."""
    old = world.now() - timedelta(days=45)
    world.put_secret("organization:octo-org", "A", b"v", updated_at=old)
    world.put_secret("organization:octo-org", "A", b"w")
    secret = world.secrets("organization:octo-org")["A"]
    assert (secret.created_at, secret.value) == (old, b"w")
    assert secret.updated_at - old >= timedelta(days=45)
    assert client.get(f"{ORG}/A").json()["created_at"] == f"{old:%Y-%m-%dT%H:%M:%SZ}"


def test_the_kind_of_a_target_must_match(world: World) -> None:
    """KeyError for an organization as a user, and for names that do not exist."""
    for target in ("user:octo-org", "organization:octocat", "repository:octo-org/none", "x:y"):
        with pytest.raises(KeyError):
            world.secrets(target)
