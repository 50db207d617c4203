"""The contents of the wheel, and the files that building it creates."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from zipfile import ZipFile

import pytest

from repo.documents import ROOT

PACKAGE = "codespaces_registry_secrets"
BUILD_INPUTS = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "src")
AUTHOR = ("-c", "user.name=octocat", "-c", "user.email=octocat@example.com")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def run(folder: Path, *command: str) -> str:
    process = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def status(folder: Path, *options: str) -> Sequence[str]:
    """The lines of `git status --porcelain`."""
    return run(folder, "git", "status", "--porcelain", *options).splitlines()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the wheel was built, as by `pip install .`."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in BUILD_INPUTS:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=NOT_COPIED)
        else:
            shutil.copy(source, copy)
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", *AUTHOR, "commit", "--quiet", "--message", "Checkout")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "dist")
    run(folder, sys.executable, "-m", "pip", "wheel", "--quiet", *options, ".")
    return folder


def test_the_wheel_contains_only_the_action(checkout: Path) -> None:
    """All of its modules, and not the sandbox."""
    (wheel,) = (checkout / "dist").iterdir()
    names = ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    src = ROOT / "src"

    assert modules == {str(path.relative_to(src)) for path in (src / PACKAGE).rglob("*.py")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_git_ignores_the_files_of_a_build(checkout: Path) -> None:
    """Also the metadata that an editable install writes next to the packages."""
    assert status(checkout) == []
    assert status(checkout, "--ignored") == ["!! build/", "!! dist/", f"!! src/{PACKAGE}.egg-info/"]
