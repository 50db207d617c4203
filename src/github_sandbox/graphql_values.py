"""The values of GraphQL's objects: dictionaries that graphql-core's default resolver reads.

Source: the descriptions in GitHub's public schema.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import Any, TypeAlias

from github_sandbox.accounts import Repository
from github_sandbox.file_store import (
    DEFAULT_BRANCH,
    FOLDER,
    SUBMODULE,
    Blob,
    Commit,
    GitObject,
    Tree,
)
from github_sandbox.routing import ApiRequest
from github_sandbox.tokens import Token

# The values of a dictionary can be functions, which graphql-core calls with the arguments.
FieldValues: TypeAlias = dict[str, Any]

# Observed on github.com: `text` ends after exactly this number of bytes of the file.
MAX_TEXT_BYTES = 512_000


class QueryError(Exception):
    """An error in one field of a query; `kind` is what GitHub calls its `type`."""

    def __init__(self, kind: str, message: str, *, saml_failure: bool | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.saml_failure = saml_failure


def repository_values(request: ApiRequest[Token], repository: Repository) -> FieldValues:
    """`Repository`; its files need the permission `contents` if it is private."""
    head = request.world.file_store(repository.id).head()
    return {
        "databaseId": repository.id,
        "defaultBranchRef": lambda _: branch_values(require_contents(request, repository, head)),
        "isArchived": repository.archived,
        "isEmpty": head is None,
        "isPrivate": repository.private,
        "name": repository.name,
        "nameWithOwner": repository.full_name,
        "object": find_object(request, repository),
    }


def find_object(
    request: ApiRequest[Token], repository: Repository
) -> Callable[..., FieldValues | None]:
    """Create the function that resolves the field `object` of a repository."""

    def resolve(
        _: object, expression: str | None = None, oid: str | None = None
    ) -> FieldValues | None:
        store = request.world.file_store(repository.id)
        found = store.resolve(expression) if expression is not None else store.find(oid or "")
        return object_values(require_contents(request, repository, found))

    return resolve


def require_contents(
    request: ApiRequest[Token], repository: Repository, found: GitObject | None
) -> GitObject | None:
    """Return what was found in a repository.

    Raises:
        QueryError: the token cannot read the repository's files.
    """
    token = request.caller
    if repository.private and token.kind != "classic" and not token.grants("contents", "read"):
        kind = "integration" if token.is_app else "personal access token"
        raise QueryError("FORBIDDEN", f"Resource not accessible by {kind}", saml_failure=False)
    return found


def branch_values(head: GitObject | None) -> FieldValues | None:
    """`Ref`: the default branch; None without a commit."""
    if head is None:
        return None
    return {"name": DEFAULT_BRANCH, "prefix": "refs/heads/", "target": object_values(head)}


def object_values(found: GitObject | None) -> FieldValues | None:
    """`GitObject`: a blob, a tree or a commit; the commit of a submodule is elsewhere."""
    if found is None or (isinstance(found, Blob) and found.mode == SUBMODULE):
        return None
    values = {"__typename": type(found).__name__, "oid": found.oid, "abbreviatedOid": found.oid[:7]}
    if isinstance(found, Commit):
        return {**values, "tree": lambda _: object_values(found.tree)}
    if isinstance(found, Tree):
        entries = found.entries.items()
        return {**values, "entries": lambda _: [entry_values(*entry) for entry in entries]}
    return {**values, **blob_values(found)}


def entry_values(name: str, entry: Blob | Tree) -> FieldValues:
    """`TreeEntry`: a file, a folder or a submodule in a tree."""
    kinds = {FOLDER: "tree", SUBMODULE: "commit"}
    return {
        "mode": entry.mode,
        "name": name,
        "object": lambda _: object_values(entry),
        "oid": entry.oid,
        "size": len(entry.content) if isinstance(entry, Blob) else 0,
        "type": kinds.get(entry.mode, "blob"),
    }


def blob_values(blob: Blob) -> FieldValues:
    """`Blob` without the fields of every object; its text ends after MAX_TEXT_BYTES."""
    text = decode(blob.content[:MAX_TEXT_BYTES])
    return {
        "byteSize": len(blob.content),
        "isBinary": text is None,
        "isTruncated": len(blob.content) > MAX_TEXT_BYTES,
        "text": text,
    }


def decode(content: bytes) -> str | None:
    """Decode a file's text; None if it is binary, which a NUL byte tells.

    GitHub guesses the encoding; the sandbox knows UTF-8, UTF-16 with its mark, and Latin-1.
    """
    for mark in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        if content.startswith(mark):
            return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        is_cut = error.end == len(content) == MAX_TEXT_BYTES
        return content.decode(errors="ignore") if is_cut else content.decode("latin-1")
