"""What `script/demo` shows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_demo_ends_with_nothing_left_to_do() -> None:
    """Plan, apply, a refusal that the stored credential survives, and a plan of nothing."""
    done = subprocess.run(
        [sys.executable, "-m", "github_sandbox.demo"],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "no changes"
    assert "rejects the credential (401)" in done.stdout
    assert "The stored credential is unchanged." in done.stdout
    for password in ("correct horse battery staple", "a token of octocat", "that was revoked"):
        assert password not in done.stdout
