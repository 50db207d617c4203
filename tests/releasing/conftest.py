"""A small project to release, and the servers that it is published to."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from github_sandbox import Sandbox
from release.image import CONFIG, LAYER, add_blob, write_layout
from release.services import local_services
from release.settings import Settings
from releasing.checkout import CHANGELOG, FILES, TAG, git
from repo.documents import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Settings:
    """A checkout with the files of this repository that a release reads, and the tag."""
    root = tmp_path / "project"
    for name in FILES:
        copy = root / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes((ROOT / name).read_bytes())
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "Prepare the release")
    git(root, "tag", TAG)
    return Settings(root)


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image with two layers of a few bytes, as an OCI layout."""
    folder = tmp_path / "layout"
    layers = [add_blob(folder, LAYER, text) for text in (b"the first layer", b"the second")]
    config = add_blob(folder, CONFIG, b'{"architecture": "amd64", "os": "linux"}')
    write_layout(folder, config, layers)
    return folder


@pytest.fixture
def services(project: Settings, tmp_path: Path) -> Iterator[tuple[Settings, Sandbox]]:
    """A registry, a bare repository and a sandbox of GitHub, all on this machine."""
    folder = tmp_path / "services"
    folder.mkdir()
    with local_services(project, folder) as (settings, sandbox):
        yield settings, sandbox


@pytest.fixture
def local(services: tuple[Settings, Sandbox]) -> Settings:
    """The settings that publish to this machine."""
    return services[0]


@pytest.fixture
def sandbox(services: tuple[Settings, Sandbox]) -> Sandbox:
    """The sandbox of GitHub with the releases."""
    return services[1]
