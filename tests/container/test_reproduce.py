"""Two builds of one checkout are the same image."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
def test_two_builds_have_one_digest() -> None:
    """Without a cache, in two folders, with other times and modes of the files."""
    command = [ROOT / "script" / "reproduce"]
    process = subprocess.run(command, capture_output=True, check=False, text=True)

    assert process.returncode == 0, process.stdout + process.stderr
    first, second = re.findall(r"build: (sha256:[0-9a-f]{64}), (\d+) files", process.stdout)
    assert first == second
    assert int(first[1]) > 1_000
