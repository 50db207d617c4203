"""Find the images that the dev containers of one repository pull. Pure.

Source: `docs/specs/devcontainer-reference.md` of devcontainers/spec, for the locations. Codespaces
lets a user choose one of the dev containers, so the images of all of them count.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.devcontainers.collector import (
    Collector,
    FileContent,
    UnreadableFile,
)
from codespaces_registry_secrets.devcontainers.devcontainer_json import add_config_images
from codespaces_registry_secrets.model.dev_containers import DevContainers

__all__ = ["FIRST_FILES", "FOLDER", "FileContent", "Scan", "UnreadableFile", "scan"]

FOLDER = ".devcontainer"
_CONFIG = "devcontainer.json"
_CONFIGS = (f"{FOLDER}/{_CONFIG}", f".{_CONFIG}")
# Most dev containers need no other file.
FIRST_FILES: tuple[str, ...] = (
    *_CONFIGS,
    f"{FOLDER}/Dockerfile",
    f"{FOLDER}/docker-compose.yml",
    "Dockerfile",
    "docker-compose.yml",
)


@dataclass(frozen=True)
class Scan:
    """What the files that were read say.

    `missing` are the paths of files to read before `containers` is complete.
    """

    containers: DevContainers
    missing: frozenset[str]


def scan(files: Mapping[str, FileContent], folders: Iterable[str] = ()) -> Scan:
    """Find the images that the dev containers of a repository pull.

    `files` are the files read so far, by path from the root of the repository; `folders` the names
    of the folders in `.devcontainer` that have a devcontainer.json. Never raises.
    """
    collector = Collector(files)
    paths = [*_CONFIGS, *(f"{FOLDER}/{name}/{_CONFIG}" for name in sorted(set(folders)))]
    for path in paths:
        text = collector.read_optional(path, path)
        if text is not None:
            add_config_images(text, path, collector)
    return Scan(collector.result(), frozenset(collector.missing))
