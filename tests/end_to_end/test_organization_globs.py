"""Globs of organizations as targets: what they match, what limits them, and what never happens."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from github_app import APP_ID, add_app, app_inputs
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, TRIPLET, Action, stored_triplet

ENVIRONMENT = {"ACR_PASSWORD": "new"}
OWNED = ("octo-a", "octo-b")
ALLOWED = {"allowed-owners": "octo-a, octo-b, octo-c, octo-s"}
PERMISSIONS = {"organization_codespaces_secrets": "write", "members": "read"}
SPEC = ACR_SPEC + '    targets: [{organization: "octo-*"}]\n'
LIST = {"token": "/user/orgs", "app": "/app/installations"}
NO_MATCH = {
    "token": "of the token's user; a fine-grained token cannot list organizations",
    "app": "that the App is installed in; install it there",
}


@pytest.fixture
def world() -> World:
    """Two organizations of `octocat`, and `octo-evil`, which somebody else created."""
    world = World()
    for user in ("octocat", "mallory"):
        world.add_user(user)
    for login in (*OWNED, "acme"):
        world.add_organization(login, owners=("octocat",))
        for name in ("api", "svc-1", "svc-2", "web"):
            world.add_repository(f"{login}/{name}")
    world.add_organization("octo-evil", owners=("mallory",))
    world.add_member("octo-evil", "octocat")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    logins = (*OWNED, "acme", "octo-evil", "octocat")
    add_app(world, dict.fromkeys(logins, PERMISSIONS))
    return world


@pytest.fixture(params=["token", "app"])
def kind(request: pytest.FixtureRequest) -> str:
    """How the run authenticates."""
    return str(request.param)


def inputs(kind: str) -> dict[str, str]:
    """The inputs of a run with the token or the App, and the organizations that it allows."""
    return ALLOWED | (app_inputs() if kind == "app" else {"token": TOKEN})


def has_triplet(world: World) -> set[str]:
    """The organizations that have the new triplet."""
    logins = [item.login for item in world.accounts() if item.kind == "Organization"]
    return {
        login for login in logins if set(TRIPLET) <= set(world.secrets(f"organization:{login}"))
    }


def paths(sandbox: Sandbox) -> Iterator[str]:
    """The paths of all requests."""
    return (exchange.path for exchange in sandbox.exchanges)


def test_each_allowed_organization_that_matches_gets_the_triplet(
    world: World, sandbox: Sandbox, action: Action, kind: str
) -> None:
    """One that only matches is named in a notice, and gets no request."""
    step = action.step(SPEC, ENVIRONMENT, **inputs(kind))

    assert step.exit_code == 0, step.stdout
    assert has_triplet(world) == set(OWNED)
    assert (
        "ACR at organization:octo-*: left out because `allowed-owners` does not allow them: "
        "octo-evil"
    ) in step.stdout
    assert not any("octo-evil" in path or "octo-*" in path for path in paths(sandbox))


def test_a_second_run_is_green_without_a_write(
    world: World, sandbox: Sandbox, action: Action, kind: str
) -> None:
    """With any number of registries, the organizations are listed once a run."""
    second = SPEC[SPEC.index("  - id") :].replace("ACR\n", "GHCR\n").replace("mycompany", "other")
    spec = SPEC.replace("me\n", "me\n    rotate: missing\n") + second.replace(
        "me\n", "me\n    rotate: missing\n"
    )
    assert action.run_in_process(spec, ENVIRONMENT, **inputs(kind)) == 0
    sandbox.clear_exchanges()

    assert action.run_in_process(spec, ENVIRONMENT, mode="check", **inputs(kind)) == 0

    assert sandbox.writes == []
    requests = sorted(paths(sandbox))
    assert requests.count(LIST[kind]) == 1
    for login in OWNED:
        assert requests.count(f"/orgs/{login}/codespaces/secrets") == 1


def test_every_page_is_read(world: World, sandbox: Sandbox, action: Action, kind: str) -> None:
    """Of installations, and of the organizations of the token's user."""
    world.max_per_page = 2

    assert action.run_in_process(SPEC, ENVIRONMENT, **inputs(kind)) == 0

    assert has_triplet(world) == set(OWNED)
    assert list(paths(sandbox)).count(LIST[kind]) > 1


def test_without_allowed_owners_a_glob_is_an_error_before_any_request(
    sandbox: Sandbox, action: Action, kind: str
) -> None:
    """In a spec at its line, and in the shorthand at the input `target`."""
    shorthand = {
        "id": "ACR",
        "server": "mycompany.azurecr.io",
        "username": "me",
        "password": "new",
        "target": "organization:octo-*",
    }
    unlimited = {key: value for key, value in inputs(kind).items() if key != "allowed-owners"}

    for spec, more, place in ((SPEC, {}, ":8: registries[0]"), ("", shorthand, "input `target`")):
        step = action.step(spec, ENVIRONMENT, **unlimited, **more)
        assert step.exit_code == 1
        assert f"{place}" in step.stdout
        assert "a glob of organizations needs the input `allowed-owners`" in step.stdout
    assert sandbox.exchanges == []


def test_the_shorthand_takes_a_glob(world: World, action: Action) -> None:
    """Written as any other target."""
    shorthand = {
        "id": "ACR",
        "server": "mycompany.azurecr.io",
        "username": "me",
        "password": "new",
        "target": "organization:octo-?",
    }

    assert action.run_in_process("", None, **shorthand, **ALLOWED) == 0

    assert has_triplet(world) == set(OWNED)


def test_allowed_owners_can_be_narrower_than_the_glob(
    world: World, action: Action, kind: str
) -> None:
    """Both must match. If no organization is left, the glob is blocked."""
    narrower = inputs(kind) | {"allowed-owners": "octo-b, acme"}
    other = inputs(kind) | {"allowed-owners": "acme"}

    step = action.step(SPEC, ENVIRONMENT, **narrower)
    blocked = action.step(SPEC, ENVIRONMENT, **other)

    assert (step.exit_code, has_triplet(world)) == (0, {"octo-b"})
    assert "does not allow them: octo-a, octo-evil" in step.stdout
    assert blocked.exit_code == 1
    assert (
        "ACR at organization:octo-* is blocked: octo-* matches no organization that "
        "`allowed-owners` allows"
    ) in blocked.stdout


def test_a_glob_without_a_match_is_blocked(action: Action, sandbox: Sandbox, kind: str) -> None:
    """The message says which organizations were listed."""
    step = action.step(SPEC.replace("octo-*", "nothing-*"), ENVIRONMENT, **inputs(kind))

    assert step.exit_code == 1
    assert f"nothing-* matches no organization {NO_MATCH[kind]}" in step.stdout
    assert sandbox.writes == []


def test_a_fine_grained_token_lists_no_organization(world: World, action: Action) -> None:
    """GitHub returns an empty list for it, also without a permission."""
    world.add_fine_grained_token(
        "fine-grained", user="octocat", owner="octo-a", permissions=PERMISSIONS
    )

    step = action.step(SPEC, ENVIRONMENT, **(ALLOWED | {"token": "fine-grained"}))

    assert step.exit_code == 1
    assert "a fine-grained token cannot list organizations" in step.stdout


def test_a_classic_token_without_the_scope_is_told_which_one(world: World, action: Action) -> None:
    """And that no other kind of token helps."""
    world.add_token("no-scope", user="octocat", scopes=("repo",))

    step = action.step(SPEC, ENVIRONMENT, **(ALLOWED | {"token": "no-scope"}))

    assert step.exit_code == 1
    assert "a classic token needs the scope read:org" in step.stdout


def test_an_app_with_another_key_is_told_so(sandbox: Sandbox, action: Action) -> None:
    """The list of installations is the first request, and the last one."""
    other_key = app_inputs(generate_private_key(65537, 2048))

    step = action.step(SPEC, ENVIRONMENT, **ALLOWED, **other_key)

    assert step.exit_code == 1
    assert "GitHub rejects the App's key (401" in step.stdout
    assert list(paths(sandbox)) == ["/app/installations"]


@pytest.mark.parametrize("shard", ["", "1/2", "2/2"])
def test_organizations_that_cannot_be_listed_block_every_shard(
    sandbox: Sandbox, action: Action, kind: str, shard: str
) -> None:
    """Otherwise a shard would ignore targets that it cannot list."""
    sandbox.fail(Fault(path=LIST[kind], status=422, times=None))

    step = action.step(SPEC, ENVIRONMENT, shard=shard, **inputs(kind))

    assert step.exit_code == 1
    assert "ACR at organization:octo-* is blocked: GitHub returned 422" in step.stdout
    assert sandbox.writes == []


def test_shards_together_do_what_one_run_does(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Each organization belongs to one shard, which its login alone decides."""
    logins = [f"octo-{number}" for number in range(6)]
    for login in logins:
        world.add_organization(login, owners=("octocat",))
    limits = {"allowed-owners": "octo-?"}
    for number in range(1, 4):
        code = action.run_in_process(SPEC, ENVIRONMENT, shard=f"{number}/3", prune="true", **limits)
        assert code == 0

    assert has_triplet(world) == {*OWNED, *logins}
    puts = [exchange.path for exchange in sandbox.writes]
    assert len(puts) == len(set(puts)) == 3 * len([*OWNED, *logins])


def test_a_suspended_installation_is_left_out(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """GitHub gives the App no token for it."""
    world.suspend_installation(APP_ID, "octo-a")

    assert action.run_in_process(SPEC, ENVIRONMENT, **inputs("app")) == 0

    assert has_triplet(world) == {"octo-b"}
    assert not any("octo-a" in path for path in paths(sandbox))


def test_an_organization_that_the_user_does_not_own_has_its_own_error(
    world: World, action: Action
) -> None:
    """A member cannot manage its secrets. The others are written."""
    world.add_organization("octo-c", owners=("mallory",))
    world.add_member("octo-c", "octocat")

    step = action.step(SPEC, ENVIRONMENT, **ALLOWED)

    assert step.exit_code == 1
    assert has_triplet(world) == set(OWNED)
    assert "ACR at organization:octo-c is blocked: GitHub denied the request" in step.stdout
    assert (step.outputs["created"], step.outputs["blocked"]) == ("2", "1")


def test_names_of_a_selection_belong_to_each_organization(
    world: World, action: Action, kind: str
) -> None:
    """Names, globs and teams; a team that one of them lacks blocks that one."""
    for login in OWNED:
        world.add_team(login, "platform", repositories=[f"{login}/web"])
    selection = '{include: [api, "svc-*"], exclude: [svc-2], teams: [platform]}'
    spec = SPEC.replace('"octo-*"', f'"octo-*", repositories: {selection}')

    assert action.run_in_process(spec, ENVIRONMENT, **inputs(kind)) == 0

    for login in OWNED:
        for secret in world.secrets(f"organization:{login}").values():
            assert set(secret.repositories) == {f"{login}/{n}" for n in ("api", "svc-1", "web")}


def test_a_team_that_one_organization_lacks_blocks_only_that_one(
    world: World, action: Action
) -> None:
    """As any other problem of one target."""
    world.add_team("octo-a", "platform", repositories=["octo-a/web"])
    spec = SPEC.replace('"octo-*"', '"octo-*", repositories: {teams: [platform]}')

    step = action.step(spec, ENVIRONMENT, **ALLOWED)

    assert step.exit_code == 1
    assert has_triplet(world) == {"octo-a"}
    assert "ACR at organization:octo-b is blocked: team `platform` of octo-b" in step.stdout


def test_a_glob_and_a_name_of_the_same_organization_are_a_duplicate(
    world: World, action: Action
) -> None:
    """As of two globs that both match it. The other organizations are written."""
    for other in ("OCTO-A", "*-a"):
        spec = SPEC.replace("targets: [", f'targets: [{{organization: "{other}"}}, ')
        step = action.step(spec, ENVIRONMENT, **(ALLOWED | {"allowed-owners": "octo-?"}))

        assert step.exit_code == 1
        assert "ACR is declared for organization:octo-a twice; keep one of them" in (
            step.stdout.replace("OCTO-A", "octo-a")
        )
        assert has_triplet(world) == {"octo-b"}


def test_the_digest_is_that_of_the_organizations_by_name(action: Action) -> None:
    """An approval is for what is written, however the spec spells it."""
    named = ACR_SPEC + "    targets: [{organization: octo-b}, {organization: octo-a}]\n"

    by_glob = action.step(SPEC, ENVIRONMENT, mode="plan", **ALLOWED)
    by_name = action.step(named, ENVIRONMENT, mode="plan", **ALLOWED)

    assert by_glob.outputs["plan-digest"] == by_name.outputs["plan-digest"]
    assert by_glob.outputs["matrix"] == by_name.outputs["matrix"] != ""


def test_prune_deletes_at_the_organizations_that_match(
    world: World, action: Action, kind: str
) -> None:
    """What the spec does not name; nowhere else."""
    for login in (*OWNED, "acme"):
        stored_triplet(world, f"organization:{login}", registry="OLD")

    assert action.run_in_process(SPEC, ENVIRONMENT, prune="true", **inputs(kind)) == 0

    for login in OWNED:
        assert set(world.secrets(f"organization:{login}")) == set(TRIPLET)
    assert len(world.secrets("organization:acme")) == 3


@pytest.mark.parametrize("failure", ["the list fails", "the organization is not listed"])
def test_prune_deletes_nothing_that_a_glob_possibly_names(
    world: World, sandbox: Sandbox, action: Action, failure: str
) -> None:
    """The spec names octo-a for another registry, and ACR there only by the glob."""
    stored_triplet(world, "organization:octo-a")
    stored_triplet(world, "organization:acme")
    other = "  - {id: GHCR, access-only: true, targets: [{organization: octo-a}, {organization: acme}]}\n"
    stored_triplet(world, "organization:octo-a", registry="GHCR")
    stored_triplet(world, "organization:acme", registry="GHCR")
    if failure == "the list fails":
        sandbox.fail(Fault(path=r"/app/installations\?", status=422, times=None))
    else:
        sandbox.fail(
            Fault(
                path="/app/installations",
                status=200,
                body=json.dumps(
                    [{"id": 1, "account": {"login": "octo-b", "type": "Organization"}}]
                ),
            )
        )
    limits = inputs("app") | {"allowed-owners": "octo-a, octo-b, acme"}

    step = action.step(SPEC + other, ENVIRONMENT, prune="true", **limits)

    assert step.exit_code == 1
    assert (
        "ACR is also declared for organization:octo-*, which matches this organization, but GitHub "
        "did not list it; fix that target first"
    ) in step.stdout
    assert set(TRIPLET) <= set(world.secrets("organization:octo-a"))
    assert not set(TRIPLET) & set(world.secrets("organization:acme"))


def test_only_leaves_the_organizations_of_other_registries_alone(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Without a glob in what is left, no organization is listed."""
    spec = SPEC + "  - {id: GHCR, access-only: true, targets: [{organization: acme}]}\n"
    stored_triplet(world, "organization:acme", registry="GHCR")

    limits = {"allowed-owners": "octo-?, acme"}
    assert action.run_in_process(spec, ENVIRONMENT, only="GHCR", **limits) == 0

    assert LIST["token"] not in paths(sandbox)
    assert has_triplet(world) == set()


def test_a_public_log_does_not_name_the_private_repositories_that_a_glob_matches(
    world: World, action: Action
) -> None:
    """The spec spells none of their full names."""
    world.add_repository("octo-a/open", private=False)
    spec = SPEC.replace('"octo-*"', '"octo-a*", repositories: [api, "svc-*", "o*"]')
    action.set_event("push", repository={"id": 1, "private": False})

    step = action.step(spec, ENVIRONMENT, mode="plan", **ALLOWED)

    assert step.exit_code == 0
    text = "\n".join([step.stdout, step.summary, *step.outputs.values()])
    assert "octo-a/open" in text
    assert "octo-a/api" not in text
    assert "svc-1" not in text
    assert "3 private repositories" in step.stdout
