"""Compare the sandbox's GraphQL schema, and the queries in the source, with GitHub's public schema.

`script/check` runs it. The sandbox's schema must be a part of GitHub's, so a query that a test
sends to the sandbox is valid at GitHub, also one that the Action composes at run time.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from graphql import (
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    KnownFragmentNamesRule,
    NoUnusedFragmentsRule,
    build_schema,
    is_introspection_type,
    is_required_argument,
    parse,
    print_ast,
    specified_rules,
    validate,
)

from github_sandbox.graphql_schema import SCHEMA

SOURCE = Path("src/codespaces_registry_secrets")
Composite: TypeAlias = GraphQLObjectType | GraphQLInterfaceType
QUERY = re.compile(r"\s*(?:query|mutation|fragment)\b[^{]*\{.*\}\s*", re.DOTALL)
# A query can be composed of several strings, so a fragment can be in another one.
RULES = [
    rule for rule in specified_rules if rule not in (KnownFragmentNamesRule, NoUnusedFragmentsRule)
]


def compare(part: GraphQLSchema, whole: GraphQLSchema) -> Iterator[str]:
    """Yield what is in `part` but not in `whole`, and the arguments that only `whole` requires."""
    for name, type_ in part.type_map.items():
        if is_introspection_type(type_):
            continue
        other = whole.type_map.get(name)
        if type(other) is not type(type_):
            yield f"{name}: no such type, or of another kind"
        elif isinstance(type_, Composite) and isinstance(other, Composite):
            yield from compare_fields(type_, other)


def compare_fields(type_: Composite, other: Composite) -> Iterator[str]:
    """Yield the differences between the fields and the interfaces of two types."""
    implemented = [interface.name for interface in other.interfaces]
    for interface in type_.interfaces:
        if interface.name not in implemented:
            yield f"{type_.name}: does not implement {interface.name}"
    for name, field in type_.fields.items():
        path = f"{type_.name}.{name}"
        if name not in other.fields:
            yield f"{path}: no such field"
        else:
            yield from compare_field(path, field, other.fields[name])


def compare_field(path: str, field: GraphQLField, other: GraphQLField) -> Iterator[str]:
    """Yield the differences between two fields: their types and their arguments."""
    if str(field.type) != str(other.type):
        yield f"{path}: is {other.type}, not {field.type}"
    if other.deprecation_reason is not None:
        yield f"{path}: deprecated: {other.deprecation_reason}"
    for name, argument in field.args.items():
        if name not in other.args:
            yield f"{path}({name}:): no such argument"
        elif describe(argument) != describe(other.args[name]):
            yield f"{path}({name}:): is {describe(other.args[name])}, not {describe(argument)}"
    for name, argument in other.args.items():
        if name not in field.args and is_required_argument(argument):
            yield f"{path}({name}:): required"


def describe(argument: GraphQLArgument) -> str:
    """The type of an argument, and its default."""
    default = argument.default.literal if argument.default else None
    return f"{argument.type} = {print_ast(default)}" if default else str(argument.type)


def find_queries(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the file with the line, and the text, of each string that is a query or a fragment.

    Parts of a query that is composed at run time are left out.
    """
    for path in sorted(folder.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str):
                continue
            if QUERY.fullmatch(node.value):
                yield f"{path}:{node.lineno}", node.value


def find_errors(query: str, schema: GraphQLSchema) -> list[str]:
    """The errors in a query or a fragment."""
    try:
        return [error.message for error in validate(schema, parse(query), RULES)]
    except GraphQLError as error:
        return [error.message]


def check(schema: str, folder: Path) -> list[str]:
    """Compare with the schema, given as its text; return the differences and the errors."""
    whole = build_schema(schema, assume_valid=True)
    messages = [f"the sandbox's schema: {message}" for message in compare(SCHEMA, whole)]
    queries = list(find_queries(folder))
    for place, query in queries:
        messages += [f"{place}: {message}" for message in find_errors(query, whole)]
    return messages if queries else [*messages, f"{folder}: no query found"]


if __name__ == "__main__":
    found = check(Path(sys.argv[1]).read_text(encoding="utf-8"), SOURCE)
    sys.exit("\n".join(found) or None)
