"""Triplets that the spec does not name go with `prune`, and nothing else ever does."""

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


def add(world: World, *registries: str) -> None:
    """Triplets of other registries, each with its three members."""
    for registry in registries:
        for part in ("SERVER", "USER", "PASSWORD"):
            world.put_secret(REPOSITORY, f"{registry}_CONTAINER_REGISTRY_{part}", b"other")


@pytest.fixture
def crowded(world: World) -> World:
    """The triplet of the spec, a whole and a half stray one, and secrets that are none."""
    stored_triplet(world, REPOSITORY)
    add(world, "OLD")
    world.put_secret(REPOSITORY, "HALF_CONTAINER_REGISTRY_USER", b"other")
    for name in ("NPM_TOKEN", "MY_CONTAINER_REGISTRY", "ACR_CONTAINER_REGISTRY_PASSWORD_2"):
        world.put_secret(REPOSITORY, name, b"nobody's business")
    return world


def test_without_prune_a_stray_is_only_told(
    crowded: World, sandbox: Sandbox, action: Action
) -> None:
    """As a notice, with the ids."""
    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 0
    assert sandbox.writes == []
    (notice,) = step.annotations("notice")
    assert "repository:octo-org/app: 2 triplets are not in the spec: HALF, OLD" in notice
    assert step.outputs["drift"] == "false"


def test_prune_deletes_strays_and_nothing_else(
    crowded: World, sandbox: Sandbox, action: Action
) -> None:
    """SERVER first, so that no triplet is used half; a second run finds nothing."""
    step = action.step(SPEC, ENVIRONMENT, prune="true")

    assert step.exit_code == 0, step.stdout
    assert step.outputs["deleted"] == "2"
    assert set(crowded.secrets(REPOSITORY)) == {
        *TRIPLET,
        "NPM_TOKEN",
        "MY_CONTAINER_REGISTRY",
        "ACR_CONTAINER_REGISTRY_PASSWORD_2",
    }
    gone = [one.path.rpartition("_")[2] for one in sandbox.writes if "OLD" in one.path]
    assert gone == ["SERVER", "USER", "PASSWORD"]
    sandbox.clear_exchanges()
    assert action.here(SPEC, ENVIRONMENT, prune="true") == 0
    assert sandbox.writes == []


def test_plan_and_check_show_what_prune_would_delete(crowded: World, action: Action) -> None:
    """And `check` calls it drift."""
    before = crowded.secrets(REPOSITORY)

    step = action.step(SPEC, ENVIRONMENT, prune="true", mode="check")

    assert step.exit_code == 2
    assert "- delete   OLD at repository:octo-org/app: the spec does not name it" in step.stdout
    assert crowded.secrets(REPOSITORY) == before


@pytest.mark.parametrize(("limit", "code"), [("", 1), ("50%", 1), ("100%", 0)])
def test_prune_has_a_limit(world: World, action: Action, limit: str, code: int) -> None:
    """A spec that lost most of its registries by mistake deletes nothing."""
    stored_triplet(world, REPOSITORY)
    add(world, "A", "B", "C", "D")

    step = action.step(SPEC, ENVIRONMENT, prune="true", removal_limit=limit)

    assert step.exit_code == code, step.stdout
    assert len(world.secrets(REPOSITORY)) == (15 if code else 3)
    assert ("would delete 4 of 5 triplets of this target" in step.stdout) == bool(code)


def test_a_target_that_was_not_seen_is_not_pruned(
    crowded: World, sandbox: Sandbox, action: Action
) -> None:
    """What could not be listed cannot be told from what is not there."""
    sandbox.fail(Fault(path="/codespaces/secrets", status=502, times=None))

    assert action.here(SPEC, ENVIRONMENT, prune="true") == 1
    assert sandbox.writes == []


def test_nothing_goes_where_its_replacement_does_not_come(
    crowded: World, sandbox: Sandbox, action: Action
) -> None:
    """A registry that was renamed is a stray and a new one; one may replace the other."""
    renamed = SPEC.replace("id: ACR", "id: NEW")
    before = crowded.secrets(REPOSITORY)

    blocked = action.step(
        renamed.replace("rotate: missing", "expires: 2020-01-01"), ENVIRONMENT, prune="true"
    )
    assert blocked.exit_code == 1
    assert crowded.secrets(REPOSITORY) == before
    assert "another change at this target is blocked and may replace this triplet" in blocked.stdout

    sandbox.fail(Fault(method="PUT", path="NEW_.*_SERVER$", status=500, times=None))
    assert action.here(renamed, ENVIRONMENT, prune="true") == 1
    assert set(before) <= set(crowded.secrets(REPOSITORY))

    sandbox.clear_faults()
    assert action.here(renamed, ENVIRONMENT, prune="true") == 0
    assert not set(TRIPLET) & set(crowded.secrets(REPOSITORY))


@pytest.mark.parametrize("inputs", [{"only": "ACR"}, {"spec": "", "id": "ACR"}])
def test_a_part_of_a_spec_tells_nothing_of_strays(
    crowded: World, action: Action, inputs: dict[str, str]
) -> None:
    """What it does not name may well be in the rest."""
    given = {"target": "repository:octo-org/app", "rotate": "missing"} if "id" in inputs else {}
    spec = inputs.pop("spec", SPEC)

    step = action.step(spec, ENVIRONMENT, **given, **inputs)

    assert step.annotations("notice") == []


def test_prune_needs_the_whole_spec(action: Action) -> None:
    """`only` would make strays of all other registries."""
    step = action.step(SPEC, ENVIRONMENT, prune="true", only="ACR")

    assert step.exit_code == 1
    assert "`prune` and `only` are mutually exclusive" in step.stdout
