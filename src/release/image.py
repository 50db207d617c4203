"""Build the image into an OCI layout, from a base image that is pinned by its digest."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from release.git import Git
from release.registry import Registry
from release.settings import ReleaseError, Settings

PLATFORMS = "linux/amd64,linux/arm64"
BASE = re.compile(r"^FROM (\S+) AS base$", re.MULTILINE)
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_HUB = "registry-1.docker.io"

Builder = Callable[[Settings, list[str]], None]


def build(settings: Settings, builder: Builder) -> None:
    """Build the image of the checkout into `settings.layout`, and replace an older build."""
    shutil.rmtree(settings.layout, ignore_errors=True)
    settings.layout.mkdir(parents=True)
    base, digest = pin_base(settings)
    labels = {
        "version": settings.version,
        "revision": Git(settings).head(),
        "source": f"https://github.com/{settings.repository}",
        "base.name": f"docker.io/library/{base}",
        "base.digest": digest,
    }
    options = ["--build-arg", f"BASE={_base_reference(settings, base, digest)}"]
    for name, value in labels.items():
        options += ["--label", f"org.opencontainers.image.{name}={value}"]
    builder(settings, options)


def pin_base(settings: Settings) -> tuple[str, str]:
    """The base image of the Dockerfile, as `NAME:TAG`, and the digest that its tag has now.

    Raises:
        ReleaseError: the registry does not have it.
    """
    [base] = BASE.findall(settings.read("Dockerfile"))
    name, _, tag = base.partition(":")
    digest = Registry(f"{settings.docker_hub}/library/{name}").find_digest(tag)
    if digest is None:
        raise ReleaseError(f"{settings.docker_hub} has no image {base}")
    return base, digest


def build_with_buildx(settings: Settings, options: list[str]) -> None:
    """Build for all platforms. Needs a builder with the driver `docker-container`, and QEMU."""
    output = f"type=oci,dest={settings.layout},tar=false"
    # actions/attest signs the provenance. BuildKit's own would be two more manifests in the index.
    command = ["buildx", "build", "--platform", PLATFORMS, "--provenance=false", "--output", output]
    _docker(settings, *command, *options, ".")


def build_with_docker(settings: Settings, options: list[str]) -> None:
    """Build for the platform of the daemon, with the builder that every Docker has."""
    with TemporaryDirectory() as folder:
        saved, image_id = Path(folder) / "image.tar", Path(folder) / "id"
        command = ["build", "--quiet", "--network", "host", "--iidfile", str(image_id)]
        _docker(settings, *command, *options, ".")
        _docker(settings, "save", "--output", str(saved), image_id.read_text().strip())
        convert_saved(saved, settings.layout)


def convert_saved(saved: Path, layout: Path) -> None:
    """Convert the output of `docker save`, from before Docker 25, to an OCI layout."""
    with tarfile.open(saved) as archive:

        def read(name: str) -> bytes:
            member = archive.extractfile(name)
            if member is None:
                raise ReleaseError(f"docker save: {name} is not a file")
            return member.read()

        [image] = json.loads(read("manifest.json"))
        config = add_blob(layout, CONFIG, read(image["Config"]))
        # Without a time, the same layer always has the same digest.
        layers = [
            add_blob(layout, LAYER, gzip.compress(read(name), mtime=0)) for name in image["Layers"]
        ]
    write_layout(layout, config, layers)


def write_layout(layout: Path, config: Mapping[str, Any], layers: list[dict[str, Any]]) -> None:
    """Write the manifest of an image whose blobs exist, and the files of the layout."""
    content = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
    manifest = add_blob(layout, MANIFEST, json.dumps(content).encode())
    index = {"schemaVersion": 2, "manifests": [manifest]}
    (layout / "index.json").write_text(json.dumps(index), encoding="utf-8")
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}', encoding="utf-8")


def add_blob(layout: Path, media_type: str, content: bytes) -> dict[str, Any]:
    """Write a blob to a layout, and return its descriptor."""
    digest = hashlib.sha256(content).hexdigest()
    folder = layout / "blobs" / "sha256"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / digest).write_bytes(content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def _base_reference(settings: Settings, base: str, digest: str) -> str:
    """The name under which Docker pulls the base by its digest."""
    name = base.partition(":")[0]
    if settings.docker_hub == DOCKER_HUB:
        return f"{name}@{digest}"
    return f"{settings.docker_hub}/library/{name}@{digest}"


def _docker(settings: Settings, *arguments: str) -> None:
    process = subprocess.run(
        ["docker", *arguments], cwd=settings.root, capture_output=True, check=False, text=True
    )
    if process.returncode:
        raise ReleaseError(f"docker {arguments[0]}: {(process.stderr or process.stdout).strip()}")
