"""Reads the files of one repository, and collects images and problems. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.model.dev_containers import DevContainers
from codespaces_registry_secrets.model.images import UNKNOWN, ImageReference, parse_image
from codespaces_registry_secrets.text.control_characters import CONTROL_CHARACTER

# Limits for one repository. They are far above what dev containers need, and keep the time short
# for files that are made to be slow.
MAX_READS = 200
MAX_FILE_CHARACTERS = 256 * 1024
MAX_CHARACTERS = 4 * MAX_FILE_CHARACTERS
MAX_PROBLEMS = 20
MAX_PATH = 1000
MAX_QUOTED = 100

# The start of an absolute path, or of the address of a Git repository.
_ELSEWHERE = ("/", "git@", "github.com/")


@dataclass(frozen=True)
class UnreadableFile:
    """A file that exists, but has no text: `reason` says why, such as `it is not text`."""

    reason: str


# None: the repository has no such file.
FileContent = str | UnreadableFile | None


class Collector:
    """The files of a repository, and what was found in them.

    `files` has the content by path, relative to the root of the repository. `missing` collects the
    paths that were asked for and are not in `files`.
    """

    def __init__(self, files: Mapping[str, FileContent]) -> None:
        self.missing: set[str] = set()
        self._files = files
        self._images: set[ImageReference] = set()
        self._problems: set[str] = set()
        self._reads = 0
        self._characters = 0

    def result(self) -> DevContainers:
        """What was found, in a fixed order."""
        images = sorted(self._images, key=lambda image: (image.server, image.repository))
        problems = sorted(self._problems)
        if len(problems) > MAX_PROBLEMS:
            more = len(problems) - MAX_PROBLEMS
            problems[MAX_PROBLEMS:] = [f".devcontainer: {more} more problems like these"]
        return DevContainers(tuple(images), tuple(problems))

    @property
    def is_exhausted(self) -> bool:
        """Whether a file was refused because of the limit."""
        return self._reads > MAX_READS

    def read(self, path: str, referrer: str) -> str | None:
        """The text of a file that `referrer` needs; None, with a problem, if it has none."""
        if not path:
            self.add_problem(referrer, "refers to the root of the repository as a file")
            return None
        text = self.read_optional(path, referrer)
        if path in self._files and self._files[path] is None:
            self.add_problem(referrer, f"refers to {quote(path)}, which does not exist")
        return text

    def read_optional(self, path: str, referrer: str) -> str | None:
        """As `read`, but the file does not have to exist."""
        self._reads += 1
        if self.is_exhausted:
            self.add_problem(referrer, f"refers to more files than the limit of {MAX_READS}")
            return None
        if path not in self._files:
            self.missing.add(path)
            return None
        content = self._files[path]
        if isinstance(content, UnreadableFile):
            self.add_problem(path, f"cannot be read: {content.reason}")
            return None
        size = len(content or "")
        if size > MAX_FILE_CHARACTERS:
            message = f"is larger than the limit of {MAX_FILE_CHARACTERS:,} characters"
            self.add_problem(path, message)
            return None
        return content if self.has_room_for(content or "", referrer) else None

    def has_room_for(self, text: str, referrer: str) -> bool:
        """Count a text of `referrer` to parse; False, with a problem, if it is one too many."""
        self._characters += len(text)
        if self._characters > MAX_CHARACTERS:
            self.add_problem(
                referrer, f"refers to files with more than {MAX_CHARACTERS:,} characters in total"
            )
            return False
        return True

    def resolve(self, folder: str, path: str, referrer: str) -> str | None:
        """The path from the root of the repository; None, with a problem, if it is outside.

        `path` is relative to `folder`, which is empty for the root.
        """
        if UNKNOWN in path:
            self.add_problem(referrer, f"the path {quote(path)} has a variable without known value")
            return None
        normalized = posixpath.normpath(posixpath.join("/", folder, path) if path else "/")
        if path.startswith(_ELSEWHERE) or "://" in path or _is_outside(folder, path):
            self.add_problem(referrer, f"the path {quote(path)} is outside of the repository")
        elif CONTROL_CHARACTER.search(path) or len(path) > MAX_PATH:
            message = f"the path {quote(path)} is too long, or has a control character"
            self.add_problem(referrer, message)
        else:
            return normalized.lstrip("/")
        return None

    def add_image(self, file: str, text: str, name: str) -> None:
        """Add the image `name`, in which `UNKNOWN` stands for unknown values.

        `text` is what the file says, without values of variables, for messages.
        """
        image = parse_image(name)
        if image is not None:
            self._images.add(image)
        elif not name:
            self.add_problem(file, f"the variables in the image {quote(text)} have no value")
        elif UNKNOWN in name:
            self.add_problem(
                file,
                f"the server of the image {quote(text)} depends on a variable without known value",
            )
        else:
            self.add_problem(file, f"{quote(text)} is not a valid name of an image")

    def add_problem(self, file: str, message: str) -> None:
        """Add what could not be resolved in a file."""
        self._problems.add(f"{file}: {message}")


def quote(text: str) -> str:
    """A text from a file for a message: in backquotes, shortened, `…` for unknown values."""
    short = text if len(text) <= MAX_QUOTED else f"{text[:MAX_QUOTED]}…"
    return f"`{short.replace(UNKNOWN, '…')}`"


def _is_outside(folder: str, path: str) -> bool:
    """Whether `..` leads out of the root."""
    return posixpath.normpath(posixpath.join(folder, path)).split("/")[0] == ".."
