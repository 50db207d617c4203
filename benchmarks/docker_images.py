"""A copy of the base image that Docker can be made to forget, and the images built from it.

Docker keeps a layer while any image has it. The copy has one layer of its own, so removing the copy
and the stages that were built from it makes the base absent, and removes no image of anybody else.
"""

from __future__ import annotations

import json
import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from benchmarks.processes import BenchError, measure


class BaseCopy:
    """A copy of a base image, in a registry and in Docker, until the end of a `with` block."""

    def __init__(self, base: str, host: str, folder: Path) -> None:
        self._base = base
        self._name = f"{host}/base"
        self._folder = folder

    def __enter__(self) -> Self:
        marker, archive = self._folder / "marker", self._folder / "base.tar"
        marker.write_text(uuid.uuid4().hex, encoding="utf-8")
        container = docker("create", self._base, "true").strip()
        try:
            docker("cp", str(marker), f"{container}:/benchmark")
            docker("export", "--output", str(archive), container)
        finally:
            docker("rm", container)
        variables = inspect(self._base)["Config"].get("Env") or []
        changes = [option for one in variables for option in ("--change", _set_variable(one))]
        self._id = docker("import", *changes, str(archive), self._name).strip()
        archive.unlink()
        [self._layer] = inspect(self._id)["RootFS"]["Layers"]
        self.reference = push(self._name)
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

    def remove(self) -> None:
        """Remove all images with the copy's layer, from Docker but not from the registry."""
        self._remove(set(self._find_images()))

    def remove_built(self) -> None:
        """Remove the stages that were built from the copy."""
        self._remove(set(self._find_images()) - {self._id})

    def _remove(self, images: set[str]) -> None:
        # Newest first, because an image cannot be removed before those that were built from it.
        # Removing one can also remove the images before it.
        for image in filter(images.__contains__, _list_images()):
            subprocess.run(
                ["docker", "image", "rm", "--force", image], capture_output=True, check=False
            )
        if left := images & set(self._find_images()):
            raise BenchError(f"Docker does not remove {', '.join(sorted(left))}")

    def _find_images(self) -> Iterator[str]:
        for image in _list_images():
            layers = subprocess.run(
                ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image],
                capture_output=True,
                check=False,
                text=True,
            ).stdout
            if self._layer in (json.loads(layers or "null") or ()):
                yield image


def push(name: str) -> str:
    """Push an image, and return its name with the digest."""
    docker("push", "--quiet", name)
    [reference] = [
        digest for digest in inspect(name)["RepoDigests"] if digest.startswith(f"{name}@")
    ]
    return str(reference)


def remove(image: str) -> None:
    """Remove an image, and the untagged images of the build that made it."""
    docker("image", "rm", "--force", image)


def pull(reference: str, folder: Path) -> str:
    """Pull an image, and return what Docker prints about its layers."""
    measure(["docker", "pull", reference], os.environ, folder)
    return (folder / "log").read_text(encoding="utf-8")


def inspect(image: str) -> Any:  # noqa: ANN401 - Docker's JSON
    """Return what Docker knows about an image."""
    [described] = json.loads(docker("image", "inspect", image))
    return described


def docker(*arguments: str) -> str:
    """Run docker, and return its output.

    Raises:
        BenchError: the exit code was not 0.
    """
    process = subprocess.run(["docker", *arguments], capture_output=True, check=False, text=True)
    if process.returncode:
        raise BenchError(f"docker {' '.join(arguments[:2])} failed:\n{process.stderr}")
    return process.stdout


def _list_images() -> list[str]:
    """All images, the newest first."""
    return list(dict.fromkeys(docker("image", "ls", "--all", "--quiet", "--no-trunc").split()))


def _set_variable(variable: str) -> str:
    name, _, value = variable.partition("=")
    return f"ENV {name}={json.dumps(value).replace('$', chr(92) + '$')}"
