"""A repository is its id: a renamed one is followed, a transferred one is left alone."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from github_app import add_app, private_pem
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
ENVIRONMENT = {"ACR_PASSWORD": "new"}
SPEC = """
version: 1
defaults: {{server: mycompany.azurecr.io, username: me, password: {{env: ACR_PASSWORD}}, rotate: missing}}
registries:
  - id: ACR
    targets: [{targets}]
"""
SHARED = """
  - id: SHARED
    targets: [{repository: "octo-org/pay-*"}]
"""


def acr_at(*targets: str) -> str:
    """A spec with ACR at these targets, as flow mappings of YAML."""
    return SPEC.format(targets=", ".join(f"{{{target}}}" for target in targets))


def store(world: World, target: str, *registries: str) -> None:
    """Whole triplets of these registries."""
    for registry in registries:
        for name in TRIPLET:
            world.put_secret(target, name.replace("ACR", registry), b"old")


def asked(sandbox: Sandbox, method: str) -> list[str]:
    """The paths of all requests with a method."""
    return [one.path for one in sandbox.exchanges if one.method == method]


@pytest.fixture
def renamed(world: World) -> World:
    """`octo-org/app` with ACR and SHARED, which is called `octo-org/pay-app` now."""
    store(world, "repository:octo-org/app", "ACR", "SHARED")
    world.rename("octo-org/app", "octo-org/pay-app")
    return world


@pytest.fixture
def other_org(world: World) -> World:
    """The world with a second organization, of the same owner."""
    world.add_organization("other-org", owners=("octocat",))
    return world


@pytest.mark.parametrize("prune", ["true", "false"])
def test_what_the_spec_names_by_a_former_name_is_never_pruned(
    renamed: World, sandbox: Sandbox, action: Action, prune: str
) -> None:
    """ACR is named for `app`, SHARED for what `pay-*` finds, and both are one repository."""
    step = action.step(acr_at("repository: octo-org/app") + SHARED, ENVIRONMENT, prune=prune)

    assert step.exit_code == 0, step.stdout
    assert sandbox.writes == []
    assert (step.outputs["deleted"], step.outputs["unchanged"]) == ("0", "2")
    assert "not in the spec" not in step.stdout


@pytest.mark.parametrize("parts", [1, 2, 3, 5, 8])
def test_no_shard_prunes_what_the_spec_names_by_a_former_name(
    renamed: World, sandbox: Sandbox, action: Action, parts: int
) -> None:
    """The former name can belong to another shard than what the glob finds."""
    spec = acr_at("repository: octo-org/app") + SHARED

    for number in range(1, parts + 1):
        step = action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/{parts}")
        assert step.exit_code == 0, step.stdout
        assert "not in the spec" not in step.stdout

    assert sandbox.writes == []


def test_what_may_be_named_by_a_former_name_is_not_pruned_either(
    renamed: World, sandbox: Sandbox, action: Action
) -> None:
    """`app` cannot be looked at, so nobody knows whether it is what `pay-*` finds."""
    sandbox.fail(Fault(path="/repos/octo-org/app/", status=403, times=None))

    step = action.step(acr_at("repository: octo-org/app") + SHARED, ENVIRONMENT, prune="true")

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert "ACR is also declared for repository:octo-org/app, which could not be looked up" in (
        step.stdout
    )


def test_prune_deletes_what_nobody_names_at_a_renamed_target(
    renamed: World, sandbox: Sandbox, action: Action
) -> None:
    """By its new name: GitHub redirects no write that could be followed blindly."""
    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT, prune="true")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["deleted"] == "1"
    assert set(renamed.secrets("repository:octo-org/pay-app")) == set(TRIPLET)
    assert {one.path.split("/codespaces")[0] for one in sandbox.writes} == {
        "/repos/octo-org/pay-app"
    }


def test_a_renamed_target_is_written_to_and_its_new_name_is_told(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """At the cost of two requests: the redirect, and the look-up of where it leads."""
    spec = acr_at("repository: octo-org/app")
    world.rename("octo-org/app", "octo-org/app-two")

    step = action.step(spec, ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert step.outputs["created"] == "1"
    assert set(world.secrets("repository:octo-org/app-two")) == set(TRIPLET)
    (warning,) = step.annotations("warning")
    assert "octo-org/app was renamed to octo-org/app-two; update the target" in warning
    identity = world.repository("octo-org/app-two").id
    lists = ["/repos/octo-org/app/codespaces/secrets", "/repos/octo-org/app-two/codespaces/secrets"]
    assert asked(sandbox, "GET")[:3] == [lists[0], f"/repositories/{identity}", lists[1]]


@pytest.mark.parametrize("first", ["app", "app-two"])
def test_two_names_of_one_repository_are_a_duplicate(
    world: World, sandbox: Sandbox, action: Action, first: str
) -> None:
    """One of them would undo what the other does."""
    world.rename("octo-org/app", "octo-org/app-two")
    second = {"app": "app-two", "app-two": "app"}[first]
    targets = (f"repository: octo-org/{first}", f"repository: octo-org/{second}")

    step = action.step(acr_at(*targets), ENVIRONMENT)

    assert step.exit_code == 1
    assert (step.outputs["blocked"], sandbox.writes) == ("2", [])
    assert "ACR is declared for repository:octo-org/app-two twice" in step.stdout


def untouched(world: World, names: Iterable[str]) -> bool:
    """Whether none of these repositories got a secret."""
    return not any(world.secrets(f"repository:{name}") for name in names)


def test_a_transferred_target_is_blocked_with_both_names(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """The password would land with another owner."""
    other_org.rename("octo-org/app", "other-org/app")

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert untouched(other_org, ["other-org/app"])
    (error,) = step.annotations("error")
    assert "octo-org/app was transferred and now belongs to another owner (other-org/app)" in error


@pytest.mark.parametrize(
    "target",
    [
        "organization: octo-org, repositories: [app, svc-001]",
        "organization: octo-org, repositories: {mode: ensure, include: [app]}",
        "organization: octo-org, repositories: [app, svc-001, svc-002, svc-003]",
        "user: octocat, repositories: [octo-org/app]",
    ],
)
def test_a_transferred_repository_on_a_list_blocks_it(
    other_org: World, sandbox: Sandbox, action: Action, target: str
) -> None:
    """Whether its name is looked up alone or in a walk over the organization."""
    other_org.rename("octo-org/app", "other-org/app")

    step = action.step(acr_at(target), ENVIRONMENT)

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert "octo-org/app was transferred and now belongs to another owner (other-org/app)" in (
        step.stdout
    )


EXCLUDED = 'organization: octo-org, repositories: {{include: ["svc-00?"], exclude: [{name}]}}'


@pytest.mark.parametrize("new", ["svc-00x", "other-org/svc-001"])
def test_an_excluded_repository_stays_excluded_under_its_new_name(
    other_org: World, action: Action, new: str
) -> None:
    """It must not get the credential because somebody renamed it."""
    stored_triplet(other_org, ORGANIZATION, visibility="selected")
    if "/" not in new:
        other_org.rename("octo-org/svc-001", f"octo-org/{new}")
    else:
        other_org.rename("octo-org/svc-001", new)

    step = action.step(acr_at(EXCLUDED.format(name="svc-001")), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    listed = {name for s in other_org.secrets(ORGANIZATION).values() for name in s.repositories}
    assert listed == {f"octo-org/svc-00{n}" for n in (0, 2, 3, 4, 5, 6, 7, 8, 9)}
    full_name = new if "/" in new else f"octo-org/{new}"
    assert f"octo-org/svc-001 was renamed to {full_name}" in step.stdout


def test_an_excluded_name_that_does_not_exist_blocks_the_list(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A mistyped name excludes nobody, and nobody would know."""
    step = action.step(acr_at(EXCLUDED.format(name="svc-0001")), ENVIRONMENT)

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert "did you mean octo-org/svc-001?" in step.stdout


def test_a_repository_that_moves_during_the_run_is_not_followed_by_a_write(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Who owns it by then is not known; the next run finds out."""
    identity = world.repository("octo-org/app").id
    location = {"Location": f"{action.url}/repositories/{identity}/codespaces/secrets/X"}
    sandbox.fail(Fault(method="PUT", path="_USER$", status=307, headers=location, times=None))

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert "renamed or transferred during the run; it is safe to run again" in step.stdout
    assert not [path for path in asked(sandbox, "PUT") if path.startswith("/repositories")]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_redirect_takes_the_token_to_another_host(
    sandbox: Sandbox, action: Action, method: str
) -> None:
    """Nor does it lose the report of the run."""
    with Sandbox(World()) as elsewhere:
        location = {"Location": f"{elsewhere.url}/repositories/1/codespaces/secrets"}
        status = 301 if method == "GET" else 307
        path = "/codespaces/secrets"
        sandbox.fail(Fault(method, path, status=status, headers=location, times=None))

        step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

        assert step.exit_code == 1
        assert f"GitHub redirects to another origin ({elsewhere.url})" in step.stdout
        assert step.outputs["plan"]
        assert elsewhere.exchanges == []


@pytest.mark.parametrize(
    "location", ["", "http://[::1", "http://a:port/", "//", "/somewhere", "\\"]
)
def test_a_redirect_to_nowhere_is_an_error_of_its_target(
    sandbox: Sandbox, action: Action, location: str
) -> None:
    """Whatever stands in the header."""
    headers = {"Location": location}
    sandbox.fail(Fault("PUT", status=307, headers=headers, times=None))

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert step.outputs["failed"] == "1"
    assert "an error in this Action" not in step.stdout


NAMED_ELSEWHERE = """
  - id: OTHER
    server: other.azurecr.io
    targets: [{user: octocat, repositories: {include: [octo-org/app], exclude: [octo-org/svc-001]}}]
"""


@pytest.mark.parametrize("new", ["octo-org/apart", "other-org/svc-001"])
def test_a_glob_picks_no_repository_by_a_name_that_another_selection_gave(
    other_org: World, action: Action, new: str
) -> None:
    """What one registry of a spec looks up by a former name changes nothing for the others."""
    other_org.rename("octo-org/svc-001", new)
    spec = acr_at('user: octocat, repositories: ["octo-org/svc-00?"]') + NAMED_ELSEWHERE

    step = action.step(spec, ENVIRONMENT, **{"allowed-owners": "octo-org, octocat"})

    assert step.exit_code == 0, step.stdout
    listed = other_org.secrets("user:octocat")[TRIPLET[0]].repositories
    assert new not in listed
    assert len(listed) == 9


def test_access_is_taken_from_a_repository_whoever_owns_it(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """`remove` goes by the repository: it is on the list by its id."""
    for name in TRIPLET:
        other_org.put_secret("user:octocat", name, b"old", repositories=["octo-org/app"])
    other_org.rename("octo-org/app", "other-org/app")
    chosen = "{mode: remove, include: [octo-org/app]}"

    step = action.step(acr_at(f"user: octocat, repositories: {chosen}"), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert {s.repositories for s in other_org.secrets("user:octocat").values()} == {()}


def test_a_shard_prunes_nothing_that_a_name_which_is_not_found_may_mean(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """An App of the former owner gets a 404 for a repository that was transferred."""
    granted = {"codespaces_secrets": "write"}
    add_app(other_org, dict.fromkeys(("octo-org", "other-org"), granted))
    store(other_org, "repository:octo-org/app", "ACR", "SHARED")
    other_org.rename("octo-org/app", "other-org/pay-app")
    spec = acr_at("repository: octo-org/svc-002", "repository: octo-org/app") + SHARED.replace(
        "octo-org/pay-*", "other-org/pay-app"
    )
    inputs = {"token": "", "app_id": "1234", "app_private_key": private_pem()}

    for number in (1, 2, 3):
        action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/3", **inputs)

    assert [one for one in sandbox.writes if one.method == "DELETE"] == []


def test_a_shard_asks_for_no_name_that_a_walk_has_found(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A name that GitHub lists is the name of today."""
    store(world, "repository:octo-org/app", "ACR", "SHARED")
    spec = acr_at('repository: "octo-org/svc-*"') + SHARED.replace("pay-*", "app")

    for number in (1, 2):
        step = action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/2", mode="plan")
        assert step.exit_code == 0, step.stdout

    assert [path for path in asked(sandbox, "GET") if path.count("/") == 3 and "svc" in path] == []
