"""The table of threats in docs/security.md names existing tests."""

from __future__ import annotations

import ast

import pytest

from repo.documents import PAGES, ROOT, rows, section

THREATS = rows(section(PAGES["security.md"], "## Threats"))


@pytest.mark.parametrize("row", THREATS, ids=lambda row: row[-1].strip("`"))
def test_a_threat_has_a_test(row: list[str]) -> None:
    """The last cell is `file::function`, and both exist."""
    path, _, name = row[-1].strip("`").partition("::")

    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))

    assert name in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_there_are_threats() -> None:
    """The test above would pass without rows, too."""
    assert len(THREATS) >= 29
