"""Lists of repositories survive rotations, other runs and renamed repositories."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
EVERYTHING = [f"octo-org/svc-{n:03}" for n in range(120)] + [
    f"octo-org/lib-{n:03}" for n in range(120, 250)
]
ROTATION = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new-user
    password: {env: ACR_PASSWORD}
    rotate: always
    targets: [{organization: octo-org}]
"""


def test_a_rotation_leaves_visibility_and_list_as_they_were(world: World, action: Action) -> None:
    """A spec that names neither keeps all 250 repositories on each list, over three pages."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=EVERYTHING)

    assert action.here(ROTATION, {"ACR_PASSWORD": "new"}) == 0

    for secret in world.secrets(ORGANIZATION).values():
        assert secret.value != b"old"
        assert secret.visibility == "selected"
        assert sorted(secret.repositories) == sorted(EVERYTHING)


@pytest.mark.parametrize("visibility", ["all", "private"])
def test_a_rotation_keeps_a_visibility_without_a_list(
    world: World, action: Action, visibility: str
) -> None:
    """What is open to all, or to private repositories, stays so."""
    stored_triplet(world, ORGANIZATION, visibility=visibility)

    assert action.here(ROTATION, {"ACR_PASSWORD": "new"}) == 0

    assert {s.visibility for s in world.secrets(ORGANIZATION).values()} == {visibility}


def test_an_organization_value_is_never_sent_without_visibility_and_whole_list(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Each PUT of a value says who may use it."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=EVERYTHING)

    action.here(ROTATION, {"ACR_PASSWORD": "new"})

    bodies = [one.body for one in sandbox.writes if one.path.endswith(tuple(TRIPLET))]
    assert len(bodies) == 3
    for body in bodies:
        assert isinstance(body, dict)
        assert body["visibility"] == "selected"
        assert len(body["selected_repository_ids"]) == 250


def test_the_server_is_written_last(sandbox: Sandbox, action: Action) -> None:
    """A triplet that is being made is never visible half."""
    spec = ROTATION.replace("organization: octo-org", "repository: octo-org/app")

    action.here(spec, {"ACR_PASSWORD": "new"})

    names = [one.path.rpartition("/")[2] for one in sandbox.writes]
    assert names == [f"ACR_CONTAINER_REGISTRY_{part}" for part in ("PASSWORD", "USER", "SERVER")]


ENSURE = """
version: 1
registries:
  - id: ACR
    targets:
      - organization: octo-org
        repositories: {{mode: ensure, include: [{name}]}}
"""


def test_twenty_runs_at_once_that_each_ensure_another_repository_all_win(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Additions go through the one-repository endpoints, so no run overwrites another's."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    names = [f"svc-{n:03}" for n in range(20)]

    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda name: action.here(ENSURE.format(name=name)), names))

    assert codes == [0] * 20
    for secret in world.secrets(ORGANIZATION).values():
        assert set(secret.repositories) == {f"octo-org/{name}" for name in ["app", *names]}
    assert not [one for one in sandbox.writes if one.path.endswith("/repositories")]


def test_ensure_with_a_rotation_keeps_what_joined_since_the_plan(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A list that goes along with a value is read again right before."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    spec = ROTATION.replace(
        "{organization: octo-org}",
        "{organization: octo-org, repositories: {mode: ensure, include: [svc-001]}}",
    )

    assert action.here(spec, {"ACR_PASSWORD": "new"}) == 0

    for secret in world.secrets(ORGANIZATION).values():
        assert set(secret.repositories) == {"octo-org/app", "octo-org/svc-001"}
    reads = [one for one in sandbox.exchanges if one.path.endswith("PASSWORD/repositories")]
    assert len(reads) == 2


def test_an_exact_list_is_replaced_where_it_differs_and_only_there(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """`access` touches no value, and only the member whose list is off."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    name = "ACR_CONTAINER_REGISTRY_USER"
    world.set_repositories(ORGANIZATION, name, ["octo-org/svc-001"])
    spec = ENSURE.replace("{{mode: ensure, include: [{name}]}}", "[app]")

    step = action.step(spec)

    assert step.outputs["access-changed"] == "1"
    assert [one.path.rpartition("secrets/")[2] for one in sandbox.writes] == [
        f"{name}/repositories"
    ]
    assert world.secrets(ORGANIZATION)[name].repositories == ("octo-org/app",)
    assert world.secrets(ORGANIZATION)[name].value == b"old"


def test_a_renamed_repository_is_found_by_its_old_name(world: World, action: Action) -> None:
    """The redirect is followed, for a target and on a list, and the new name is told."""
    world.rename("octo-org/app", "octo-org/app-two")
    spec = ROTATION.replace(
        "[{organization: octo-org}]",
        "[{repository: octo-org/app}, {organization: octo-org, repositories: [app]}]",
    )

    step = action.step(spec, {"ACR_PASSWORD": "new"})

    assert step.exit_code == 0, step.stdout
    assert len(world.secrets("repository:octo-org/app-two")) == 3
    lists = {s.repositories for s in world.secrets(ORGANIZATION).values()}
    assert lists == {("octo-org/app-two",)}
    assert "octo-org/app was renamed to octo-org/app-two" in step.stdout


def test_archived_and_excluded_repositories_are_left_out(world: World, action: Action) -> None:
    """A glob takes neither, unless the spec says `archived: true`."""
    world.add_repository("octo-org/old-1", archived=True)
    world.add_repository("octo-org/old-2")
    world.add_repository("octo-org/old-legacy")
    chosen = '{include: ["old-*"], exclude: ["*-legacy"]}'
    spec = ROTATION.replace(
        "{organization: octo-org}", f"{{organization: octo-org, repositories: {chosen}}}"
    )

    step = action.step(spec, {"ACR_PASSWORD": "new"})

    secrets = world.secrets(ORGANIZATION)
    assert {s.repositories for s in secrets.values()} == {("octo-org/old-2",)}
    assert "left out because they are archived: octo-org/old-1" in step.stdout

    spec = spec.replace('"]}', '"], archived: true}')
    action.here(spec, {"ACR_PASSWORD": "new"})

    secrets = world.secrets(ORGANIZATION)
    assert {s.repositories for s in secrets.values()} == {("octo-org/old-1", "octo-org/old-2")}
