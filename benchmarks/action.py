"""Run the Action as the image does, with the environment that GitHub's runner sets."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode

from benchmarks.processes import Measurement, measure
from benchmarks.sandbox import ROOT, TOKEN, Run, run_against_sandbox
from benchmarks.workloads import PASSWORD, Workload, repository

PACKAGE = Path("src", "codespaces_registry_secrets")
# The same options as the image's ENTRYPOINT, except the location of the bytecode.
PYTHON = (sys.executable, "-I", "-B", "-u", "-X", "utf8")
UNLIMITED = 999_999  # writes per minute


class Action:
    """A copy of the Action in a folder, compiled as in the Dockerfile."""

    def __init__(self, folder: Path) -> None:
        self._entrypoint = Path(shutil.copy(ROOT / "entrypoint.py", folder))
        shutil.copytree(
            ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__")
        )
        unchecked = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder / PACKAGE, quiet=1, invalidation_mode=unchecked)
        # Part (d) uses the memory of runs that part (a) has measured.
        self.run_once = cache(self.run)

    def run(self, workload: Workload, writes_per_minute: int = UNLIMITED) -> Run:
        """Apply the spec of a workload.

        Raises:
            BenchError: the exit code was not 0.
        """

        def run_step(url: str, folder: Path) -> Measurement:
            spec = folder / ".github" / "codespaces-registries.yml"
            spec.parent.mkdir()
            spec.write_text(workload.spec, encoding="utf-8")
            environment = _environment(url, folder, writes_per_minute)
            return measure([*PYTHON, str(self._entrypoint)], environment, folder)

        return run_against_sandbox(workload.sandbox, run_step)


def _environment(url: str, folder: Path, writes_per_minute: int) -> dict[str, str]:
    """What the runner sets, as far as a run looks at it, and a password."""
    return {
        "ACR_PASSWORD": PASSWORD,
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": _file(folder / "output"),
        "GITHUB_REPOSITORY": repository(0).partition(":")[2],
        "GITHUB_STEP_SUMMARY": _file(folder / "summary"),
        "GITHUB_WORKSPACE": str(folder),
        "INPUT_API-URL": url,
        "INPUT_SPEC-FILE": ".github/codespaces-registries.yml",
        "INPUT_TOKEN": TOKEN,
        "INPUT_VERIFY": "off",
        "INPUT_WRITES-PER-MINUTE": str(writes_per_minute),
        "PATH": os.defpath,
        "RUNNER_TEMP": str(folder),
    }


def _file(path: Path) -> str:
    path.touch()
    return str(path)
