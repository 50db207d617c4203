"""The packages of the built image that its lock does not have: Python, and libraries of Debian."""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packageurl import PackageURL

from release.image import BASE
from release.settings import Settings

# Where script/copy-python describes Debian's packages, and where venv writes Python's version.
ENTRIES = "var/lib/dpkg/status.d/"
ENVIRONMENT = "opt/venv/pyvenv.cfg"


def find_packages(settings: Settings) -> list[PackageURL]:
    """Return the packages in the image of every platform, in the order of their names.

    Source of the qualifiers: the purl specification, types/deb-definition.
    """
    [base] = BASE.findall(settings.read("Dockerfile"))
    release = base.rpartition("-")[2]
    index = json.loads((settings.layout / "index.json").read_bytes())
    found = {
        package
        for layer in _find_layers(settings.layout, index)
        for name, text in _read_files(layer)
        for package in _parse(name, text, release)
    }
    return sorted(found, key=str)


def _find_layers(layout: Path, index: dict[str, Any]) -> Iterator[Path]:
    """The layers of all images of an index, which can have further indexes."""
    for descriptor in index["manifests"]:
        manifest = json.loads(_blob(layout, descriptor).read_bytes())
        if "manifests" in manifest:
            yield from _find_layers(layout, manifest)
        else:
            yield from (_blob(layout, layer) for layer in manifest["layers"])


def _blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    algorithm, digest = str(descriptor["digest"]).split(":")
    return layout / "blobs" / algorithm / digest


def _read_files(layer: Path) -> Iterator[tuple[str, str]]:
    with tarfile.open(layer) as archive:
        for member in archive:
            name = member.name.removeprefix("./").removeprefix("/")
            if not (name.startswith(ENTRIES) or name == ENVIRONMENT):
                continue
            if content := archive.extractfile(member):
                yield name, content.read().decode()


def _parse(name: str, text: str, release: str) -> Iterator[PackageURL]:
    if name == ENVIRONMENT:
        for version in re.findall(r"^version = (\S+)$", text, re.MULTILINE):
            yield PackageURL("generic", None, "python", version)
    else:
        entry = HeaderParser().parsestr(text)
        qualifiers = {"arch": entry["Architecture"], "distro": release}
        yield PackageURL("deb", "debian", entry["Package"], entry["Version"], qualifiers)
