"""A small project to release, and the servers that it is published to."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from github_sandbox import Sandbox
from release.image import CONFIG, LAYER, add_blob, write_layout
from release.services import local_services
from release.settings import Settings
from releasing.checkout import CHANGELOG, FILES, TAG, git
from repo.documents import ROOT

PACKAGES = {
    "opt/venv/pyvenv.cfg": "home = /usr/local/bin\nversion = 3.13.5\n",
    "var/lib/dpkg/status.d/zlib1g": (
        "Package: zlib1g\nArchitecture: amd64\nVersion: 1:1.3+really1.3.1-1\n"
        "Description: compression library\n of zlib\n"
    ),
}


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


def compress(path: str, text: str) -> bytes:
    """A layer with one file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo(path)
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    return buffer.getvalue()


@pytest.fixture
def layout(tmp_path: Path) -> Path:
    """An image with Python's version and a package of Debian, as an OCI layout."""
    folder = tmp_path / "layout"
    layers = [add_blob(folder, LAYER, compress(path, text)) for path, text in PACKAGES.items()]
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
