"""The error classes and exit codes, and the place in the user's files that an error points to.

Every message says what happened, where, and what to do next.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

NO_REPOSITORY = (
    "GITHUB_REPOSITORY is not set, so the repository of the workflow is unknown; in a command, set "
    "`--repository`"
)
# The exit codes of the Action, of `merge-shards` and of the command line.
DONE, FAILED, DRIFT = 0, 1, 2


@dataclass(frozen=True, order=True)
class Location:
    """A place in the spec or in the inputs.

    `file` is relative to the workspace, or names the input that the text came from. `line` counts
    from 1; it is None if the text has no lines. `path` is written `registries[0].id`. `column`
    counts characters from 1; two locations that differ only in it are equal.
    """

    file: str = ""
    line: int | None = None
    path: str = ""
    column: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """`file:line: path`, the format of compilers, so that editors can jump there."""
        file_and_line = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (file_and_line, self.path) if part)


def input_location(name: str, entry: str = "") -> Location:
    """The location of an input of the step, or of one entry of that input."""
    return Location(f"input `{name}`", path=entry)


@dataclass(frozen=True, order=True)
class ConfigError:
    """One error in the inputs or in the spec: where it is, and what to change."""

    location: Location
    message: str

    def __str__(self) -> str:
        """The line in the log."""
        return f"{self.location}: {self.message}"


class RegistrySecretsError(Exception):
    """Base class: ends a run with exit code 1, and its message is for the user."""


class InvalidConfigError(RegistrySecretsError):
    """The inputs or the spec are invalid; no request was sent to GitHub.

    `errors` has all of them, sorted by location.
    """

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(sorted(set(errors), key=_by_location))
        super().__init__("\n".join(map(str, self.errors)))


class GitHubError(RegistrySecretsError):
    """GitHub rejected a request, or did not respond.

    `status` is the HTTP status, or None if there was no response. `maybe_applied` is true if GitHub
    might have carried out the request anyway, in the last attempt or in an earlier one.
    """

    maybe_applied = False

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class NoResponseError(GitHubError):
    """GitHub did not respond, or responded only with server errors."""


class PartialListError(GitHubError):
    """GitHub reports that it left entries out of a list because the token lacks single sign-on."""


class MovedError(GitHubError):
    """GitHub redirected to the repository's id: it was renamed, or transferred to another owner.

    `repository` is `/repositories/{id}`. `tail` is the part of the requested path after the
    repository.
    """

    def __init__(self, status: int, repository: str, tail: str) -> None:
        self.repository = repository
        self.tail = tail
        message = (
            "the repository was renamed or transferred during the run; it is safe to run again"
        )
        super().__init__(message, status)


class FinalError(GitHubError):
    """Every further request would fail or do harm, so the run sends none."""


class TokenRejectedError(FinalError):
    """GitHub returned 401. More requests with this token can lock its owner out."""


class RateLimitError(FinalError):
    """GitHub's rate limit lasts longer than a run waits."""


class CancelledError(RegistrySecretsError):
    """The run was cancelled: its job was cancelled or ran out of time."""


class SourceError(RegistrySecretsError):
    """A source has no usable value. The message names the source and never quotes its value."""


def describe_error(error: Exception) -> str:
    """The message for any error: its own text only if it is an error of this package."""
    return str(error) if isinstance(error, RegistrySecretsError) else describe_unexpected(error)


def describe_unexpected(error: BaseException) -> str:
    """The message for an unexpected error, without its own text, which can contain a secret."""
    return f"{source_line(error)}: an error in this Action, please report it"


def source_line(error: BaseException) -> str:
    """The type of an error and the line that raised it: `KeyError at plan.py:88, in _change`."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}, in {last.name}"


def _by_location(error: ConfigError) -> tuple[str, int, str, str]:
    location = error.location
    return (location.file, location.line or 0, location.path, error.message)
