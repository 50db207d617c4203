"""The image under test, and a way to run things in it."""

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
    """The image that it is built on."""
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    [base] = re.findall(r"^FROM (\S+) AS base$", dockerfile, re.MULTILINE)
    return str(base)


@pytest.fixture(scope="session")
def inspect() -> Callable[[str], Any]:
    """What docker knows about an image."""
    return lambda tag: json.loads(_docker("image", "inspect", tag))[0]


@pytest.fixture(scope="session")
def inside(image: str) -> Callable[..., str]:
    """Runs a program in the image, without its entry point, and gives what it prints."""

    def run(program: str, *arguments: str) -> str:
        return _docker("run", "--rm", "--entrypoint", program, image, *arguments)

    return run


def _docker(*arguments: str) -> str:
    done = subprocess.run(["docker", *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout
