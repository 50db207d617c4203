"""Renamed repositories are followed by id; transferred repositories are never written to."""

from __future__ import annotations

import pytest

from github_app import add_app, app_inputs
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
    """Return a spec with ACR at these targets, each the inside of a YAML flow mapping."""
    return SPEC.format(targets=", ".join(f"{{{target}}}" for target in targets))


def requested_paths(sandbox: Sandbox, method: str) -> list[str]:
    """Return the paths of all requests with a method."""
    return [exchange.path for exchange in sandbox.exchanges if exchange.method == method]


@pytest.fixture
def renamed(world: World) -> World:
    """`octo-org/app` with the triplets ACR and SHARED, renamed to `octo-org/pay-app`."""
    for registry in ("ACR", "SHARED"):
        stored_triplet(world, "repository:octo-org/app", registry=registry)
    world.rename("octo-org/app", "octo-org/pay-app")
    return world


@pytest.fixture
def other_org(world: World) -> World:
    """The world with a second organization of the same owner."""
    world.add_organization("other-org", owners=("octocat",))
    return world


@pytest.mark.parametrize("prune", ["true", "false"])
def test_a_triplet_that_the_spec_declares_for_a_former_name_is_not_pruned(
    renamed: World, sandbox: Sandbox, action: Action, prune: str
) -> None:
    """The spec declares ACR for `app` and SHARED for `pay-*`, and both are the same repository."""
    step = action.step(acr_at("repository: octo-org/app") + SHARED, ENVIRONMENT, prune=prune)

    assert step.exit_code == 0, step.stdout
    assert sandbox.writes == []
    assert (step.outputs["deleted"], step.outputs["unchanged"]) == ("0", "2")
    assert "not in the spec" not in step.stdout


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_no_shard_prunes_a_triplet_that_the_spec_declares_for_a_former_name(
    renamed: World, sandbox: Sandbox, action: Action, count: int
) -> None:
    """The former name and the matches of the glob can be in different shards."""
    spec = acr_at("repository: octo-org/app") + SHARED

    for number in range(1, count + 1):
        step = action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/{count}")
        assert step.exit_code == 0, step.stdout
        assert "not in the spec" not in step.stdout

    assert sandbox.writes == []


def test_a_triplet_that_the_spec_could_declare_for_a_former_name_is_not_pruned(
    renamed: World, sandbox: Sandbox, action: Action
) -> None:
    """`app` cannot be read, so it could be the repository that `pay-*` matches."""
    sandbox.fail(Fault(path="/repos/octo-org/app/", status=403, times=None))

    step = action.step(acr_at("repository: octo-org/app") + SHARED, ENVIRONMENT, prune="true")

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert "ACR is also declared for repository:octo-org/app, which could not be looked up" in (
        step.stdout
    )


def test_prune_deletes_an_undeclared_triplet_of_a_renamed_repository(
    renamed: World, sandbox: Sandbox, action: Action
) -> None:
    """The requests use the new name, because the Action follows no redirect of a write."""
    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT, prune="true")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["deleted"] == "1"
    assert set(renamed.secrets("repository:octo-org/pay-app")) == set(TRIPLET)
    assert {exchange.path.split("/codespaces")[0] for exchange in sandbox.writes} == {
        "/repos/octo-org/pay-app"
    }


def test_a_renamed_target_is_written_with_a_warning_that_has_its_new_name(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """This takes two more requests: the one that is redirected, and the look-up of the new name."""
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
    assert requested_paths(sandbox, "GET")[:3] == [lists[0], f"/repositories/{identity}", lists[1]]


@pytest.mark.parametrize("first", ["app", "app-two"])
def test_two_names_of_one_repository_are_a_duplicate(
    world: World, sandbox: Sandbox, action: Action, first: str
) -> None:
    """Each could undo the changes of the other."""
    world.rename("octo-org/app", "octo-org/app-two")
    second = {"app": "app-two", "app-two": "app"}[first]
    targets = (f"repository: octo-org/{first}", f"repository: octo-org/{second}")

    step = action.step(acr_at(*targets), ENVIRONMENT)

    assert step.exit_code == 1
    assert (step.outputs["blocked"], sandbox.writes) == ("2", [])
    assert "ACR is declared for repository:octo-org/app-two twice" in step.stdout


def test_a_transferred_target_is_blocked_with_both_names(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """Otherwise the new owner would receive the password."""
    other_org.rename("octo-org/app", "other-org/app")

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert not other_org.secrets("repository:other-org/app")
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
def test_a_transferred_repository_in_a_selection_blocks_the_target(
    other_org: World, sandbox: Sandbox, action: Action, target: str
) -> None:
    """This holds for a look-up by name and for a list of the organization's repositories."""
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
    """A rename must not give it access to the credential."""
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


def test_an_excluded_repository_that_does_not_exist_blocks_the_target(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A mistyped name would silently exclude no repository."""
    step = action.step(acr_at(EXCLUDED.format(name="svc-0001")), ENVIRONMENT)

    assert step.exit_code == 1
    assert sandbox.writes == []
    assert "did you mean octo-org/svc-001?" in step.stdout


def test_a_write_does_not_follow_a_redirect_of_a_repository_that_moved_during_the_run(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Its owner is unknown then. The next run looks it up."""
    identity = world.repository("octo-org/app").id
    location = {"Location": f"{action.url}/repositories/{identity}/codespaces/secrets/X"}
    sandbox.fail(Fault(method="PUT", path="_USER$", status=307, headers=location, times=None))

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert "renamed or transferred during the run; it is safe to run again" in step.stdout
    assert not [
        path for path in requested_paths(sandbox, "PUT") if path.startswith("/repositories")
    ]


@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_no_redirect_takes_the_token_to_another_host(
    sandbox: Sandbox, action: Action, method: str
) -> None:
    """The run still reports its plan."""
    with Sandbox(World()) as other_host:
        location = {"Location": f"{other_host.url}/repositories/1/codespaces/secrets"}
        status = 301 if method == "GET" else 307
        path = "/codespaces/secrets"
        sandbox.fail(Fault(method, path, status=status, headers=location, times=None))

        step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

        assert step.exit_code == 1
        assert f"GitHub redirects to another origin ({other_host.url})" in step.stdout
        assert step.outputs["plan"]
        assert other_host.exchanges == []


@pytest.mark.parametrize(
    "location", ["", "http://[::1", "http://a:port/", "//", "/somewhere", "\\"]
)
def test_an_invalid_redirect_is_an_error_of_its_target(
    sandbox: Sandbox, action: Action, location: str
) -> None:
    """For any value of the header `Location`."""
    headers = {"Location": location}
    sandbox.fail(Fault("PUT", status=307, headers=headers, times=None))

    step = action.step(acr_at("repository: octo-org/app"), ENVIRONMENT)

    assert step.exit_code == 1
    assert step.outputs["failed"] == "1"
    assert "an error in this Action" not in step.stdout


OTHER_REGISTRY = """
  - id: OTHER
    server: other.azurecr.io
    targets: [{user: octocat, repositories: {include: [octo-org/app], exclude: [octo-org/svc-001]}}]
"""


@pytest.mark.parametrize("new", ["octo-org/apart", "other-org/svc-001"])
def test_a_glob_does_not_match_the_former_name_of_a_repository(
    other_org: World, action: Action, new: str
) -> None:
    """A look-up by a former name for one registry does not affect the globs of others."""
    other_org.rename("octo-org/svc-001", new)
    spec = acr_at('user: octocat, repositories: ["octo-org/svc-00?"]') + OTHER_REGISTRY

    step = action.step(spec, ENVIRONMENT, **{"allowed-owners": "octo-org, octocat"})

    assert step.exit_code == 0, step.stdout
    listed = other_org.secrets("user:octocat")[TRIPLET[0]].repositories
    assert new not in listed
    assert len(listed) == 9


def test_access_of_a_transferred_repository_can_be_removed(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """`remove` removes the id of the repository from the selection."""
    stored_triplet(other_org, "user:octocat", repositories=["octo-org/app"])
    other_org.rename("octo-org/app", "other-org/app")
    selection = "{mode: remove, include: [octo-org/app]}"

    step = action.step(acr_at(f"user: octocat, repositories: {selection}"), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert {s.repositories for s in other_org.secrets("user:octocat").values()} == {()}


def test_no_shard_prunes_a_triplet_that_the_spec_could_declare_for_a_name_that_returns_404(
    other_org: World, sandbox: Sandbox, action: Action
) -> None:
    """An App of the former owner gets 404 for a transferred repository."""
    permissions = {"codespaces_secrets": "write"}
    add_app(other_org, dict.fromkeys(("octo-org", "other-org"), permissions))
    for registry in ("ACR", "SHARED"):
        stored_triplet(other_org, "repository:octo-org/app", registry=registry)
    other_org.rename("octo-org/app", "other-org/pay-app")
    spec = acr_at("repository: octo-org/svc-002", "repository: octo-org/app") + SHARED.replace(
        "octo-org/pay-*", "other-org/pay-app"
    )

    for number in (1, 2, 3):
        action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/3", **app_inputs())

    assert [exchange for exchange in sandbox.writes if exchange.method == "DELETE"] == []


def test_no_shard_prunes_a_triplet_that_the_spec_could_declare_for_a_name_that_fails(
    renamed: World, sandbox: Sandbox, action: Action
) -> None:
    """The name could be of a repository of this shard."""
    sandbox.fail(Fault("GET", "^/repos/octo-org/app$", status=403, times=None))
    spec = acr_at("repository: octo-org/app") + SHARED

    for number in range(1, 9):
        action.run_in_process(spec, ENVIRONMENT, prune="true", shard=f"{number}/8")

    assert any(path == "/repos/octo-org/app" for path in requested_paths(sandbox, "GET"))
    assert [exchange for exchange in sandbox.writes if exchange.method == "DELETE"] == []


def test_former_names_are_looked_up_one_by_one_after_the_list(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The three pages of GitHub's list have only current names."""
    names = [f"svc-{number:03}" for number in range(6)]
    for name in names:
        world.rename(f"octo-org/{name}", f"octo-org/new-{name}")

    step = action.step(acr_at(*(f"repository: octo-org/{name}" for name in names)), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert step.outputs["created"] == "6"
    assert set(world.secrets("repository:octo-org/new-svc-003")) == set(TRIPLET)
    gets = requested_paths(sandbox, "GET")
    assert sum(path.startswith("/orgs/octo-org/repos") for path in gets) == 3


def test_a_shard_does_not_look_up_names_that_github_lists(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A name that GitHub lists is a current name."""
    for registry in ("ACR", "SHARED"):
        stored_triplet(world, "repository:octo-org/app", registry=registry)
    spec = acr_at('repository: "octo-org/svc-*"') + SHARED.replace("pay-*", "app")

    for number in (1, 2):
        step = action.step(spec, ENVIRONMENT, prune="true", shard=f"{number}/2", mode="plan")
        assert step.exit_code == 0, step.stdout

    assert [
        path for path in requested_paths(sandbox, "GET") if path.count("/") == 3 and "svc" in path
    ] == []
