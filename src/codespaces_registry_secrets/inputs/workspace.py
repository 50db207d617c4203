"""Files of the workspace, which anybody who opens a pull request can put there.

Neither a path nor a link leads out of the workspace, and nothing but a regular file of a bounded
size is read: a device or a FIFO could block the run or fill its memory.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from codespaces_registry_secrets.model.fields import IN_GIT, in_git


class WorkspaceFileError(Exception):
    """A file is not read. The message says why, and the caller which file."""


class MissingFileError(WorkspaceFileError):
    """There is no such file."""


def read_file(workspace: Path, name: str, most: int) -> bytes:
    """The bytes of the file `name`, which is relative to the workspace; at most `most` of them.

    Raises:
        WorkspaceFileError: it is missing, outside, in `.git`, larger, no regular file, or cannot be
            read.
    """
    try:
        path = _inside(workspace, name)
        with open(path, "rb", opener=_opener) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise WorkspaceFileError("is not a regular file")
            raw = file.read(most + 1)
    except FileNotFoundError as error:
        raise MissingFileError(f"cannot be read: {error.strerror}") from None
    except OSError as error:
        raise WorkspaceFileError(f"cannot be read: {error.strerror}") from None
    if len(raw) > most:
        raise WorkspaceFileError(f"has more than {most:,} bytes, the most that is read of it")
    return raw


def _inside(workspace: Path, name: str) -> Path:
    """What the path leads to, once every link is followed."""
    path = Path(os.path.realpath(workspace / name))
    root = os.path.realpath(workspace)
    if not path.is_relative_to(root):
        raise WorkspaceFileError("is outside the workspace; only files inside it are read")
    if in_git(path.relative_to(root)):
        raise WorkspaceFileError(IN_GIT)
    return path


def _opener(path: str, flags: int) -> int:
    """Without O_NONBLOCK, opening a FIFO waits for a writer. No link is left to follow by now."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
