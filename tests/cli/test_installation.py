"""The command as users install it: with pipx and with uv, with its packages from PyPI."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from command_line import BUILD_INPUTS, NAME, NOT_COPIED
from repo.documents import ROOT, SPEC
from repo.project import VERSION

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("installation")]

# The folders of each tool, by variable, and the command to install.
INSTALLERS: Mapping[str, tuple[Mapping[str, str], Sequence[str]]] = {
    "pipx": ({"PIPX_HOME": "home", "PIPX_BIN_DIR": "bin", "PIPX_MAN_DIR": "man"}, ("install", ".")),
    "uv": (
        {"UV_TOOL_DIR": "home", "UV_TOOL_BIN_DIR": "bin", "UV_CACHE_DIR": "cache"},
        ("tool", "install", "."),
    ),
}


def run(
    *command: str | Path, folder: Path, environ: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, check=False, text=True
    )


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the programs pipx and uv, in the versions that a user gets today."""
    folder = tmp_path_factory.mktemp("tools")
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    pip = folder / "bin" / "pip"
    done = run(pip, "install", "--quiet", *INSTALLERS, folder=folder, environ=os.environ)
    assert done.returncode == 0, done.stderr
    return folder / "bin"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy, because a build writes into the checkout."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    for name in BUILD_INPUTS:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=NOT_COPIED)
        else:
            shutil.copy(source, folder)
    return folder


@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_command_works_after_an_installation(
    tools: Path, checkout: Path, tmp_path: Path, installer: str
) -> None:
    """It finds its packages, without the Python of the checkout or its folder."""
    folders, arguments = INSTALLERS[installer]
    # The configuration of the package index stays.
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ = {**inherited, **{name: str(tmp_path / sub) for name, sub in folders.items()}}
    installed = run(tools / installer, *arguments, folder=checkout, environ=environ)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    shutil.rmtree(checkout)
    command = tmp_path / "bin" / NAME
    user = {"HOME": str(tmp_path), "PATH": os.defpath}

    version = run(command, "--version", folder=tmp_path, environ=user)
    valid = run(command, "validate", SPEC, folder=tmp_path, environ=user)
    (tmp_path / "spec.yml").write_text("version: 1\nregistries: []\n")
    invalid = run(command, "validate", "spec.yml", folder=tmp_path, environ=user)

    assert (version.returncode, version.stdout) == (0, f"{VERSION}\n")
    assert (valid.returncode, valid.stderr) == (0, "1 file checked, no errors\n")
    assert invalid.returncode == 1
    assert invalid.stdout.startswith("spec.yml:2:")
