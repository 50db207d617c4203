"""The same work by GitHub's own command line: one call of `gh secret set` for each target."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.processes import Timed, timed
from benchmarks.sandbox import TOKEN, Run, against
from benchmarks.work import SECRETS, Work


def version() -> str | None:
    """The version of `gh` on this machine; None where there is none, or no xargs."""
    if not shutil.which("gh") or not shutil.which("xargs"):
        return None
    said = subprocess.run(["gh", "--version"], capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+(\.\d+)+", said)
    return match[0] if match else None


def run(work: Work, at_once: int) -> Run:
    """Store the three secrets at each target, so many calls at a time.

    Raises:
        BenchError: one of the calls failed.
    """

    def calls(url: str, folder: Path) -> Timed:
        values = folder / "values.env"
        values.write_text("".join(f"{n}={v}\n" for n, v in SECRETS.items()), encoding="utf-8")
        command = ["xargs", "-P", str(at_once), "-L", "1"]
        command += ["gh", "secret", "set", "--app", "codespaces", "--env-file", str(values)]
        lines = [_options(target) for target in work.targets]
        return timed(command, _environment(url, folder), folder, lines=lines)

    return against(work.site, calls)


def _options(target: str) -> str:
    scope, _, name = target.partition(":")
    return f"--repo {name}" if scope == "repository" else f"--org {name} --visibility private"


def _environment(url: str, folder: Path) -> dict[str, str]:
    """For the host `github.localhost`, gh sends plain HTTP, which the sandbox takes as a proxy."""
    return {
        "GH_CONFIG_DIR": str(folder),
        "GH_HOST": "github.localhost",
        "GH_NO_UPDATE_NOTIFIER": "1",
        "GH_PROMPT_DISABLED": "1",
        "GH_TOKEN": TOKEN,
        "HOME": str(folder),
        "HTTP_PROXY": url,
        "PATH": os.environ["PATH"],
    }
