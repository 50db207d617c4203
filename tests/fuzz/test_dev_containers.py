"""Any files can be those of a dev container: their images are found, or what is wrong is said."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from codespaces_registry_secrets.devcontainers.collector import MAX_PATH, MAX_PROBLEMS
from codespaces_registry_secrets.devcontainers.scan import FileContent, UnreadableFile, scan
from codespaces_registry_secrets.model.images import UNKNOWN
from devcontainers.dev_container_files import config_folders, read_cases, scan_in_rounds
from fuzz.mutations import broken_data, numbers, text_edits, to_json, to_yaml
from fuzz.properties import examples, within

CASES = read_cases()
COVERAGE_GUIDED = "test_a_scan_ends_with_images_and_problems"
# A problem quotes at most two texts of a file, and the path of a file.
MAX_PROBLEM = 2 * MAX_PATH + 1000


@st.composite
def repositories(draw: st.DrawFn) -> dict[str, FileContent]:
    """The files of a case, with the text of some edited, or the data in it."""
    files = dict(CASES[draw(st.integers(0, len(CASES) - 1))].files)
    for _ in range(draw(st.integers(0, 3))):
        path = sorted(files)[draw(numbers) % len(files)]
        files[path] = _broken(draw, path, files[path])
    return files


def _broken(draw: st.DrawFn, path: str, content: FileContent) -> FileContent:
    kind = draw(st.sampled_from(["text", "text", "data", "other file", "unreadable"]))
    if kind == "unreadable":
        return UnreadableFile("it is not text")
    text = content if isinstance(content, str) else ""
    if kind == "other file":
        others = CASES[draw(st.integers(0, len(CASES) - 1))].files
        return others[sorted(others)[draw(numbers) % len(others)]]
    data = _parse(path, text) if kind == "data" else None
    if data is not None:
        write = to_json if path.endswith(".json") else to_yaml
        return write(draw(broken_data([data])))
    for edit in draw(st.lists(text_edits, min_size=1, max_size=4)):
        text = edit(text)
    return text


def _parse(path: str, text: str) -> Any:
    try:
        if path.endswith(".json"):
            return json.loads(text)
        return yaml.safe_load(text) if path.endswith((".yml", ".yaml")) else None
    except (ValueError, yaml.YAMLError):
        return None


@examples(80)
@given(repositories())
def test_a_scan_ends_with_images_and_problems(files: Mapping[str, FileContent]) -> None:
    """Within the deadline and some rounds. Each image has a server, each problem is short."""
    with within():
        containers = scan_in_rounds(files)
    for image in containers.images:
        assert image.server
        assert f"{image.server}{image.repository}".replace(UNKNOWN, "").isprintable()
    assert len(containers.problems) <= MAX_PROBLEMS + 1
    assert all(0 < len(problem) <= MAX_PROBLEM for problem in containers.problems)


@examples(60)
@given(repositories())
def test_only_files_inside_of_the_repository_are_read(files: Mapping[str, FileContent]) -> None:
    """A path that a scan asks for is relative, and does not lead out of the root."""
    with within():
        missing = scan({path: files[path] for path in files}, config_folders(files)).missing
        missing |= scan({}, config_folders(files)).missing
    for path in missing:
        assert path
        assert not path.startswith("/")
        assert ".." not in path.split("/")
        assert len(path) <= MAX_PATH + len(".devcontainer/")
