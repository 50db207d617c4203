"""The table of threats names tests that are there."""

from __future__ import annotations

import ast

import pytest

from repo.documents import ROOT, rows, section

TEXT = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
THREATS = rows(section(TEXT, "## Threats"))


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[-1].strip("`"))
def test_a_threat_has_a_test(row: list[str]) -> None:
    """By file and function; what a row promises somebody checks."""
    path, _, name = row[-1].strip("`").partition("::")

    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_there_are_threats() -> None:
    """The test above would pass with none, too."""
    assert len(THREATS) > 20
