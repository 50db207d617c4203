"""Read files of the workspace, whose content anybody who opens a pull request can control.

Neither a path nor a symbolic link can leave the workspace. Only regular files of a limited size are
read: a device or a FIFO could block the run or fill its memory.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from codespaces_registry_secrets.model.fields import IN_GIT, in_git


class WorkspaceFileError(Exception):
    """A file was not read. The message says why; the caller adds the file's name."""


class MissingFileError(WorkspaceFileError):
    """The file does not exist."""


def read_file(workspace: Path, name: str, max_bytes: int) -> bytes:
    """Read the file `name`, a path relative to the workspace.

    Raises:
        WorkspaceFileError: the file is missing, outside the workspace, in `.git`, larger than
            `max_bytes`, not a regular file, or not readable.
    """
    try:
        path = _resolve(workspace, name)
        with open(path, "rb", opener=_opener) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise WorkspaceFileError("is not a regular file")
            content = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise MissingFileError(f"cannot be read: {error.strerror}") from None
    except OSError as error:
        raise WorkspaceFileError(f"cannot be read: {error.strerror}") from None
    if len(content) > max_bytes:
        raise WorkspaceFileError(f"is larger than the limit of {max_bytes:,} bytes")
    return content


def _resolve(workspace: Path, name: str) -> Path:
    """The path of the file with every symbolic link followed."""
    path = Path(os.path.realpath(workspace / name))
    root = os.path.realpath(workspace)
    if not path.is_relative_to(root):
        raise WorkspaceFileError("is outside the workspace; only files inside it are read")
    if in_git(path.relative_to(root)):
        raise WorkspaceFileError(IN_GIT)
    return path


def _opener(path: str, flags: int) -> int:
    """Open without waiting for the writer of a FIFO, and without following a new symbolic link."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
