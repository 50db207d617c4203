"""The threats in docs/security.md: an actor for each section, and existing tests."""

from __future__ import annotations

import ast
import re
from functools import cache

import pytest

from repo.documents import DOCUMENTS, PAGES, PROJECT, ROOT, rows

ACTORS = {
    "Spec author",
    "Workflow author",
    "Fork",
    "Registry",
    "Man in the middle",
    "Other runs",
    "Log reader",
    "Holder of the state variable",
    "Holder of the journal",
    "Stolen image tag",
}
THREATS = PAGES["security.md"].partition("\n## Threats\n")[2]
SECTIONS = {
    title: text
    for title, _, text in (
        part.partition("\n") for part in re.split(r"^### ", THREATS, flags=re.MULTILINE)
    )
}
LINK = re.compile(r"\[`(test_\w+)`\]\(\.\./(tests/[\w/]+\.py)\)")
CASES = [
    pytest.param(name, path, id=f"{path}::{name}") for name, path in sorted(LINK.findall(THREATS))
]
# Files whose references people copy, or GitHub runs.
TEXTS = [
    *DOCUMENTS,
    ROOT / "action.yml",
    *sorted((ROOT / ".github").rglob("*.yml")),
    *sorted((ROOT / "examples").rglob("*.yml")),
]


@cache
def functions(path: str) -> frozenset[str]:
    """The functions of a file."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("name", "path"), CASES)
def test_a_test_of_a_threat_exists(name: str, path: str) -> None:
    """Under its name, in the file that the link leads to."""
    assert name in functions(path)


@pytest.mark.parametrize("actor", sorted(ACTORS))
def test_an_actor_has_a_section(actor: str) -> None:
    """With what they can do, what remains, and some threats."""
    before, _, table = SECTIONS[actor].partition("\n|")
    assert before.strip()
    assert "**What remains.** " in table
    assert len(rows(f"|{table}")) >= 3


@pytest.mark.parametrize("row", rows(THREATS), ids=lambda row: row[-1])
def test_a_threat_has_a_test(row: list[str]) -> None:
    """The last cell consists of links to tests."""
    assert all(row)
    assert len(row) == 4
    assert LINK.sub("", row[-1]).strip(" ,") == ""


def test_no_text_names_the_image_by_a_tag() -> None:
    """Whoever has a login for the registry can move a tag; a digest stays."""
    references = [
        reference
        for path in TEXTS
        for reference in re.findall(
            rf"ghcr\.io/{PROJECT}\S*|docker://\S+", path.read_text(encoding="utf-8")
        )
    ]
    assert references
    for reference in references:
        assert "@sha256:" in reference
