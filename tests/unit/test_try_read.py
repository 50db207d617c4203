"""An error that concerns only what is read is a value; others end the run."""

from __future__ import annotations

from typing import NoReturn

import pytest

from codespaces_registry_secrets.errors import (
    CancelledError,
    GitHubError,
    RateLimitError,
    SourceError,
    TokenRejectedError,
)
from codespaces_registry_secrets.github.try_read import try_read


def failing(error: Exception) -> NoReturn:
    raise error


def test_what_is_read_is_returned() -> None:
    assert try_read(lambda: 7) == 7


def test_an_error_of_github_is_returned() -> None:
    """With its status."""
    error = GitHubError("GitHub returned 404", 404)
    assert try_read(lambda: failing(error)) is error


@pytest.mark.parametrize("kind", [RateLimitError, TokenRejectedError, CancelledError])
def test_an_error_that_ends_the_run_is_raised(kind: type[Exception]) -> None:
    with pytest.raises(kind, match="no further request"):
        try_read(lambda: failing(kind("no further request")))


def test_another_error_of_the_action_keeps_its_text() -> None:
    """It was written for the user."""
    error = try_read(lambda: failing(SourceError("`env: A` is not set")))
    assert (type(error), str(error)) == (GitHubError, "`env: A` is not set")


def test_an_unexpected_error_has_its_place_instead_of_its_text() -> None:
    """The text can contain a secret."""
    error = try_read(lambda: failing(KeyError("a-password")))
    assert isinstance(error, GitHubError)
    assert str(error).startswith("KeyError at test_try_read.py:")
    assert str(error).endswith(", in failing: an error in this Action, please report it")
