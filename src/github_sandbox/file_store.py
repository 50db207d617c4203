"""The files on the default branch of one repository, as git's commit, trees and blobs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

FILE, EXECUTABLE, SYMLINK, SUBMODULE, FOLDER = 0o100644, 0o100755, 0o120000, 0o160000, 0o040000
DEFAULT_BRANCH = "main"
HEADS = ("HEAD", DEFAULT_BRANCH, f"refs/heads/{DEFAULT_BRANCH}")
SIGNATURE = "octocat <octocat@github.com> 0 +0000"


@dataclass(frozen=True)
class Blob:
    """A file: its bytes and its mode. Of a symlink, the target; of a submodule, its commit's id."""

    content: bytes
    mode: int = FILE

    @cached_property
    def oid(self) -> str:
        """Git's id."""
        if self.mode == SUBMODULE:
            return self.content.decode()
        return object_id("blob", self.content)


@dataclass(frozen=True)
class Tree:
    """A folder: its files and folders by name, in git's order."""

    entries: Mapping[str, Blob | Tree]
    mode: int = FOLDER

    @cached_property
    def oid(self) -> str:
        """Git's id."""
        lines = (
            f"{entry.mode:o} {name}\0".encode() + bytes.fromhex(entry.oid)
            for name, entry in self.entries.items()
        )
        return object_id("tree", b"".join(lines))


@dataclass(frozen=True)
class Commit:
    """The only commit of the default branch."""

    tree: Tree

    @cached_property
    def oid(self) -> str:
        """Git's id."""
        lines = (f"tree {self.tree.oid}", f"author {SIGNATURE}", f"committer {SIGNATURE}", "", "")
        return object_id("commit", "\n".join(lines).encode())


GitObject: TypeAlias = Blob | Tree | Commit


class FileStore:
    """The files of a repository by path. Without a commit, it has no default branch."""

    def __init__(self) -> None:
        self.has_commit = False
        self._files: dict[str, Blob] = {}
        self._commit: Commit | None = None

    def put(self, path: str, blob: Blob) -> None:
        """Create or replace a file.

        Raises:
            ValueError: the path is not relative and normalized.
        """
        if not all(part not in ("", ".", "..") for part in path.split("/")):
            raise ValueError(f"not a relative, normalized path: {path!r}")
        self._files[path] = blob
        self.commit()

    def delete(self, path: str) -> None:
        """Delete a file; KeyError if it does not exist."""
        del self._files[path]
        self.commit()

    def commit(self) -> None:
        """Create the default branch if there is none, and drop the trees of the last commit."""
        self.has_commit, self._commit = True, None

    def files(self) -> dict[str, bytes]:
        """The contents of all files by path."""
        return {path: self._files[path].content for path in sorted(self._files)}

    def head(self) -> Commit | None:
        """The commit of the default branch."""
        if self.has_commit and self._commit is None:
            self._commit = Commit(build_tree(self._files))
        return self._commit

    def resolve(self, expression: str) -> GitObject | None:
        """Resolve `REVISION` or `REVISION:PATH` of the default branch; None if it does not exist.

        Source: gitrevisions(7). A path is case-sensitive and relative to the root.
        """
        revision, colon, path = expression.partition(":")
        commit = self.head()
        if commit is None or revision not in (*HEADS, commit.oid):
            return None
        return find_entry(commit.tree, path) if colon else commit

    def find(self, oid: str) -> GitObject | None:
        """Find the commit, or a tree or a blob of it, by its id."""
        commit = self.head()
        if commit is None or commit.oid == oid:
            return commit
        return next((entry for entry in walk(commit.tree) if entry.oid == oid), None)


def object_id(kind: str, content: bytes) -> str:
    """The id that git gives an object."""
    header = f"{kind} {len(content)}\0".encode()
    return hashlib.sha1(header + content, usedforsecurity=False).hexdigest()


def build_tree(files: Mapping[str, Blob]) -> Tree:
    """Build the tree of files, given by their paths."""
    here: dict[str, Blob | Tree] = {}
    folders: dict[str, dict[str, Blob]] = {}
    for path, blob in files.items():
        name, slash, rest = path.partition("/")
        if slash:
            folders.setdefault(name, {})[rest] = blob
        else:
            here[name] = blob
    here |= {name: build_tree(folder) for name, folder in folders.items()}
    return Tree({name: here[name] for name in sorted(here, key=lambda name: sort_key(name, here))})


def sort_key(name: str, entries: Mapping[str, Blob | Tree]) -> bytes:
    """The key of git's order: bytes, with a slash after the name of a folder."""
    return f"{name}/".encode() if isinstance(entries[name], Tree) else name.encode()


def find_entry(tree: Tree, path: str) -> Blob | Tree | None:
    """Find a file or a folder; the empty path is the tree itself."""
    entry: Blob | Tree | None = tree
    for name in filter(None, path.removesuffix("/").split("/")):
        entry = entry.entries.get(name) if isinstance(entry, Tree) else None
    return entry


def walk(tree: Tree) -> list[Blob | Tree]:
    """The tree, and all below it."""
    found: list[Blob | Tree] = [tree]
    for entry in tree.entries.values():
        found += walk(entry) if isinstance(entry, Tree) else [entry]
    return found
