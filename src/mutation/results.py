"""The results that mutmut leaves in its folder, as data."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.stats import status_by_exit_code
from mutmut.utils.format_utils import orig_function_and_class_names_from_key

from mutation.mutant import Mutant
from mutation.rooms import PACKAGE

# How mutmut calls what a test or mypy noticed, and how reports do. All else survived: "no tests"
# means that no test calls the function.
KILLED = {"killed": "killed", "caught by type check": "type error", "timeout": "timeout"}


def read_results(folder: Path) -> Iterator[tuple[str, str, str]]:
    """The file, name and status of each mutant, in the copy of the checkout where mutmut ran."""
    mutated = folder / "mutants"
    for meta in sorted((mutated / PACKAGE).rglob("*.py.meta")):
        codes: Mapping[str, int | None] = json.loads(meta.read_text())["exit_code_by_key"]
        for name, code in codes.items():
            status = status_by_exit_code[code]
            yield str(meta.relative_to(mutated).with_suffix("")), name, KILLED.get(status, status)


def read_mutant(file: str, name: str, status: str) -> Mutant:
    """What a mutant changes. The current folder is the copy of the checkout."""
    diff = get_diff_for_mutant(name, path=Path(file))
    lines = diff.splitlines()[2:]
    before = [line[1:].strip() for line in lines if line.startswith("-")]
    after = [line[1:].strip() for line in lines if line.startswith("+")]
    function, of_class = orig_function_and_class_names_from_key(name)
    return Mutant(
        file=str(Path(file).relative_to(PACKAGE)),
        function=f"{of_class}.{function}" if of_class else function,
        before=" ".join(before),
        after=" ".join(after),
        line=_find_line(Path(file), function, of_class, before),
        status=status,
        diff="\n".join(lines),
    )


def _find_line(file: Path, function: str, of_class: str | None, before: list[str]) -> int:
    """The first line of the function that has the changed text, or the function's own line."""
    source = file.read_text(encoding="utf-8")
    body: list[ast.stmt] = ast.parse(source).body
    if of_class:
        body = [
            s for c in body if isinstance(c, ast.ClassDef) and c.name == of_class for s in c.body
        ]
    node = next(s for s in body if isinstance(s, ast.FunctionDef) and s.name == function)
    lines = source.splitlines()
    for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
        if before and lines[number - 1].strip() == before[0]:
            return number
    return node.lineno
