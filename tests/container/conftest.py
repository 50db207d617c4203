"""The image to test, and a fixture that runs a program in it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from image_build.dockerfile import BASE
from image_build.layers import Image, read_image

IMAGE = os.environ.get("IMAGE", "codespaces-registry-secrets:local")


@pytest.fixture(scope="session")
def image() -> str:
    """The tag of the image that script/image built."""
    return IMAGE


@pytest.fixture(scope="session")
def base() -> str:
    """The base image."""
    return BASE


@pytest.fixture(scope="session")
def inspect() -> Callable[[str], Any]:
    """Returns the output of `docker image inspect` for a tag."""
    return lambda tag: json.loads(_docker("image", "inspect", tag))[0]


@pytest.fixture(scope="session")
def saved(image: str, tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The layers of the image: the files of the base come first."""
    archive = tmp_path_factory.mktemp("image") / "image.tar"
    _docker("save", "--output", str(archive), image)
    read = read_image(archive)
    archive.unlink()
    return read


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
