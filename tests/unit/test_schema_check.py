"""The comparison of the sandbox's GraphQL schema with GitHub's, which `script/check` runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from graphql import build_schema

from github_sandbox.graphql_schema import SDL
from github_sandbox.schema_check import SOURCE, check, compare, find_queries

WHOLE = """
type Query {
  viewer(login: String, first: Int = 1): User
  node(id: ID!): Node
  old: Int @deprecated(reason: "use viewer")
}
interface Node { id: ID! }
type User implements Node { id: ID!, login: String! }
type Bot { id: ID! }
enum Color { RED }
"""


@pytest.mark.parametrize(
    ("part", "differences"),
    [
        ("type Query { old: Int }", ["Query.old: deprecated: use viewer"]),
        ("type Query { viewer: User } type User { login: String! }", []),
        (
            "type Query { viewer: User } type User { login: String }",
            ["User.login: is String!, not String"],
        ),
        ("type Query { viewer: User } type User { name: String }", ["User.name: no such field"]),
        (
            "type Query { viewer: User! } type User { login: String! }",
            ["Query.viewer: is User, not User!"],
        ),
        (
            "type Query { viewer(name: String): Bot } type Bot { id: ID! }",
            ["Query.viewer: is User, not Bot", "Query.viewer(name:): no such argument"],
        ),
        (
            "type Query { viewer(login: String!): User } type User { login: String! }",
            ["Query.viewer(login:): is String, not String!"],
        ),
        (
            "type Query { viewer(first: Int = 2): User } type User { login: String! }",
            ["Query.viewer(first:): is Int = 1, not Int = 2"],
        ),
        ("type Query { node: Node } interface Node { id: ID! }", ["Query.node(id:): required"]),
        (
            "type Query { node(id: ID!): Node } interface Node { id: ID! } type Bot implements Node { id: ID! }",
            ["Bot: does not implement Node"],
        ),
        (
            "type Query { viewer: Color } type Color { id: ID! }",
            ["Query.viewer: is User, not Color", "Color: no such type, or of another kind"],
        ),
    ],
)
def test_differences_are_found(part: str, differences: list[str]) -> None:
    """Of types, fields, arguments, defaults and interfaces; a smaller schema has none."""
    assert list(compare(build_schema(part), build_schema(WHOLE))) == differences


def test_a_query_is_validated_where_it_is(tmp_path: Path) -> None:
    """Each with its file and line; a fragment can be used in another string."""
    source = '''"""Docstring: query { nothing }."""
TEXT = "the query { nope }"
FILES = "fragment Files on Repository { xyzzy }"
QUERY = """
query { repository(owner: "o", name: "n") { ...Files } }
"""
BROKEN = "query { viewer { login }"
COMPOSED = f"query {{ {FILES} }}"
'''
    path = tmp_path / "queries.py"
    path.write_text(source)
    assert check(SDL, tmp_path) == [
        f"{path}:3: Cannot query field 'xyzzy' on type 'Repository'.",
        f"{path}:7: Syntax Error: Expected Name, found <EOF>.",
    ]
    path.write_text("TEXT = 1\n")
    assert check(SDL, tmp_path) == [f"{tmp_path}: no query found"]


def test_a_missing_field_is_reported(tmp_path: Path) -> None:
    """The message names the schema of the sandbox."""
    (tmp_path / "queries.py").write_text('QUERY = "query { viewer { login } }"\n')
    changed = SDL.replace("  isEmpty: Boolean!\n", "")
    assert check(changed, tmp_path) == ["the sandbox's schema: Repository.isEmpty: no such field"]


def test_the_query_of_the_source_is_found() -> None:
    """Otherwise `script/check` validates nothing."""
    assert any("viewer" in query for _, query in find_queries(SOURCE))
