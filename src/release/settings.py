"""What a release needs to know: the project, the servers and the logins."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

TAG = re.compile(r"v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class ReleaseError(Exception):
    """A step failed. The message says why, and what to do."""


@dataclass(frozen=True)
class Settings:
    """The checkout to release, and where to publish it.

    `docker_hub` is the registry of the base image. `running_in` is the repository whose workflow
    runs the steps; empty on other machines. `release_token` is for git and for GitHub's API;
    `registry_login` is a user name and a password, None for anonymous requests.
    """

    root: Path
    registry: str = "ghcr.io"
    docker_hub: str = "registry-1.docker.io"
    remote: str = "origin"
    api_url: str = "https://api.github.com"
    running_in: str = ""
    release_token: str = field(default="", repr=False)
    registry_login: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def from_environment(cls, root: Path, environ: Mapping[str, str]) -> Settings:
        """Read the logins from the variables that release.yml sets."""
        username, password = environ.get("REGISTRY_USERNAME"), environ.get("REGISTRY_PASSWORD")
        return cls(
            root,
            api_url=environ.get("GITHUB_API_URL", cls.api_url),
            running_in=environ.get("GITHUB_REPOSITORY", ""),
            release_token=environ.get("RELEASE_TOKEN", ""),
            registry_login=(username, password) if username and password else None,
        )

    @cached_property
    def repository(self) -> str:
        """`OWNER/NAME`, from the URL in pyproject.toml: the only place that the scripts read."""
        url = str(self._project.get("urls", {}).get("Repository", ""))
        match = re.fullmatch(r"https://github\.com/([\w-]+/[\w.-]+)", url)
        if match is None:
            raise ReleaseError(
                "pyproject.toml: project.urls.Repository must be https://github.com/OWNER/NAME"
            )
        return match[1]

    @property
    def version(self) -> str:
        """The version in pyproject.toml."""
        return str(self._project["version"])

    @property
    def image(self) -> str:
        """The name of the image, `ghcr.io/OWNER/NAME`; a registry accepts lower case only."""
        return f"{self.registry}/{self.repository.lower()}"

    @property
    def folder(self) -> Path:
        """The folder for the results of the steps, which later steps read."""
        return self.root / "dist" / "release"

    @property
    def layout(self) -> Path:
        """The built image, as a folder in the OCI image layout."""
        return self.folder / "image"

    @property
    def sbom(self) -> Path:
        """The software bill of materials, as CycloneDX JSON."""
        return self.folder / "sbom.cdx.json"

    def read(self, name: str) -> str:
        """Read a file of the checkout."""
        return (self.root / name).read_text(encoding="utf-8")

    @cached_property
    def _project(self) -> dict[str, Any]:
        project: dict[str, Any] = tomllib.loads(self.read("pyproject.toml"))["project"]
        return project


def parse_tag(tag: str) -> tuple[int, int, int]:
    """Split `v1.2.3` into its numbers.

    Raises:
        ReleaseError: the tag is no exact version.
    """
    match = TAG.fullmatch(tag)
    if match is None:
        raise ReleaseError(f"{tag}: a version tag looks like v1.2.3")
    major, minor, patch = map(int, match.groups())
    return major, minor, patch
