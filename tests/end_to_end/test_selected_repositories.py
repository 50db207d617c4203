"""Selected repositories stay selected after rotations, concurrent runs and renames."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
ALL_REPOSITORIES = [f"octo-org/svc-{n:03}" for n in range(120)] + [
    f"octo-org/lib-{n:03}" for n in range(120, 250)
]
ROTATION = ACR_SPEC + "    rotate: always\n    targets: [{organization: octo-org}]\n"


def test_a_rotation_keeps_visibility_and_selected_repositories(
    world: World, action: Action
) -> None:
    """A spec without either keeps all 250 repositories of each secret, on three pages."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=ALL_REPOSITORIES)

    assert action.run_in_process(ROTATION, {"ACR_PASSWORD": "new"}) == 0

    for secret in world.secrets(ORGANIZATION).values():
        assert secret.value != b"old"
        assert secret.visibility == "selected"
        assert sorted(secret.repositories) == sorted(ALL_REPOSITORIES)


@pytest.mark.parametrize("visibility", ["all", "private"])
def test_a_rotation_keeps_the_visibility_all_or_private(
    world: World, action: Action, visibility: str
) -> None:
    """Secrets for all or for private repositories keep their visibility."""
    stored_triplet(world, ORGANIZATION, visibility=visibility)

    assert action.run_in_process(ROTATION, {"ACR_PASSWORD": "new"}) == 0

    assert {s.visibility for s in world.secrets(ORGANIZATION).values()} == {visibility}


def test_each_write_of_an_organization_secret_has_visibility_and_all_repositories(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Each PUT of a value has the visibility and all selected repositories."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=ALL_REPOSITORIES)

    action.run_in_process(ROTATION, {"ACR_PASSWORD": "new"})

    bodies = [
        exchange.body for exchange in sandbox.writes if exchange.path.endswith(tuple(TRIPLET))
    ]
    assert len(bodies) == 3
    for body in bodies:
        assert isinstance(body, dict)
        assert body["visibility"] == "selected"
        assert len(body["selected_repository_ids"]) == 250


def test_the_server_is_written_last(sandbox: Sandbox, action: Action) -> None:
    """So Codespaces never uses an incomplete triplet."""
    spec = ROTATION.replace("organization: octo-org", "repository: octo-org/app")

    action.run_in_process(spec, {"ACR_PASSWORD": "new"})

    names = [exchange.path.rpartition("/")[2] for exchange in sandbox.writes]
    assert names == [f"ACR_CONTAINER_REGISTRY_{part}" for part in ("PASSWORD", "USER", "SERVER")]


ENSURE = """
version: 1
registries:
  - id: ACR
    targets:
      - organization: octo-org
        repositories: {{mode: ensure, include: [{name}]}}
"""


def test_twenty_concurrent_runs_with_ensure_all_add_their_repository(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """`ensure` uses the endpoint for one repository, so no run overwrites the changes of another."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    names = [f"svc-{n:03}" for n in range(20)]

    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(lambda name: action.run_in_process(ENSURE.format(name=name)), names))

    assert codes == [0] * 20
    for secret in world.secrets(ORGANIZATION).values():
        assert set(secret.repositories) == {f"octo-org/{name}" for name in ["app", *names]}
    assert not [exchange for exchange in sandbox.writes if exchange.path.endswith("/repositories")]


def test_ensure_with_a_rotation_keeps_repositories_that_were_added_before(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """Selected repositories that are sent with a value are read again right before the write."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    spec = ROTATION.replace(
        "{organization: octo-org}",
        "{organization: octo-org, repositories: {mode: ensure, include: [svc-001]}}",
    )

    assert action.run_in_process(spec, {"ACR_PASSWORD": "new"}) == 0

    for secret in world.secrets(ORGANIZATION).values():
        assert set(secret.repositories) == {"octo-org/app", "octo-org/svc-001"}
    reads = [
        exchange
        for exchange in sandbox.exchanges
        if exchange.path.endswith("PASSWORD/repositories")
    ]
    assert len(reads) == 2


def test_only_secrets_with_other_repositories_than_the_spec_are_changed(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The change `access` writes no value, and only the member whose repositories differ."""
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    name = "ACR_CONTAINER_REGISTRY_USER"
    world.set_repositories(ORGANIZATION, name, ["octo-org/svc-001"])
    spec = ENSURE.replace("{{mode: ensure, include: [{name}]}}", "[app]")

    step = action.step(spec)

    assert step.outputs["access-changed"] == "1"
    assert [exchange.path.rpartition("secrets/")[2] for exchange in sandbox.writes] == [
        f"{name}/repositories"
    ]
    assert world.secrets(ORGANIZATION)[name].repositories == ("octo-org/app",)
    assert world.secrets(ORGANIZATION)[name].value == b"old"


def test_a_repository_is_found_by_its_former_name(world: World, action: Action) -> None:
    """For a target and in a selection. The log has the new name."""
    world.rename("octo-org/app", "octo-org/app-two")
    spec = ROTATION.replace(
        "[{organization: octo-org}]",
        "[{repository: octo-org/app}, {organization: octo-org, repositories: [app]}]",
    )

    step = action.step(spec, {"ACR_PASSWORD": "new"})

    assert step.exit_code == 0, step.stdout
    assert len(world.secrets("repository:octo-org/app-two")) == 3
    selections = {s.repositories for s in world.secrets(ORGANIZATION).values()}
    assert selections == {("octo-org/app-two",)}
    assert "octo-org/app was renamed to octo-org/app-two" in step.stdout


def test_archived_and_excluded_repositories_are_left_out(world: World, action: Action) -> None:
    """With `archived: true`, a glob matches archived repositories too."""
    world.add_repository("octo-org/old-1", archived=True)
    world.add_repository("octo-org/old-2")
    world.add_repository("octo-org/old-legacy")
    selection = '{include: ["old-*"], exclude: ["*-legacy"]}'
    spec = ROTATION.replace(
        "{organization: octo-org}", f"{{organization: octo-org, repositories: {selection}}}"
    )

    step = action.step(spec, {"ACR_PASSWORD": "new"})

    secrets = world.secrets(ORGANIZATION)
    assert {s.repositories for s in secrets.values()} == {("octo-org/old-2",)}
    assert "left out because they are archived: octo-org/old-1" in step.stdout

    spec = spec.replace('"]}', '"], archived: true}')
    action.run_in_process(spec, {"ACR_PASSWORD": "new"})

    secrets = world.secrets(ORGANIZATION)
    assert {s.repositories for s in secrets.values()} == {("octo-org/old-1", "octo-org/old-2")}
