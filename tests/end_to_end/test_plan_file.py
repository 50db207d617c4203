"""The whole plan as a file for later steps."""

from __future__ import annotations

from pathlib import Path

import pytest

from github_sandbox import World
from runner_protocol import commands, key_values
from sandboxed_action import ACR_SPEC, Action

SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"


def test_a_temporary_folder_that_is_not_there_is_a_warning(
    world: World,
    action: Action,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Older self-hosted runners name one that no container sees; all else is done as ever."""
    (tmp_path / "output").touch()
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "RUNNER_TEMP": str(tmp_path / "_temp"),
    }
    monkeypatch.setenv("GITHUB_OUTPUT", environment["GITHUB_OUTPUT"])

    assert action.here(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    (warning,) = [c.message for c in commands(capsys.readouterr().out) if c.name == "warning"]
    assert "the output `plan-file` is not set" in warning
    assert "update the runner, or use the output `plan`" in warning
    outputs = key_values((tmp_path / "output").read_text())
    assert "plan-file" not in outputs
    assert outputs["created"] == "1"


def test_a_summary_that_cannot_be_written_is_a_warning(
    world: World, action: Action, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What was done is done, and the log and the outputs say so."""
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "gone" / "summary"),
    }

    assert action.here(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    (warning,) = [c.message for c in commands(capsys.readouterr().out) if c.name == "warning"]
    assert "cannot write the summary to GITHUB_STEP_SUMMARY: No such file" in warning


def test_outputs_that_cannot_be_written_are_a_warning(
    world: World,
    action: Action,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The summary is written all the same."""
    environment = {
        "ACR_PASSWORD": "correct-horse",
        "GITHUB_OUTPUT": str(tmp_path / "gone" / "output"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
    }
    monkeypatch.setenv("GITHUB_OUTPUT", environment["GITHUB_OUTPUT"])

    assert action.here(SPEC, environment) == 0

    assert len(world.secrets("repository:octo-org/app")) == 3
    assert "repository:octo-org/app" in (tmp_path / "summary").read_text()
    (warning,) = [c.message for c in commands(capsys.readouterr().out) if c.name == "warning"]
    assert "cannot write the outputs to GITHUB_OUTPUT: no such file" in warning
