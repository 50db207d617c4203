"""The Action as the image holds it, run as GitHub's runner would."""

from __future__ import annotations

import compileall
import os
import shutil
import sys
from functools import cache
from pathlib import Path
from py_compile import PycInvalidationMode

from benchmarks.processes import Timed, timed
from benchmarks.sandbox import ROOT, TOKEN, Run, against
from benchmarks.work import PASSWORD, Work, repository

PACKAGE = Path("src", "codespaces_registry_secrets")
# As in the image's ENTRYPOINT, but for where its bytecode lies.
PYTHON = (sys.executable, "-I", "-B", "-u", "-X", "utf8")
UNPACED = 999_999  # writes per minute: as many as the machine can


class Action:
    """A compiled copy of the Action in a folder, as the Dockerfile makes one."""

    def __init__(self, folder: Path) -> None:
        self._entrypoint = Path(shutil.copy(ROOT / "entrypoint.py", folder))
        shutil.copytree(
            ROOT / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__")
        )
        unchecked = PycInvalidationMode.UNCHECKED_HASH
        compileall.compile_dir(folder / PACKAGE, quiet=1, invalidation_mode=unchecked)
        # Part (d) looks at runs of part (a) again.
        self.once = cache(self.run)

    def run(self, work: Work, writes_per_minute: int = UNPACED) -> Run:
        """Apply a spec.

        Raises:
            BenchError: the Action did not end with 0.
        """

        def step(url: str, folder: Path) -> Timed:
            spec = folder / ".github" / "codespaces-registries.yml"
            spec.parent.mkdir()
            spec.write_text(work.spec, encoding="utf-8")
            environment = _environment(url, folder, writes_per_minute)
            return timed([*PYTHON, str(self._entrypoint)], environment, folder)

        return against(work.site, step)


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
