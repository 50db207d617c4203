"""The documents fit together."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from repo.documents import DOCUMENTS, ROOT, SPEC, WORKFLOWS, anchors, prose

LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:home|mnt|opt|private|root|srv|tmp|Users|work)/")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
TEXTS = [*DOCUMENTS, SPEC, *WORKFLOWS, ROOT / "action.yml"]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """Files and headings that a document links to exist."""
    text = path.read_text(encoding="utf-8")
    for name, anchor in LINK.findall(prose(text)):
        linked = path.parent / name if name else path
        assert linked.exists(), name
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), anchor


def test_there_are_links() -> None:
    """The test above would pass with none, too."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    names = {name for name, _ in LINK.findall(prose(readme))}
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE"} <= names


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_text_names_a_path_of_a_machine(path: Path) -> None:
    """What is written here is true on every machine."""
    assert not MACHINE_PATH.search(path.read_text(encoding="utf-8"))


def test_the_changelog_tells_of_the_version() -> None:
    """By its number once it is released, as unreleased until then."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.MULTILINE)
    assert {version, "Unreleased"} & set(headings)


FOLDERS = ["tests", "script"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_contributing_shows_the_way_around(folder: str) -> None:
    """Every module, tier of tests and script has its line."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    names = [
        path.name for path in (ROOT / folder).iterdir() if not path.name.startswith(("_", "."))
    ]
    wanted = {"tests": [f"tests/{n}`" for n in names if "." not in n], "script": []}
    for name in wanted.get(folder, names):
        assert name in text
    assert folder != "script" or all(f"`script/{n}" in text for n in names if "." not in n)
