"""`prune` deletes triplets that are not in the spec, and nothing else."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action, stored_triplet

REPOSITORY = "repository:octo-org/app"
SPEC = (
    ACR_SPEC
    + """\
    rotate: missing
    targets: [{repository: octo-org/app}]
"""
)
ENVIRONMENT = {"ACR_PASSWORD": "new"}


@pytest.fixture
def with_unmanaged(world: World) -> World:
    """The triplet of the spec, a whole and a half triplet that are not in it, and other secrets."""
    stored_triplet(world, REPOSITORY)
    stored_triplet(world, REPOSITORY, registry="OLD")
    world.put_secret(REPOSITORY, "HALF_CONTAINER_REGISTRY_USER", b"other")
    for name in ("NPM_TOKEN", "MY_CONTAINER_REGISTRY", "ACR_CONTAINER_REGISTRY_PASSWORD_2"):
        world.put_secret(REPOSITORY, name, b"unrelated")
    return world


def test_without_prune_unmanaged_triplets_are_a_notice(
    with_unmanaged: World, sandbox: Sandbox, action: Action
) -> None:
    """The notice has the ids of their registries."""
    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 0
    assert sandbox.writes == []
    (notice,) = step.annotations("notice")
    assert "repository:octo-org/app: 2 triplets are not in the spec: HALF, OLD" in notice
    assert step.outputs["drift"] == "false"


def test_prune_deletes_unmanaged_triplets_and_nothing_else(
    with_unmanaged: World, sandbox: Sandbox, action: Action
) -> None:
    """SERVER first, so that Codespaces uses no incomplete triplet. A second run writes nothing."""
    step = action.step(SPEC, ENVIRONMENT, prune="true")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["deleted"] == "2"
    assert set(with_unmanaged.secrets(REPOSITORY)) == {
        *TRIPLET,
        "NPM_TOKEN",
        "MY_CONTAINER_REGISTRY",
        "ACR_CONTAINER_REGISTRY_PASSWORD_2",
    }
    deleted = [
        exchange.path.rpartition("_")[2] for exchange in sandbox.writes if "OLD" in exchange.path
    ]
    assert deleted == ["SERVER", "USER", "PASSWORD"]
    sandbox.clear_exchanges()
    assert action.run_in_process(SPEC, ENVIRONMENT, prune="true") == 0
    assert sandbox.writes == []


def test_plan_and_check_show_what_prune_would_delete(with_unmanaged: World, action: Action) -> None:
    """For `check`, a deletion is drift."""
    before = with_unmanaged.secrets(REPOSITORY)

    step = action.step(SPEC, ENVIRONMENT, prune="true", mode="check")

    assert step.exit_code == 2
    assert "- delete   OLD at repository:octo-org/app: the spec does not name it" in step.stdout
    assert with_unmanaged.secrets(REPOSITORY) == before


@pytest.mark.parametrize(("limit", "code"), [("", 1), ("50%", 1), ("100%", 0)])
def test_prune_stays_within_the_removal_limit(
    world: World, action: Action, limit: str, code: int
) -> None:
    """A spec that lost most of its registries by mistake must delete nothing."""
    stored_triplet(world, REPOSITORY)
    for registry in ("A", "B", "C", "D"):
        stored_triplet(world, REPOSITORY, registry=registry)

    step = action.step(SPEC, ENVIRONMENT, prune="true", removal_limit=limit)

    assert step.exit_code == code, step.stdout
    assert len(world.secrets(REPOSITORY)) == (15 if code else 3)
    assert ("would delete 4 of 5 triplets of this target" in step.stdout) == bool(code)


def test_a_target_that_cannot_be_listed_is_not_pruned(
    with_unmanaged: World, sandbox: Sandbox, action: Action
) -> None:
    """A target that cannot be listed seems to be empty."""
    sandbox.fail(Fault(path="/codespaces/secrets", status=502, times=None))

    assert action.run_in_process(SPEC, ENVIRONMENT, prune="true") == 1
    assert sandbox.writes == []


def test_nothing_is_deleted_at_a_target_with_a_blocked_or_failed_change(
    with_unmanaged: World, sandbox: Sandbox, action: Action
) -> None:
    """A renamed registry id is a new triplet and an unmanaged one, which it can replace."""
    renamed = SPEC.replace("id: ACR", "id: NEW")
    before = with_unmanaged.secrets(REPOSITORY)

    blocked = action.step(
        renamed.replace("rotate: missing", "expires: 2020-01-01"), ENVIRONMENT, prune="true"
    )
    assert blocked.exit_code == 1
    assert with_unmanaged.secrets(REPOSITORY) == before
    assert "another change at this target is blocked and can replace this triplet" in blocked.stdout

    sandbox.fail(Fault(method="PUT", path="NEW_.*_SERVER$", status=500, times=None))
    assert action.run_in_process(renamed, ENVIRONMENT, prune="true") == 1
    assert set(before) <= set(with_unmanaged.secrets(REPOSITORY))

    sandbox.clear_faults()
    assert action.run_in_process(renamed, ENVIRONMENT, prune="true") == 0
    assert not set(TRIPLET) & set(with_unmanaged.secrets(REPOSITORY))


@pytest.mark.parametrize("inputs", [{"only": "ACR"}, {"spec": "", "id": "ACR"}])
def test_a_run_with_a_part_of_the_spec_reports_no_unmanaged_triplets(
    with_unmanaged: World, action: Action, inputs: dict[str, str]
) -> None:
    """The triplets can be in the rest of the spec."""
    inputs = {"spec": SPEC, **inputs}
    if "id" in inputs:
        inputs |= {"target": "repository:octo-org/app", "rotate": "missing"}

    step = action.step(env=ENVIRONMENT, **inputs)

    assert step.annotations("notice") == []


def test_prune_needs_the_whole_spec(action: Action) -> None:
    """With `only`, all other registries would be unmanaged."""
    step = action.step(SPEC, ENVIRONMENT, prune="true", only="ACR")

    assert step.exit_code == 1
    assert "`prune` and `only` are mutually exclusive" in step.stdout
