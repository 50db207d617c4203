"""Fixtures for the command line: the installed command, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import CommandLine, install


@pytest.fixture(scope="session")
def installed_command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install(tmp_path_factory.mktemp("wheel"))


@pytest.fixture
def cli(installed_command: Path, tmp_path: Path) -> CommandLine:
    return CommandLine(installed_command, tmp_path)
