"""The files of a small project to release, and git."""

from __future__ import annotations

import subprocess
from pathlib import Path

TAG = "v0.1.0"
FILES = (
    "pyproject.toml",
    "Dockerfile",
    "action.yml",
    ".gitignore",
    ".github/actions/merge-shards/action.yml",
    ".github/actions/update-issue/action.yml",
    ".github/workflows/provision.yml",
    ".github/workflows/release.yml",
    "requirements/action.txt",
)
CHANGELOG = """# Changelog

## [Unreleased]

## [0.1.0] - 2026-12-01

### Added

- The first version.

## [0.0.9] - 2026-11-01

- An older one.
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git, and return its output."""
    author = ("-c", "user.name=octocat", "-c", "user.email=octocat@example.com")
    command = ["git", *author, *arguments]
    process = subprocess.run(command, cwd=folder, capture_output=True, check=True, text=True)
    return process.stdout.strip()
