"""Read something that other parts of the run can do without."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from codespaces_registry_secrets.errors import (
    CancelledError,
    FinalError,
    GitHubError,
    describe_error,
)

T = TypeVar("T")


def try_read(read: Callable[[], T]) -> T | GitHubError:
    """Call `read`; return an error that concerns only what it reads.

    Raises:
        FinalError: no further request of the run can succeed.
        CancelledError: the run was cancelled.
    """
    try:
        return read()
    except (FinalError, CancelledError):
        raise
    except GitHubError as error:
        return error
    except Exception as error:  # noqa: BLE001 - an unexpected error must not stop other targets
        return GitHubError(describe_error(error))
