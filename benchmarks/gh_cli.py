"""Run a workload with GitHub's own command line: one `gh secret set` per target."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from benchmarks.processes import Measurement, measure
from benchmarks.sandbox import TOKEN, Run, run_against_sandbox
from benchmarks.workloads import SECRETS, Workload


def find_version() -> str | None:
    """The version of `gh` on this machine; None if `gh` or `xargs` is not installed."""
    if not shutil.which("gh") or not shutil.which("xargs"):
        return None
    command = ["gh", "--version"]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    match = re.search(r"\d+(\.\d+)+", output)
    return match[0] if match else None


def run(workload: Workload, concurrency: int, *, seconds_per_call: float | None = None) -> Run:
    """Store the triplet at each target, with up to `concurrency` calls at the same time.

    `gh` has no rate. With `seconds_per_call`, the next call waits until that time is over, and a
    call that fails is repeated after a second. Without it, a failed call ends the run.

    Raises:
        BenchError: a call failed.
    """

    def run_gh(url: str, folder: Path) -> Measurement:
        env_file = folder / "values.env"
        env_file.write_text("".join(f"{n}={v}\n" for n, v in SECRETS.items()), encoding="utf-8")
        command = ["xargs", "-P", str(concurrency), "-L", "1"]
        if seconds_per_call is not None:
            script = f'sleep {seconds_per_call} & until "$@"; do sleep 1; done; wait'
            command += ["sh", "-c", script, "sh"]
        command += ["gh", "secret", "set", "--app", "codespaces", "--env-file", str(env_file)]
        lines = [_options(target) for target in workload.targets]
        return measure(command, _environment(url, folder), folder, lines=lines)

    return run_against_sandbox(workload.sandbox, run_gh)


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
