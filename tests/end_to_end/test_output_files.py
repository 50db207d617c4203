"""Output files that cannot be written are a warning."""

from __future__ import annotations

from pathlib import Path

import pytest

from github_sandbox import World
from runner_protocol import commands, key_values
from sandboxed_action import ACR_SPEC, Action

SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the messages of the warnings in the output."""
    return [
        command.message
        for command in commands(capsys.readouterr().out)
        if command.name == "warning"
    ]


def test_a_temporary_folder_that_does_not_exist_is_a_warning(
    world: World,
    action: Action,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Older self-hosted runners name a folder that does not exist in the container."""
    (tmp_path / "output").touch()
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "RUNNER_TEMP": str(tmp_path / "_temp"),
    }
    monkeypatch.setenv("GITHUB_OUTPUT", environment["GITHUB_OUTPUT"])

    assert action.run_in_process(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    (warning,) = warnings(capsys)
    assert "the output `plan-file` is not set" in warning
    assert "update the runner, or use the output `plan`" in warning
    outputs = key_values((tmp_path / "output").read_text())
    assert "plan-file" not in outputs
    assert outputs["created"] == "1"


def test_a_summary_that_cannot_be_written_is_a_warning(
    world: World, action: Action, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The secrets are written, and the run succeeds."""
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "gone" / "summary"),
    }

    assert action.run_in_process(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    (warning,) = warnings(capsys)
    assert "cannot write the summary to GITHUB_STEP_SUMMARY: No such file" in warning


def test_outputs_that_cannot_be_written_are_a_warning(
    world: World,
    action: Action,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The summary is written, and the run succeeds."""
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_OUTPUT": str(tmp_path / "gone" / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    monkeypatch.setenv("GITHUB_OUTPUT", environment["GITHUB_OUTPUT"])

    assert action.run_in_process(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    assert "repository:octo-org/app" in (tmp_path / "summary").read_text()
    (warning,) = warnings(capsys)
    assert (
        "cannot write the outputs: the file in GITHUB_OUTPUT does not exist or is not writable"
        in warning
    )
