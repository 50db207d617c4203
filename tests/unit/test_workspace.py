"""Read files of the workspace only, without blocking and up to a size limit."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from codespaces_registry_secrets.inputs.workspace import (
    MissingFileError,
    WorkspaceFileError,
    read_file,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """An empty workspace, and a file outside of it."""
    (tmp_path / "outside").write_text("host secret")
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def read_error(workspace: Path, name: str) -> str:
    """The error when a file is read."""
    with pytest.raises(WorkspaceFileError) as caught:
        read_file(workspace, name, 10)
    return str(caught.value)


def test_a_file_is_read_as_bytes(workspace: Path) -> None:
    """By a relative or an absolute path, and through symbolic links inside the workspace."""
    (workspace / "folder").mkdir()
    (workspace / "folder" / "key").write_bytes(b"\x00\xff\r\n")
    (workspace / "link").symlink_to("folder")

    for name in ("folder/key", "link/key", f"{workspace}/folder/key", "folder/../folder/key"):
        assert read_file(workspace, name, 10) == b"\x00\xff\r\n"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "link", "folder/outside", "up"])
def test_no_path_leaves_the_workspace(workspace: Path, name: str) -> None:
    """No relative path, no absolute path, and no symbolic link to a file or a folder."""
    (workspace / "link").symlink_to("../outside")
    (workspace / "folder").symlink_to("..")
    (workspace / "up").symlink_to("folder/outside")

    assert read_error(workspace, name) == "is outside the workspace; only files inside it are read"


@pytest.mark.parametrize("name", [".git/config", "link/config", "app/.git", "app/link"])
def test_no_file_of_git_is_read(workspace: Path, name: str) -> None:
    """A checkout keeps its token in `.git`, which is a file in a worktree. Links are followed."""
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("AUTHORIZATION: basic hunter2")
    (workspace / "app").mkdir()
    (workspace / "app" / ".git").write_text("gitdir: ../.git")
    (workspace / "app" / "link").symlink_to("../.git/config")
    (workspace / "link").symlink_to(".git")

    assert read_error(workspace, name) == (
        "is in a .git folder, which can hold the token of a checkout; files there are never read"
    )


def test_a_file_outside_of_git_is_read(workspace: Path) -> None:
    """`.github` is not `.git`, and a workspace can be inside a `.git` folder."""
    inner = workspace / ".git" / "worktree"
    (inner / ".github").mkdir(parents=True)
    (inner / ".github" / "x.yml").write_text("version: 1")

    assert read_file(inner, ".github/x.yml", 10) == b"version: 1"


def test_the_workspace_can_be_a_symbolic_link(workspace: Path) -> None:
    """Like a temporary folder on macOS."""
    (workspace / "key").write_text("pass-word")
    (workspace.parent / "link").symlink_to("workspace")

    assert read_file(workspace.parent / "link", "key", 10) == b"pass-word"


def test_only_a_regular_file_is_read(workspace: Path) -> None:
    """A FIFO without a writer would block forever."""
    os.mkfifo(workspace / "fifo")
    (workspace / "folder").mkdir()

    assert read_error(workspace, "fifo") == "is not a regular file"
    assert read_error(workspace, "folder") == "cannot be read: Is a directory"


def test_a_socket_is_not_read(workspace: Path) -> None:
    """The system rejects opening it."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(workspace / "socket"))

        assert read_error(workspace, "socket").startswith("cannot be read: ")


def test_a_file_beyond_the_limit_is_an_error(workspace: Path) -> None:
    """Without reading it to its end: the large one has a terabyte of zeros."""
    (workspace / "ten").write_bytes(b"0123456789")
    (workspace / "large").touch()
    os.truncate(workspace / "large", 2**40)

    assert len(read_file(workspace, "ten", 10)) == 10
    assert read_error(workspace, "large") == "is larger than the limit of 10 bytes"


def test_a_missing_file_has_its_own_error(workspace: Path) -> None:
    """A missing spec has special advice. A symbolic link to itself is not missing."""
    (workspace / "circle").symlink_to("circle")

    with pytest.raises(MissingFileError, match="cannot be read: No such file or directory"):
        read_file(workspace, "nowhere", 10)
    assert read_error(workspace, "circle") == "cannot be read: Too many levels of symbolic links"
