"""What goes wrong, or is worth knowing, is told once."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import Action, stored_triplet

SPEC = """
version: 1
registries:
  - id: ACR
    server: {server}
    username: me
    password: {{env: ACR_PASSWORD}}
    rotate: missing
    targets:
"""
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}


def spec(*names: str, server: str = "mycompany.azurecr.io") -> str:
    """A spec with a line for each repository."""
    lines = "".join(f"      - repository: octo-org/{name}\n" for name in names)
    return SPEC.format(server=server) + lines


MANY = [f"svc-{number:03}" for number in range(40)]


def test_forty_equal_notices_are_one(action: Action) -> None:
    """As an annotation and in the summary."""
    step = action.step(spec(*MANY, server="ghcr.io"), ENVIRONMENT, mode="plan")

    (notice,) = step.annotations("notice")
    assert "ACR at 40 targets: not needed for ghcr.io" in notice
    assert "repository:octo-org/svc-002 and 37 more)" in notice
    assert step.summary.count("**Notice**") == 1


def test_forty_equal_failures_are_one(sandbox: Sandbox, action: Action) -> None:
    """At the line of the first."""
    sandbox.fail(Fault(method="PUT", status=422, times=None, body='{"message": "no"}'))

    step = action.step(spec(*MANY), ENVIRONMENT)

    (error,) = step.annotations("error")
    assert "create ACR at 40 targets: GitHub returned 422" in error
    assert error.startswith("input `spec`:10: ")
    assert step.summary.count("GitHub returned") == 1
    assert step.summary.count("| failed |") == 40


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_what_to_do_about_a_blocked_change_is_told_once(
    world: World, action: Action, mode: str
) -> None:
    """As an error; its line of the plan and its row say only what is in the way."""
    world.add_repository("octo-org/attic", archived=True)

    step = action.step(spec("attic"), ENVIRONMENT, mode=mode)

    assert step.exit_code == 1
    for text in (step.log, step.summary):
        assert text.count("unarchive it") == 1
        assert text.count("the repository is archived") == 2


def test_check_says_which_rotations_are_no_drift(world: World, action: Action) -> None:
    """So that a green check with changes in it explains itself."""
    stored_triplet(world, "repository:octo-org/app")
    text = spec("app").replace("rotate: missing", "rotate: changed")

    step = action.step(text, ENVIRONMENT, mode="check")

    assert (step.exit_code, step.outputs["drift"]) == (0, "false")
    (line,) = [line for line in step.stdout.splitlines() if "does not count as drift" in line]
    assert line.startswith("  ~ rotate   ACR at repository:octo-org/app: ")
    assert "Plan: 1 to rotate (1 not counted as drift)." in step.stdout
    assert "1 to rotate (1 not counted as drift)." in step.summary


def test_where_nothing_is_to_be_done_nothing_is_counted(world: World, action: Action) -> None:
    """A line of zeros says nothing."""
    stored_triplet(world, "repository:octo-org/app")

    step = action.step(spec("app"), ENVIRONMENT)

    assert step.exit_code == 0
    assert "Plan: no changes, 1 unchanged." in step.stdout
    assert "Applied:" not in step.stdout + step.summary
