"""Links, length, index and lists of the documents."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from repo.documents import DOCUMENTS, PAGES, README, ROOT, SPEC, WORKFLOWS, anchors, prose, section

LINK = re.compile(r"\[[^\]]+\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)")
PICTURE = re.compile(
    r'<picture>\n  <source media="\(prefers-color-scheme: dark\)" srcset="(\S+-dark\.png)">\n'
    r'  <img src="(\S+-light\.png)" alt="([^"]*)">\n</picture>'
)
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:home|mnt|opt|private|root|srv|tmp|Users|work)/")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
TEXTS = [*DOCUMENTS, SPEC, *WORKFLOWS, ROOT / "action.yml"]
PACKAGE = ROOT / "src" / "codespaces_registry_secrets"
ROOMS = sorted(path.parent for path in PACKAGE.glob("*/__init__.py"))
TOP_MODULES = sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
ARCHITECTURE = PAGES["architecture.md"]
LONGEST_README = 350
# Paths in the repository of a user, not in this one.
FILES_OF_A_USER = {".demo/summary.md", ".github/codespaces-registries.yml"}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_a_link_has_a_target(path: Path) -> None:
    """Files and headings that a document links to exist."""
    text = path.read_text(encoding="utf-8")
    for name, anchor in LINK.findall(prose(text)):
        linked = path.parent / name if name else path
        assert linked.exists(), name
        if anchor:
            assert anchor in anchors(linked.read_text(encoding="utf-8")), anchor


def test_there_are_links() -> None:
    """The test above would pass without links, too."""
    names = {name for name, _ in LINK.findall(prose(README))}
    assert {"CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "docs/index.md"} <= names


def test_every_picture_is_shown_in_both_themes() -> None:
    """The dark one where the reader's browser prefers it, and with a text for a screen reader."""
    shown = []
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        pictures = PICTURE.findall(text)
        assert len(pictures) == text.count("<picture>"), path.name
        for dark, light, alt in pictures:
            assert dark.removesuffix("-dark.png") == light.removesuffix("-light.png")
            assert alt
            shown += [path.parent / dark, path.parent / light]
    assert sorted(shown) == sorted((ROOT / "docs" / "images").iterdir())


def test_every_document_is_checked_for_links() -> None:
    """No Markdown lies in a folder that `DOCUMENTS` does not look into."""
    paths = {path.relative_to(ROOT) for path in ROOT.rglob("*.md")}
    installed = {".demo", ".venv", "node_modules", ".pytest_cache"}
    ours = {ROOT / path for path in paths if not installed & set(path.parts)}
    assert ours == set(DOCUMENTS)


def test_the_readme_is_short() -> None:
    """Everything else is in docs/."""
    assert len(README.splitlines()) <= LONGEST_README


def test_the_readme_names_the_two_commands() -> None:
    """`script/demo` and `script/test`, in a block to copy."""
    assert re.search(r"^script/demo\b.*\nscript/test\b", README, re.MULTILINE)


def test_the_index_links_every_page() -> None:
    """A page that the index leaves out is hard to find."""
    linked = {name for name, _ in LINK.findall(prose(PAGES["index.md"]))}
    assert PAGES.keys() - {"index.md"} <= linked


def test_the_architecture_names_every_room() -> None:
    """In the table of rooms, and with a list of modules."""
    listed = re.findall(r"^\| `(\w+)` \|", section(ARCHITECTURE, "## Rooms"), re.MULTILINE)
    assert set(listed) == {*(room.name for room in ROOMS), *(path.stem for path in TOP_MODULES)}


@pytest.mark.parametrize("room", [*ROOMS, PACKAGE], ids=lambda path: path.name)
def test_the_architecture_names_every_module(room: Path) -> None:
    """Each room lists its modules, and no others."""
    heading = (
        "### `errors`, `context`, `credentials`, `action`, `merge_shards` and `update_issue`"
        if room == PACKAGE
        else f"### `{room.name}`"
    )
    listed = re.findall(r"^\| `(\w+\.py)` \|", section(ARCHITECTURE, heading), re.MULTILINE)
    assert sorted(listed) == sorted(
        path.name for path in room.glob("*.py") if path.name != "__init__.py"
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_file_that_a_document_names_exists(document: Path) -> None:
    """As a path from the root of the repository, or from the root of the package."""
    text = prose(document.read_text(encoding="utf-8"))
    for path in re.findall(r"`((?:[\w.-]+/)+[\w.-]+\.(?:py|yml|md))\b", text):
        exists = any((root / path).exists() for root in (ROOT, PACKAGE))
        assert exists or path in FILES_OF_A_USER, path


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_text_names_a_path_of_a_machine(path: Path) -> None:
    """A path of one machine is wrong on every other."""
    assert not MACHINE_PATH.search(path.read_text(encoding="utf-8"))


def test_the_changelog_has_the_version() -> None:
    """By its number once it is released, as Unreleased until then."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    headings = re.findall(r"^## \[(.+?)\]", CHANGELOG, re.MULTILINE)
    assert {version, "Unreleased"} & set(headings)


def test_contributing_names_every_tier_of_tests() -> None:
    """A row of the table for each folder."""
    tiers = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    for name in {name for name in tiers if not name.startswith(("_", "."))}:
        assert f"| `tests/{name}` |" in CONTRIBUTING


def test_contributing_names_every_script() -> None:
    """A row of the table for each command; modules with a suffix are parts of one."""
    for path in (ROOT / "script").iterdir():
        assert path.suffix or f"| `script/{path.name}" in CONTRIBUTING, path.name
