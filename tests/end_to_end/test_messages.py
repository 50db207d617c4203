"""Equal messages are reported once, and counts of zero are left out."""

from __future__ import annotations

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, Action, stored_triplet

SPEC = ACR_SPEC + "    rotate: missing\n    targets:\n"
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}


def spec(*names: str) -> str:
    """Return a spec with a line for each repository."""
    return SPEC + "".join(f"      - repository: octo-org/{name}\n" for name in names)


NAMES = [f"svc-{number:03}" for number in range(40)]


def test_equal_notices_of_forty_targets_are_one_notice(action: Action) -> None:
    """Both as an annotation and in the summary."""
    text = spec(*NAMES).replace("mycompany.azurecr.io", "ghcr.io")

    step = action.step(text, ENVIRONMENT, mode="plan")

    (notice,) = step.annotations("notice")
    assert "ACR at 40 targets: not needed for ghcr.io" in notice
    assert "repository:octo-org/svc-002 and 37 more)" in notice
    assert step.summary.count("**Notice**") == 1


def test_equal_errors_of_forty_targets_are_one_error(sandbox: Sandbox, action: Action) -> None:
    """The annotation is at the line of the first target."""
    sandbox.fail(Fault(method="PUT", status=422, times=None, body='{"message": "no"}'))

    step = action.step(spec(*NAMES), ENVIRONMENT)

    (error,) = step.annotations("error")
    assert "create ACR at 40 targets: GitHub returned 422" in error
    assert error.startswith("input `spec`:10: ")
    assert step.summary.count("GitHub returned") == 1
    assert step.summary.count(" failed to create<br>") == 40


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_the_advice_for_a_blocked_change_appears_once(
    world: World, action: Action, mode: str
) -> None:
    """It is in the error; the line of the log and the row of the summary have only the reason."""
    world.add_repository("octo-org/attic", archived=True)

    step = action.step(spec("attic"), ENVIRONMENT, mode=mode)

    assert step.exit_code == 1
    for text in (step.log, step.summary):
        assert text.count("unarchive it") == 1
        assert text.count("the repository is archived") == 2


def test_check_marks_rotations_that_do_not_count_as_drift(world: World, action: Action) -> None:
    """So the log explains why a check with changes succeeds."""
    stored_triplet(world, "repository:octo-org/app")
    text = spec("app").replace("rotate: missing", "rotate: changed")

    step = action.step(text, ENVIRONMENT, mode="check")

    assert (step.exit_code, step.outputs["drift"]) == (0, "false")
    (line,) = [line for line in step.stdout.splitlines() if "does not count as drift" in line]
    assert line.startswith("  ~ rotate   ACR at repository:octo-org/app: ")
    assert "Plan: 1 to rotate (1 not counted as drift)." in step.stdout
    assert "1 to rotate (1 not counted as drift)." in step.summary


def test_a_run_without_changes_says_so(world: World, action: Action) -> None:
    """The plan and the outcome have the number of triplets that are up to date."""
    stored_triplet(world, "repository:octo-org/app")

    step = action.step(spec("app"), ENVIRONMENT)

    assert step.exit_code == 0
    assert "Plan: no changes, 1 unchanged." in step.stdout
    assert "Apply complete: no changes, 1 unchanged." in step.stdout
