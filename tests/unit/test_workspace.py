"""Whatever stands in the workspace, reading a file of it ends soon and stays inside."""

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
    """An empty one, beside a file that is outside of it."""
    (tmp_path / "outside").write_text("host secret")
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


def refusal(workspace: Path, name: str) -> str:
    """Why a file is not read."""
    with pytest.raises(WorkspaceFileError) as caught:
        read_file(workspace, name, 10)
    return str(caught.value)


def test_a_file_is_read_to_the_byte(workspace: Path) -> None:
    """By its path or an absolute one, and through links that stay inside."""
    (workspace / "folder").mkdir()
    (workspace / "folder" / "key").write_bytes(b"\x00\xff\r\n")
    (workspace / "link").symlink_to("folder")

    for name in ("folder/key", "link/key", f"{workspace}/folder/key", "folder/../folder/key"):
        assert read_file(workspace, name, 10) == b"\x00\xff\r\n"


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "link", "folder/outside", "up"])
def test_nothing_leads_out_of_the_workspace(workspace: Path, name: str) -> None:
    """No path, no absolute one, and no link to a file or a folder."""
    (workspace / "link").symlink_to("../outside")
    (workspace / "folder").symlink_to("..")
    (workspace / "up").symlink_to("folder/outside")

    assert refusal(workspace, name) == "is outside the workspace; only files inside it are read"


@pytest.mark.parametrize("name", [".git/config", "link/config", "app/.git", "app/link"])
def test_nothing_of_git_is_read(workspace: Path, name: str) -> None:
    """A checkout keeps its token there; a worktree's `.git` is a file, and links lead there too."""
    (workspace / ".git").mkdir()
    (workspace / ".git" / "config").write_text("AUTHORIZATION: basic hunter2")
    (workspace / "app").mkdir()
    (workspace / "app" / ".git").write_text("gitdir: ../.git")
    (workspace / "app" / "link").symlink_to("../.git/config")
    (workspace / "link").symlink_to(".git")

    assert refusal(workspace, name) == (
        "is in a .git folder, which can hold the token of a checkout; files there are never read"
    )


def test_a_file_beside_git_is_read(workspace: Path) -> None:
    """`.github` and `.gitignore` have nothing to do with it, nor has what is above the workspace."""
    inner = workspace / ".git" / "worktree"
    (inner / ".github").mkdir(parents=True)
    (inner / ".github" / "x.yml").write_text("version: 1")

    assert read_file(inner, ".github/x.yml", 10) == b"version: 1"


def test_a_workspace_may_be_reached_through_a_link(workspace: Path) -> None:
    """As with a temporary folder that is one."""
    (workspace / "key").write_text("pass-word")
    (workspace.parent / "link").symlink_to("workspace")

    assert read_file(workspace.parent / "link", "key", 10) == b"pass-word"


def test_only_a_regular_file_is_read(workspace: Path) -> None:
    """A FIFO without a writer would block for ever, a device might never end."""
    os.mkfifo(workspace / "fifo")
    (workspace / "folder").mkdir()

    assert refusal(workspace, "fifo") == "is not a regular file"
    assert refusal(workspace, "folder") == "cannot be read: Is a directory"


def test_a_socket_is_not_read(workspace: Path) -> None:
    """The system refuses to open one."""
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.fspath(workspace / "socket"))

        assert refusal(workspace, "socket").startswith("cannot be read: ")


def test_a_file_beyond_the_limit_is_not_read_whole(workspace: Path) -> None:
    """One of many gigabytes neither: this one is as large and takes no room."""
    (workspace / "ten").write_bytes(b"0123456789")
    (workspace / "large").touch()
    os.truncate(workspace / "large", 2**40)

    assert len(read_file(workspace, "ten", 10)) == 10
    assert refusal(workspace, "large") == "is larger than the limit of 10 bytes"


def test_what_is_missing_is_told_from_the_rest(workspace: Path) -> None:
    """A spec that is not there has advice of its own; a link in a circle is there."""
    (workspace / "circle").symlink_to("circle")

    with pytest.raises(MissingFileError, match="cannot be read: No such file or directory"):
        read_file(workspace, "nowhere", 10)
    assert refusal(workspace, "circle") == "cannot be read: Too many levels of symbolic links"
