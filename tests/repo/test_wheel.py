"""What an installation gets, and what building it leaves behind."""

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
BUILT_FROM = ("pyproject.toml", "README.md", "LICENSE", ".gitignore", "src")
IDENTITY = ("-c", "user.name=octocat", "-c", "user.email=octocat@example.com")
IGNORED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def status(folder: Path, *options: str) -> Sequence[str]:
    """The files that git lists as untracked."""
    return run(folder, "git", "status", "--porcelain", *options).splitlines()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout in which the wheel was built, as `pip install .` does it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in BUILT_FROM:
        source, copy = ROOT / name, folder / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=IGNORED)
        else:
            shutil.copy(source, copy)
    run(folder, "git", "init", "--quiet")
    run(folder, "git", "add", "--all")
    run(folder, "git", *IDENTITY, "commit", "--quiet", "--message", "Checkout")
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", "dist")
    run(folder, sys.executable, "-m", "pip", "wheel", "--quiet", *options, ".")
    return folder


def test_the_wheel_holds_the_action_alone(checkout: Path) -> None:
    """Every module of it, and not the sandbox."""
    (wheel,) = (checkout / "dist").iterdir()
    names = ZipFile(wheel).namelist()
    modules = {name for name in names if ".dist-info/" not in name}
    src = ROOT / "src"

    assert modules == {str(path.relative_to(src)) for path in (src / PACKAGE).rglob("*.py")}
    assert any(name.endswith("/licenses/LICENSE") for name in names)


def test_git_ignores_what_a_build_leaves(checkout: Path) -> None:
    """Also the metadata that an editable install writes next to the packages."""
    assert status(checkout) == []
    assert status(checkout, "--ignored") == ["!! build/", "!! dist/", f"!! src/{PACKAGE}.egg-info/"]
