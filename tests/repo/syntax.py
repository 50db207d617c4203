"""Modules as syntax trees: their functions, constants and imports, and what a variable can be."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "codespaces_registry_secrets"
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """A module: its functions and constants by name, and where its imported names come from."""

    tree: ast.Module
    functions: dict[str, Function] = field(default_factory=dict)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    class_constants: dict[str, list[ast.expr]] = field(default_factory=dict)
    imports: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """The classes and functions of the module."""
        nodes = ast.walk(self.tree)
        return frozenset(item.name for item in nodes if isinstance(item, Function | ast.ClassDef))


@dataclass(frozen=True)
class Scope:
    """The place of an expression: its module, and the function around it."""

    module: str
    function: Function | None

    @property
    def parameters(self) -> list[str]:
        if self.function is None:
            return []
        arguments = self.function.args
        names = [item.arg for item in (*arguments.posonlyargs, *arguments.args)]
        return [name for name in names if name not in {"self", "cls"}]


def read_modules(folder: Path) -> Mapping[str, Module]:
    """The modules below the folder of the package, by their full names."""
    return {_module_name(path, folder): _read(path) for path in folder.rglob("*.py")}


def _module_name(path: Path, folder: Path) -> str:
    parts = path.relative_to(folder).with_suffix("").parts
    return ".".join((PACKAGE, *(part for part in parts if part != "__init__")))


def _read(path: Path) -> Module:
    module = Module(ast.parse(path.read_text(encoding="utf-8")))
    for node in ast.walk(module.tree):
        if isinstance(node, Function):
            module.functions.setdefault(node.name, node)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                module.imports[alias.asname or alias.name] = (node.module, alias.name)
    for name, value in _constants(module.tree):
        module.constants[name] = value
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            for name, value in _constants(node):
                module.class_constants.setdefault(name, []).append(value)
    return module


def _constants(node: ast.Module | ast.ClassDef) -> Iterator[tuple[str, ast.expr]]:
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                yield name, value
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                yield name, value


def nodes_with_function(
    tree: ast.AST, function: Function | None = None
) -> Iterator[tuple[Function | None, ast.AST]]:
    """Each node with the function around it."""
    for node in ast.iter_child_nodes(tree):
        yield function, node
        yield from nodes_with_function(node, node if isinstance(node, Function) else function)


def assigned_values(function: Function, name: str) -> Iterator[ast.expr]:
    """The values that a function assigns to a variable, also by a loop over literals."""
    for node in ast.walk(function):
        match node:
            case (
                ast.Assign(targets=[ast.Name(id=found)], value=value)
                | ast.AnnAssign(target=ast.Name(id=found), value=ast.Dict() as value)
            ) if found == name:
                yield value
            case ast.AugAssign(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.NamedExpr(target=ast.Name(id=found), value=value) if found == name:
                yield value
            case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                if name in names_in(target):
                    yield value
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=found), attr="append"), args=[value]
            ):
                if found == name:
                    yield value


def alternatives(node: ast.expr) -> list[ast.expr]:
    """The expressions that an expression can be, or whose texts it holds."""
    match node:
        case ast.IfExp(body=body, orelse=other):
            return [body, other]
        case ast.BoolOp(values=items) | ast.Dict(values=items):
            return items
        case ast.Tuple(elts=items) | ast.List(elts=items):
            return items
        case ast.GeneratorExp(elt=item) | ast.ListComp(elt=item) | ast.DictComp(value=item):
            return [item]
    value = getattr(node, "value", None)  # of `*items`, `items[0]`, `{text}`, `(name := text)`
    return [value] if isinstance(value, ast.expr) else []


def called_name(node: ast.Call) -> str:
    match node.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def names_in(node: ast.AST) -> Iterator[str]:
    return (item.id for item in ast.walk(node) if isinstance(item, ast.Name))
