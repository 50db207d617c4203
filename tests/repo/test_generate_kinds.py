"""A kind of `generate` is one module, one row in each of two tables, one page, and one server."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from inspect import isclass

import pytest

from codespaces_registry_secrets.generate.issuer import Issuer
from codespaces_registry_secrets.generate.kinds import KINDS, load_kind
from codespaces_registry_secrets.model.generator import GENERATORS
from generated_kinds import KINDS as TESTED_KINDS
from repo.documents import ROOT

SRC = ROOT / "src" / "codespaces_registry_secrets"
TABLES = {"model/generator.py", "generate/kinds.py"}
# The JSON Schemas show one kind as an example.
EXAMPLES = {"spec/key_texts.py", "report/plan_document.py"}


def texts(path: str) -> Iterator[object]:
    """The literals of a module."""
    for node in ast.walk(ast.parse((SRC / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant):
            yield node.value


def test_every_kind_has_a_module_keys_a_page_and_a_server() -> None:
    pages = {path.stem for path in ROOT.glob("docs/generate/*.md")}
    assert KINDS.keys() == GENERATORS.keys() == pages == {kind.name for kind in TESTED_KINDS}


@pytest.mark.parametrize("name", KINDS)
def test_every_kind_is_an_issuer(name: str) -> None:
    kind = load_kind(name)
    assert isclass(kind)
    assert Issuer in kind.__mro__


def test_no_other_module_names_a_kind() -> None:
    """So that nothing else changes for a new one."""
    modules = {str(path.relative_to(SRC)) for path in SRC.rglob("*.py")}
    naming = {path for path in modules if any(text in KINDS for text in texts(path))}
    assert naming == TABLES | EXAMPLES
