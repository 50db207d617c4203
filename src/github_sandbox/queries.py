"""Read GraphQL queries: parse and validate them, and find the repositories that they ask for."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLError,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    parse,
    validate,
)

from github_sandbox.graphql_schema import SCHEMA


@lru_cache(maxsize=64)
def read_document(query: str) -> tuple[DocumentNode | None, Sequence[GraphQLError]]:
    """Parse and validate a query; return the document and the errors in it."""
    try:
        document = parse(query)
    except GraphQLSyntaxError as error:
        return None, [error]
    return document, validate(SCHEMA, document)


def count_repositories(raw_body: bytes) -> int:
    """Count the repositories in the query of a request's body; 0 for any other body."""
    return len(find_aliases(raw_body))


def find_aliases(raw_body: bytes) -> list[str]:
    """The name of each repository in the response to a query, in the query's order."""
    try:
        query = json.loads(raw_body)["query"]
        document, _ = read_document(query)
    except (KeyError, TypeError, ValueError):
        return []
    return [
        field.alias.value if field.alias else field.name.value
        for definition in (document.definitions if document else ())
        if isinstance(definition, OperationDefinitionNode)
        for field in definition.selection_set.selections
        if isinstance(field, FieldNode) and field.name.value == "repository"
    ]
