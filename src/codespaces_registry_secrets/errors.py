"""The one family of errors. Each says what happened, where, and what to do next."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Location:
    """Where in the user's files something stands.

    `file` is relative to the workspace, or names the input that the text came from; `line` counts
    from 1 and is None where there are no lines to count; `path` is written `registries[0].id`.
    """

    file: str = ""
    line: int | None = None
    path: str = ""

    def __str__(self) -> str:
        """`file:line: path`, as compilers write it, so that editors can jump there."""
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return ": ".join(part for part in (where, self.path) if part)


def input_location(name: str, entry: str = "") -> Location:
    """The place of an input of the step, or of an entry of it."""
    return Location(f"input `{name}`", path=entry)


@dataclass(frozen=True, order=True)
class ConfigError:
    """One thing that is wrong with what the user gave."""

    location: Location
    message: str

    def __str__(self) -> str:
        """The line that the log shows."""
        return f"{self.location}: {self.message}"


class RegistrySecretsError(Exception):
    """What ends a run with exit code 1 and a message for the user."""


class InvalidConfigError(RegistrySecretsError):
    """Inputs or spec are not usable; nothing was sent to GitHub. `errors` has all, sorted."""

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(sorted(set(errors), key=_by_place))
        super().__init__("\n".join(map(str, self.errors)))


class GitHubError(RegistrySecretsError):
    """GitHub refused a request or gave no answer, where `status` is None.

    `landed`: the request may have been carried out all the same, then or when it was tried before.
    """

    maybe_applied = False

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class NoResponseError(GitHubError):
    """GitHub gave no answer to a request, or none but server errors."""


class PartialListError(GitHubError):
    """GitHub shows only a part of a list, and says so: the token lacks single sign-on somewhere."""


class MovedError(GitHubError):
    """GitHub redirects to the repository's id: it was renamed, or transferred to another owner.

    `repository` is `/repositories/{id}`, and `tail` what followed the repository in the request.
    """

    def __init__(self, status: int, repository: str, tail: str) -> None:
        self.repository = repository
        self.tail = tail
        message = (
            "the repository was renamed or transferred during the run; it is safe to run again"
        )
        super().__init__(message, status)


class FinalError(GitHubError):
    """No further request of the run can succeed, or is wise: the run sends none."""


class TokenRefusedError(FinalError):
    """401: each further request with the token brings its owner nearer to a ban."""


class RateLimitError(FinalError):
    """GitHub's limit holds for longer than a run waits."""


class CancelledError(RegistrySecretsError):
    """The run was told to end: its job is cancelled or out of time."""


class SourceError(RegistrySecretsError):
    """A source has no usable value. The message names the source, never what it holds."""


def describe_unexpected(error: BaseException) -> str:
    """What to say of an error that nobody expected: its own message may hold a value."""
    return f"{source_line(error)}: an error in this Action, please report it"


def source_line(error: BaseException) -> str:
    """Type and place of an error, as `KeyError at plan.py:88, in _change`."""
    *_, last = traceback.extract_tb(error.__traceback__)
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}, in {last.name}"


def _by_place(error: ConfigError) -> tuple[str, int, str, str]:
    location = error.location
    return (location.file, location.line or 0, location.path, error.message)
