"""The image has the packages of the Action, and not those of the command line."""

from __future__ import annotations

import ast

from repo.documents import ROOT
from repo.project import PROJECT, locked

COMMAND_LINE = {"cyclopts", "rich"}
PACKAGE = ROOT / "src" / "codespaces_registry_secrets"


def test_the_group_of_the_image_has_all_other_dependencies() -> None:
    """A package that is only in one of the lists would be missing in the image, or in the wheel."""
    dependencies = set(PROJECT["project"]["dependencies"])
    assert set(PROJECT["dependency-groups"]["image"]) == dependencies - COMMAND_LINE
    assert dependencies > COMMAND_LINE


def test_the_lock_of_the_image_has_none_of_the_command_line() -> None:
    """The lock of the tests has them."""
    assert not COMMAND_LINE & locked("action")
    assert locked("test") >= COMMAND_LINE


def test_only_the_command_line_imports_its_packages() -> None:
    """The image does not have them."""
    for path in PACKAGE.rglob("*.py"):
        if "cli" in path.relative_to(PACKAGE).parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not COMMAND_LINE & {name.split(".")[0] for name in names}, path


def test_the_build_of_the_image_does_not_get_the_command_line() -> None:
    """It could not be imported there."""
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "src/codespaces_registry_secrets/cli" in ignored
