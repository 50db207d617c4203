"""Collects the messages of the code: what its errors, warnings and notices can say.

The code is read as a syntax tree, not run. A message is followed from the place that reports it
(a `Note`, an exception, ...) back to its text: through variables, constants, helpers and what they
return. It is one text for each alternative, with `…` for what is known only in a run.

Left out, because a user has nothing to solve there: progress in the log and what a command prints
as its result; the reasons of changes of triplets that were asked for, such as `does not exist`,
which `Change(reason=...)` has; `--help` and the questions of `init`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path

from repo.documents import ROOT
from repo.syntax import (
    PACKAGE,
    Function,
    Scope,
    alternatives,
    assigned_values,
    called_name,
    names_in,
    nodes_with_function,
    read_modules,
)

UNKNOWN = "…"
# Alternatives of one message that are collected.
MAX_ALTERNATIVES = 64
Texts = frozenset[str]
NO_TEXT: Texts = frozenset({UNKNOWN})

# Where a message is reported: the position of the text among the arguments.
REPORTERS: Mapping[str, int] = {
    "Note": 1,
    "ConfigError": 1,
    "Issue": 1,
    "Problem": 1,
    "LoginResult": 1,
    "RotationDecision": 0,
    "Outcome": 2,
    "CredentialChange": 4,
    "KeyFormat": 1,
    "blocked": 0,
    "field_error": 0,
    "pattern_validator": 1,
    "parse_with": 1,
    "message": 0,
    "ErrorAdvice": 1,
    "connect": 3,
    "add_problem": 1,
    "_respond": 2,
}
KEYWORDS = {
    *("message", "reason", "error", "advice"),
    *("otherwise", "unexpected", "redirected", "lost"),
}
# Functions and properties whose users report what they return.
RETURNED = {
    *("message", "find_error", "pattern_error", "rejection_message"),
    *("find_archived", "_login_errors", "_reach"),
    *("_load", "_why_no_new_journal", "_why_not_new", "_why_unavailable", "_why_hold"),
    *("_advise", "_advise_sign_in", "_advice"),
}
# A variable of this name is reported; a function with such a parameter reports it.
TEXT_NAMES = {"message", "reason"}
# Left out: text around another message, which has a row itself, and lines about the progress.
LEFT_OUT = re.compile(
    "… at … is blocked: …|the password for `_json_key(_base64)?` …"
    "|…; the stored secrets stay unchanged|.* checked, no errors|Waiting for GitHub's limit of points .*"
    "|(could not …: …; )?run again later"
)
MIN_WORDS = 3
# A method that returns its own text, changed or not.
SAME_TEXT = {"format", "removeprefix", "removesuffix", "rstrip", "strip", "lower", "upper"}


class Collector:
    """Finds all messages below a folder."""

    def __init__(self, folder: Path) -> None:
        self.modules = read_modules(folder)
        # The functions that pass a parameter on to a reporter: they are reporters too.
        self.reporters: dict[Function, int] = {}
        self._active: list[int] = []

    @cached_property
    def messages(self) -> frozenset[str]:
        """Every message."""
        while True:
            known = dict(self.reporters)
            texts = frozenset(text for item in self._reported() for text in item)
            if self.reporters == known:
                return frozenset(text for text in texts if _is_message(text))

    def _reported(self) -> Iterator[Texts]:
        for name, module in self.modules.items():
            for function, node in nodes_with_function(module.tree):
                scope = Scope(name, function)
                for expression in self._messages_at(node, scope):
                    self._follow_parameter(expression, scope)
                    yield self.texts(expression, scope)

    def _messages_at(self, node: ast.AST, scope: Scope) -> Iterator[ast.expr]:
        """The expressions of messages that a node reports."""
        match node:
            case ast.Call():
                yield from self._arguments(node, scope)
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in TEXT_NAMES:
                yield value
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id="errors"))], value=value):
                yield value
            case ast.Yield(value=ast.Tuple(elts=[*_, value])) if _yields_errors(scope.function):
                yield value
            case ast.Return(value=value) | ast.Yield(value=value) if value is not None:
                if scope.function is not None and scope.function.name in RETURNED:
                    yield value

    def _arguments(self, node: ast.Call, scope: Scope) -> Iterator[ast.expr]:
        """The message among the arguments of a call, if it reports one."""
        name = called_name(node)
        _, function = self._function(node, scope)
        if ast.unparse(node.func) == "super().__init__":
            yield from node.args[:1]
        elif function in self.reporters:
            yield from _argument(node, self.reporters[function])
        elif name in REPORTERS:
            yield from _argument(node, REPORTERS[name])
        elif name == "replace":  # of a change or an outcome; its reason was reported before
            yield from (item.value for item in node.keywords if item.arg == "error")
        elif name.endswith("Error"):
            yield from node.args[:1]

    def _follow_parameter(self, expression: ast.expr, scope: Scope) -> None:
        """Make the function a reporter if its message is, or contains, one of its parameters."""
        if scope.function is None:
            return
        names = set(names_in(expression))
        for name in tuple(names):
            for value in assigned_values(scope.function, name):
                names.update(names_in(value))
        for position, parameter in enumerate(scope.parameters):
            if parameter in names & TEXT_NAMES:
                self.reporters.setdefault(scope.function, position)

    def texts(self, node: ast.expr | None, scope: Scope) -> Texts:
        """What a text can be."""
        if node is None or id(node) in self._active:
            return NO_TEXT
        self._active.append(id(node))
        try:
            return self._texts(node, scope)
        finally:
            self._active.pop()

    def _texts(self, node: ast.expr, scope: Scope) -> Texts:
        match node:
            case ast.Constant(value=str(text)):
                return frozenset({re.sub(r"\{\w+\}", UNKNOWN, text)})
            case ast.JoinedStr() | ast.BinOp(op=ast.Add()):
                parts = node.values if isinstance(node, ast.JoinedStr) else [node.left, node.right]
                return _joined([self.texts(part, scope) for part in parts])
            case ast.Name(id=name):
                return self._named(name, scope)
            case ast.Attribute():
                return self._attribute(node, scope)
            case ast.Call():
                return self._called(node, scope)
        return self._union(alternatives(node), scope)

    def _union(self, nodes: list[ast.expr], scope: Scope) -> Texts:
        return frozenset[str]().union(*(self.texts(node, scope) for node in nodes)) or NO_TEXT

    def _named(self, name: str, scope: Scope) -> Texts:
        """A variable of the function, or a constant of the module or of another one."""
        if scope.function is not None:
            values = list(assigned_values(scope.function, name))
            if values:
                return self._union(values, scope)
        module = self.modules[scope.module]
        if name in module.constants:
            return self.texts(module.constants[name], Scope(scope.module, None))
        source, original = module.imports.get(name, ("", ""))
        if source in self.modules and original in self.modules[source].constants:
            return self.texts(self.modules[source].constants[original], Scope(source, None))
        return NO_TEXT

    def _attribute(self, node: ast.Attribute, scope: Scope) -> Texts:
        """A constant of an imported module, or what the classes have as a reason."""
        module = self._module(ast.unparse(node.value), scope)
        if module:
            return self._named(node.attr, Scope(module, None))
        values = (
            self._union(content.class_constants[node.attr], Scope(name, None))
            for name, content in self.modules.items()
            if node.attr.endswith("_reason") and node.attr in content.class_constants
        )
        return frozenset[str]().union(*values) or NO_TEXT

    def _called(self, node: ast.Call, scope: Scope) -> Texts:
        """What a function returns, or what a method makes of its text."""
        name = called_name(node)
        if isinstance(node.func, ast.Attribute):
            if name in SAME_TEXT:
                return self.texts(node.func.value, scope)
            if name in {"get", "items", "values"}:
                return self.texts(node.func.value, scope) | self._union(node.args[1:], scope)
            if name == "join":
                return self._union(node.args, scope)
            if name == "failure":
                return self._failure(node, scope)
        if name in {"next", "filter", "map", "str", "redact"}:
            return self._union(node.args, scope)
        module, function = self._function(node, scope)
        return NO_TEXT if function is None else self._returned(module, function)

    def _failure(self, node: ast.Call, scope: Scope) -> Texts:
        """What `Task.failure` makes of a reason and an advice."""
        parts = [frozenset({f"could not {UNKNOWN}"})]
        for separator, argument in zip((": ", "; "), node.args, strict=False):
            parts += [frozenset({separator}), self.texts(argument, scope)]
        return _joined(parts)

    def _function(self, node: ast.Call, scope: Scope) -> tuple[str, Function | None]:
        """The function of the package that is called, with its module."""
        name, module = called_name(node), scope.module
        match node.func:
            case ast.Name() if name not in self.modules[module].functions:
                module, name = self.modules[module].imports.get(name, ("", ""))
            case ast.Attribute(value=ast.Name(id=base)) if base != "self":
                module = self._module(base, scope)
        return module, self.modules[module].functions.get(name) if module in self.modules else None

    def _module(self, name: str, scope: Scope) -> str:
        """The module of the package that a name means; empty if it means none."""
        module = ".".join(self.modules[scope.module].imports.get(name, ()))
        return module if module in self.modules else ""

    def _returned(self, module: str, function: Function) -> Texts:
        scope = Scope(module, function)
        values = [
            item.value
            for item in ast.walk(function)
            if isinstance(item, ast.Return | ast.Yield) and item.value is not None
        ]
        return self._union(values, scope)


def _is_message(text: str) -> bool:
    """Whether a text says something: one with fewer words only frames another message."""
    return len(re.findall("[A-Za-z]{2,}", text)) >= MIN_WORDS and not LEFT_OUT.fullmatch(text)


def _joined(parts: list[Texts]) -> Texts:
    """All combinations; with too many, the part with the most alternatives counts as unknown."""
    parts = list(parts)
    while prod(map(len, parts)) > MAX_ALTERNATIVES:
        parts[max(range(len(parts)), key=lambda position: len(parts[position]))] = NO_TEXT
    return frozenset(map("".join, product(*parts)))


def _yields_errors(function: Function | None) -> bool:
    """Whether a function yields errors of the spec: a path, and the message."""
    returns = function.returns if function else None
    return returns is not None and re.search("PathError|KeyPath", ast.unparse(returns)) is not None


def _argument(node: ast.Call, position: int) -> Iterator[ast.expr]:
    """The argument at a position, or the one that is named for a text."""
    if len(node.args) > position:
        yield node.args[position]
    yield from (item.value for item in node.keywords if item.arg in KEYWORDS)


CODE = Collector(ROOT / "src" / PACKAGE)
MESSAGES = CODE.messages
