"""The image to test, and a fixture that runs a program in it."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

IMAGE = os.environ.get("IMAGE", "codespaces-registry-secrets:local")
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def image() -> str:
    """The tag of the image that script/image built."""
    return IMAGE


@pytest.fixture(scope="session")
def base() -> str:
    """The base image."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [base] = re.findall(r"^FROM (\S+) AS base$", dockerfile, re.MULTILINE)
    return str(base)


@pytest.fixture(scope="session")
def inspect() -> Callable[[str], Any]:
    """Returns the output of `docker image inspect` for a tag."""
    return lambda tag: json.loads(_docker("image", "inspect", tag))[0]


@pytest.fixture(scope="session")
def inside(image: str) -> Callable[..., str]:
    """Runs a program in the image, without its entry point; returns its output."""

    def run(program: str, *arguments: str) -> str:
        return _docker("run", "--rm", "--entrypoint", program, image, *arguments)

    return run


def _docker(*arguments: str) -> str:
    process = subprocess.run(["docker", *arguments], capture_output=True, check=False, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout
