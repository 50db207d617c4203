"""Install the wheel, and run its command `codespaces-registry-secrets` in separate processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = "codespaces-registry-secrets"
# setuptools reads only these files.
BUILD_INPUTS = ("pyproject.toml", "README.md", "LICENSE", "src")
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def install(folder: Path) -> Path:
    """Build the wheel, install it without its packages into a folder, and return the command."""
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in BUILD_INPUTS:
        source, copy = ROOT / name, checkout / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=NOT_COPIED)
        else:
            shutil.copy(source, copy)
    installed = folder / "installed"
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    command = (sys.executable, "-m", "pip", "install", "--quiet", *options, "--target", installed)
    process = subprocess.run([*command, checkout], capture_output=True, check=False, text=True)
    assert process.returncode == 0, process.stderr
    return installed / "bin" / NAME


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """The installed command, a folder to run it in, and its environment variables."""

    command: Path
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str | bytes = b"", **variables: str) -> Result:
        """Run the command to its end; `stdin` is no terminal."""
        process = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.variables(variables),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            check=False,
            timeout=60,
        )
        return Result(process.returncode, process.stdout.decode(), process.stderr.decode())

    def variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The environment of the command: no token and no settings of the machine's own."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        base["PYTHONPATH"] = str(self.command.parents[1])
        coverage = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")}
        return {**base, **coverage, **self.environ, **variables}
