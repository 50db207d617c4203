"""Reads the cases in `cases/*.yml`, and scans a repository as the reader does: in rounds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from codespaces_registry_secrets.devcontainers.scan import (
    FIRST_FILES,
    FOLDER,
    FileContent,
    UnreadableFile,
    scan,
)
from codespaces_registry_secrets.model.dev_containers import DevContainers

CASES = Path(__file__).parent / "cases"
# More rounds than any dev container needs.
MAX_ROUNDS = 50


@dataclass(frozen=True)
class Case:
    """The files of a repository, and what its dev containers pull."""

    group: str
    name: str
    files: Mapping[str, FileContent]
    images: tuple[str, ...]
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.group}: {self.name}"


def read_cases() -> list[Case]:
    """All cases, by the name of their file and in its order."""
    cases = []
    for path in sorted(CASES.glob("*.yml")):
        for name, data in yaml.safe_load(path.read_text(encoding="utf-8")).items():
            files = {file: _content(content) for file, content in data["files"].items()}
            images, problems = data.get("images", ()), data.get("problems", ())
            cases.append(Case(path.stem, name, files, tuple(images), tuple(problems)))
    return cases


def scan_in_rounds(
    repository: Mapping[str, FileContent], one_by_one: bool = False
) -> DevContainers:
    """Read what is missing until nothing is; with `one_by_one`, a file in each round."""
    folders = config_folders(repository)
    read: dict[str, FileContent] = {}
    missing = set() if one_by_one else set(FIRST_FILES)
    for _ in range(MAX_ROUNDS):
        read |= {path: repository.get(path) for path in missing}
        result = scan(read, folders)
        if not result.missing:
            return result.containers
        assert not result.missing & read.keys()
        missing = {max(result.missing)} if one_by_one else set(result.missing)
    raise AssertionError("too many rounds")


def config_folders(repository: Mapping[str, FileContent]) -> list[str]:
    """The folders in `.devcontainer` that have a devcontainer.json."""
    paths = [path.split("/") for path in repository]
    return [
        name
        for folder, name, *rest in (path for path in paths if len(path) == 3)
        if folder == FOLDER and rest == ["devcontainer.json"]
    ]


def _content(data: object) -> FileContent:
    return UnreadableFile(data["unreadable"]) if isinstance(data, dict) else str(data)
