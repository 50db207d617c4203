"""The files of an image, and which of them differ between two images."""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

# What a container is started with. `Created` and the history have the times of the build.
CONFIG_KEYS = (
    "Cmd",
    "Entrypoint",
    "Env",
    "ExposedPorts",
    "Labels",
    "User",
    "Volumes",
    "WorkingDir",
)


@dataclass(frozen=True)
class Entry:
    """A file, folder or link in a layer, without its times and its owner."""

    kind: str
    mode: int
    target: str
    size: int
    digest: str


Layer = Mapping[str, Entry]


@dataclass(frozen=True)
class Image:
    """The configuration and the layers of an image."""

    config: Mapping[str, Any]
    layers: Sequence[Layer]

    @property
    def digest(self) -> str:
        """A digest that is equal for equal files, modes and configurations."""
        listing = [
            {path: vars(entry) for path, entry in sorted(layer.items())} for layer in self.layers
        ]
        text = json.dumps([self.config, listing], sort_keys=True)
        return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def read_image(archive: Path) -> Image:
    """Read what `docker save` has written of one image."""
    with tarfile.open(archive) as saved:
        [manifest] = json.load(_open(saved, "manifest.json"))
        config = json.load(_open(saved, manifest["Config"]))
        layers = []
        for name in manifest["Layers"]:
            with tarfile.open(fileobj=_open(saved, name)) as layer:
                layers.append(read_layer(layer))
    started = config.get("config", {})
    return Image({key: started.get(key) for key in CONFIG_KEYS}, layers)


def read_layer(layer: tarfile.TarFile) -> Layer:
    """Read the entries of a layer."""
    return {f"/{member.name.strip('/')}": _read_entry(layer, member) for member in layer}


def compare(first: Image, second: Image) -> Iterator[str]:
    """Return a line for each difference between two images."""
    for key in CONFIG_KEYS:
        if first.config.get(key) != second.config.get(key):
            yield f"{key}: {first.config.get(key)} and {second.config.get(key)}"
    if len(first.layers) != len(second.layers):
        yield f"{len(first.layers)} and {len(second.layers)} layers"
        return
    for one, other in zip(first.layers, second.layers, strict=True):
        for path in sorted(one.keys() | other.keys()):
            if difference := _compare_entries(one.get(path), other.get(path)):
                yield f"{path}: {difference}"


def _compare_entries(one: Entry | None, other: Entry | None) -> str:
    if one is None or other is None:
        return f"only in the {'first' if one else 'second'} image"
    for name in vars(one):
        if getattr(one, name) != getattr(other, name):
            values = [getattr(entry, name) for entry in (one, other)]
            first, second = [f"{value:o}" if name == "mode" else value for value in values]
            return f"{name} {first} and {second}"
    return ""


def _read_entry(layer: tarfile.TarFile, member: tarfile.TarInfo) -> Entry:
    content = layer.extractfile(member) if member.isreg() else None
    digest = hashlib.sha256(content.read()).hexdigest() if content else ""
    return Entry(member.type.decode(), member.mode, member.linkname, member.size, digest)


def _open(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    content = archive.extractfile(name)
    if content is None:
        raise ValueError(f"{name} is no file in the archive of the image")
    return content
