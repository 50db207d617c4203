"""The output of `script/demo`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_ends_with_a_plan_without_changes() -> None:
    """It also shows a rejected credential, which replaces no stored one, and no password."""
    process = subprocess.run(
        [sys.executable, "-m", "github_sandbox.demo"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
        text=True,
    )

    assert process.returncode == 0, process.stdout + process.stderr
    assert process.stdout.splitlines()[-1] == "no changes"
    assert "rejects the credential (401)" in process.stdout
    assert "The stored credential is unchanged." in process.stdout
    for password in ("correct horse battery staple", "a token of octocat", "that was revoked"):
        assert password not in process.stdout
