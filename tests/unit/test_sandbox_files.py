"""The files of repositories in the sandbox, as GraphQL returns them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from contract.sandbox_client import Client
from github_sandbox import World
from github_sandbox.file_store import EXECUTABLE, SUBMODULE, SYMLINK

REPOSITORY = "octo-org/api"
BLOB = "... on Blob { text byteSize isBinary isTruncated }"


def query(client: Client, fields: str, name: str = "api") -> Any:
    """Fields of a repository of octo-org."""
    text = f'{{ repository(owner: "octo-org", name: "{name}") {{ {fields} }} }}'
    response = client.send("POST", "/graphql", {"query": text}).json()
    assert "errors" not in response
    return response["data"]["repository"]


def find(client: Client, expression: str, fields: str = BLOB) -> Any:
    """Fields of the object that an expression names."""
    return query(client, f'object(expression: "{expression}") {{ {fields} }}')["object"]


def test_a_file_is_read_by_its_path(world: World, client: Client) -> None:
    """Its text, and its size in bytes."""
    world.put_file(REPOSITORY, "docs/ö.md", "🔑\n")
    expected = {"text": "🔑\n", "byteSize": 5, "isBinary": False, "isTruncated": False}
    for revision in ("HEAD", "main", "refs/heads/main"):
        assert find(client, f"{revision}:docs/ö.md") == expected


@pytest.mark.parametrize(
    "expression", ["HEAD:docs/A.md", "HEAD:a.md", "HEAD:docs/a.md/b", "other:docs/a.md", "HEAD:.."]
)
def test_other_expressions_name_nothing(world: World, client: Client, expression: str) -> None:
    """The case counts; there is one branch, and no path leaves the root."""
    world.put_file(REPOSITORY, "docs/a.md", "text")
    assert find(client, expression) is None


def test_folders_are_listed(world: World, client: Client) -> None:
    """In git's order, with git's modes, also inside of folders."""
    files = {"a/b/c": "12", "a.md": "1", "a-b": ""}
    world.put_files(REPOSITORY, files)
    world.put_file(REPOSITORY, "run", "#!/bin/sh", mode=EXECUTABLE)
    fields = "... on Tree { entries { name type mode size object { %s } } }"
    tree = find(client, "HEAD:", fields % (fields % "oid"))
    listed = [
        (entry["name"], entry["type"], entry["mode"], entry["size"]) for entry in tree["entries"]
    ]
    assert listed == [
        ("a-b", "blob", 0o100644, 0),
        ("a.md", "blob", 0o100644, 1),
        ("a", "tree", 0o040000, 0),
        ("run", "blob", 0o100755, 9),
    ]
    assert [entry["name"] for entry in tree["entries"][2]["object"]["entries"]] == ["b"]


def test_symlinks_and_submodules_are_not_followed(world: World, client: Client) -> None:
    """A symlink's text is its target, and a submodule has no object."""
    world.put_file(REPOSITORY, "link", "docs/a.md", mode=SYMLINK)
    world.put_file(REPOSITORY, "module", "0" * 40, mode=SUBMODULE)
    assert find(client, "HEAD:link", "... on Blob { text }") == {"text": "docs/a.md"}
    entries = find(client, "HEAD:", "... on Tree { entries { type object { oid } } }")["entries"]
    assert [entry["type"] for entry in entries] == ["blob", "commit"]
    assert entries[1]["object"] is None
    assert find(client, "HEAD:module") is None


def test_a_repository_without_a_commit_is_empty(world: World, client: Client) -> None:
    """It has no default branch; with an empty commit, it has one without files."""
    fields = 'isEmpty defaultBranchRef { name } object(expression: "HEAD:") { __typename }'
    empty = {"isEmpty": True, "defaultBranchRef": None, "object": None}
    assert query(client, fields) == empty
    world.put_files(REPOSITORY, {})
    branch, tree = {"name": "main"}, {"__typename": "Tree"}
    assert query(client, fields) == {"isEmpty": False, "defaultBranchRef": branch, "object": tree}
    world.put_file(REPOSITORY, "a", "text")
    world.delete_file(REPOSITORY, "a")
    assert (query(client, fields)["object"], world.files(REPOSITORY)) == (tree, {})


def test_files_are_replaced_and_deleted(world: World, client: Client) -> None:
    """The default branch shows the last state."""
    world.put_file(REPOSITORY, "a", "old")
    assert find(client, "HEAD:a")["text"] == "old"
    world.put_file(REPOSITORY, "a", "new")
    assert find(client, "HEAD:a")["text"] == "new"
    assert world.files(REPOSITORY) == {"a": b"new"}
    world.delete_file(REPOSITORY, "a")
    assert find(client, "HEAD:a") is None


def test_files_stay_when_the_repository_is_renamed(world: World, client: Client) -> None:
    """Under both names."""
    world.put_file(REPOSITORY, "a", "text")
    world.rename(REPOSITORY, "octo-org/moved")
    fields = 'nameWithOwner object(expression: "HEAD:a") { ... on Blob { text } }'
    for name in ("api", "moved"):
        expected = {"nameWithOwner": "octo-org/moved", "object": {"text": "text"}}
        assert query(client, fields, name) == expected


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"\x89PNG\0\0", None),
        (b"", ""),
        ("🔑".encode("utf-16"), "🔑"),
        (b"\xef\xbb\xbf{}", "\ufeff{}"),
        (b"caf\xe9", "café"),
    ],
)
def test_binary_files_have_no_text(
    world: World, client: Client, content: bytes, text: str | None
) -> None:
    """Other files have, whatever their encoding."""
    world.put_file(REPOSITORY, "a", content)
    blob = find(client, "HEAD:a")
    assert (blob["text"], blob["isBinary"]) == (text, text is None)
    assert blob["byteSize"] == len(content)


def test_long_text_is_truncated(world: World, client: Client) -> None:
    """After 512,000 bytes, even within a character; the size is that of the whole file."""
    world.put_file(REPOSITORY, "full", "x" * 512_000)
    assert find(client, "HEAD:full")["isTruncated"] is False
    world.put_file(REPOSITORY, "long", "x" + "é" * 256_000)
    blob = find(client, "HEAD:long")
    assert (blob["isTruncated"], blob["byteSize"]) == (True, 512_001)
    assert blob["text"] == "x" + "é" * 255_999


def test_object_ids_are_those_of_git(world: World, client: Client, tmp_path: Path) -> None:
    """The id of the root tree covers all others; objects are found by it, too."""
    files = {"a/b": "1", "a.b": "2", "a0": "3", "c": "🔑"}
    for path, text in files.items():
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
    world.put_files(REPOSITORY, files)
    run_git(tmp_path, "init", "--quiet")
    run_git(tmp_path, "add", ".")
    tree = run_git(tmp_path, "write-tree")
    assert find(client, "HEAD:", "oid abbreviatedOid") == {"oid": tree, "abbreviatedOid": tree[:7]}
    fields = "oid ... on Commit { tree { oid } }"
    commit = find(client, "HEAD", fields)
    assert commit["tree"] == {"oid": tree}
    for oid in (commit["oid"], tree, run_git(tmp_path, "hash-object", "c")):
        assert query(client, f'object(oid: "{oid}") {{ oid }}')["object"] == {"oid": oid}
    assert query(client, f'object(oid: "{"0" * 40}") {{ oid }}')["object"] is None
    assert query(client, "defaultBranchRef { target { oid } }") == {
        "defaultBranchRef": {"target": {"oid": commit["oid"]}}
    }


def run_git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; return its output."""
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.mark.parametrize("path", ["", "/a", "a/", "a//b", "./a", "a/../b"])
def test_a_path_is_normalized(world: World, path: str) -> None:
    """Git has no others."""
    with pytest.raises(ValueError, match="not a relative, normalized path"):
        world.put_file(REPOSITORY, path, "text")


def test_thousands_of_repositories_get_files(world: World, client: Client) -> None:
    """Trees are built when a query needs them."""
    for number in range(5000):
        world.add_repository(f"octo-org/r{number}")
        world.put_files(f"octo-org/r{number}", {"a/b": str(number), "c": ""})
    fields = 'object(expression: "HEAD:a/b") { ... on Blob { text } }'
    assert query(client, fields, "r4999") == {"object": {"text": "4999"}}
