"""The layout of the package: rooms that import only earlier rooms."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = "codespaces_registry_secrets"
SRC = Path(__file__).resolve().parents[2] / "src" / PACKAGE
# A room imports itself and the rooms before it.
ROOMS = (
    "errors",
    "runtime",
    "text",
    "model",
    "inputs",
    "spec",
    "devcontainers",
    "github",
    "state",
    "verify",
    "generate",
    "planning",
    "diagnosis",
    "apply",
    "report",
    "context",
    "credentials",
    "action",
    "merge_shards",
    "update_issue",
    "cli",
)
# Rooms without requests: they import neither the rooms nor the libraries that send requests.
PURE = (
    "errors",
    "runtime",
    "text",
    "model",
    "inputs",
    "spec",
    "devcontainers",
    "planning",
    "diagnosis",
)
REQUESTS = {"github", "requests", "urllib3", "aiohttp", "botocore"}
SENDING_ROOMS = ("github", "state", "verify", "generate")
MODULES = sorted(path for path in SRC.rglob("*.py") if path != SRC / "__init__.py")
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 49


def room_of(path: Path) -> str:
    return path.relative_to(SRC).with_suffix("").parts[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(SRC.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path) -> Iterator[str]:
    """The full names of all modules that a module imports, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a relative import does not show its room"
            base = node.module or ""
            imported = [f"{base}.{alias.name}" for alias in node.names]
            yield from (name if name in NAMES else base for name in imported)


NAMES = {module_name(path) for path in MODULES}
GRAPH = {module_name(path): sorted(set(imports(path))) for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_room_imports_only_rooms_before_it(path: Path) -> None:
    allowed = ROOMS[: ROOMS.index(room_of(path)) + 1]
    for name in GRAPH[module_name(path)]:
        if name.startswith(f"{PACKAGE}."):
            assert name.split(".")[1] in allowed, name


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_room_without_requests_imports_none_that_sends_them(path: Path) -> None:
    """Also not through a module that it imports."""
    if room_of(path) not in PURE:
        return
    for name in reachable(module_name(path)):
        assert name.split(".")[0] not in REQUESTS, name
        assert name.split(".")[:2] not in [[PACKAGE, room] for room in SENDING_ROOMS], name


def test_the_room_spec_does_not_import_sources() -> None:
    """It gets a function that checks whether a source has a value."""
    for name, imported in GRAPH.items():
        if name.startswith(f"{PACKAGE}.spec."):
            assert f"{PACKAGE}.inputs.sources" not in imported, name


def test_there_are_no_circular_imports() -> None:
    for name, names in GRAPH.items():
        for imported in names:
            assert imported == name or name not in reachable(imported), (name, imported)


def reachable(name: str) -> set[str]:
    """All modules that a module imports, directly or through others."""
    reachable_names: set[str] = set()
    waiting = [name]
    while waiting:
        for imported in GRAPH.get(waiting.pop(), ()):
            if imported not in reachable_names:
                reachable_names.add(imported)
                waiting.append(imported)
    return reachable_names


def test_the_package_has_exactly_these_rooms_and_modules() -> None:
    assert {room_of(path) for path in MODULES} == set(ROOMS)
    flat = {path.name for path in SRC.glob("*.py")}
    # The programs of the image: the Action, merge_shards of provision.yml and update_issue of rotate.yml.
    assert flat == {
        "__init__.py",
        "action.py",
        "context.py",
        "credentials.py",
        "errors.py",
        "merge_shards.py",
        "update_issue.py",
    }


def test_every_room_documents_its_scope() -> None:
    """Its docstring has a second paragraph, about what does not belong in it."""
    for path in SRC.glob("*/__init__.py"):
        doc = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        assert "\n\n" in doc, path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(SRC)))
def test_modules_and_functions_are_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_MODULE_LINES
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node, *node.decorator_list], key=lambda part: part.lineno).lineno
            lines = (node.end_lineno or sys.maxsize) - first + 1
            assert lines <= MAX_FUNCTION_LINES, node.name
