"""Run the Action as the image does, with the environment that GitHub's runner sets."""

from __future__ import annotations

import compileall
import json
import os
import shutil
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode
from types import MappingProxyType

from benchmarks.processes import Measurement, measure
from benchmarks.sandbox import ROOT, TOKEN, Run, run_against_sandbox
from benchmarks.workloads import PASSWORD, Workload, repository
from runner_environment import EVENT, FILE_COMMANDS, GITHUB, StepPaths, build_environment

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
        inputs = {"writes-per-minute": str(writes_per_minute)}
        return run_against_sandbox(
            workload.sandbox, lambda url, folder: self.run_step(workload, url, folder, inputs)
        )

    def run_step(
        self,
        workload: Workload,
        url: str,
        folder: Path,
        inputs: Mapping[str, str],
        password: str = PASSWORD,
    ) -> Measurement:
        """Apply the spec of a workload in a sandbox that runs already, in an empty folder.

        Raises:
            BenchError: the exit code was not 0.
        """
        environment = prepare_step(workload, url, folder, inputs, password)
        return measure([*PYTHON, str(self._entrypoint)], environment, folder)


def prepare_step(
    workload: Workload,
    url: str,
    folder: Path,
    inputs: Mapping[str, str] = MappingProxyType({}),
    password: str = PASSWORD,
) -> dict[str, str]:
    """Write the files of a step; return the variables that the runner sets, and a password."""
    spec = folder / ".github" / "codespaces-registries.yml"
    spec.parent.mkdir()
    spec.write_text(workload.spec, encoding="utf-8")
    root = str(folder)
    paths = StepPaths(root, root, root, root, root, step="bench")
    for command in FILE_COMMANDS:
        Path(paths.file(command)).touch()
    Path(paths.event).write_text(json.dumps(EVENT), encoding="utf-8")
    inputs = {
        "api-url": url,
        "spec-file": ".github/codespaces-registries.yml",
        "token": TOKEN,
        "verify": "off",
        **inputs,
    }
    github = {**GITHUB, "repository": repository(0).partition(":")[2]}
    env = {"ACR_PASSWORD": password, "PATH": os.defpath}
    return build_environment(inputs, paths, github=github, env=env)
