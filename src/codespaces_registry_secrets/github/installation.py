"""The token of a GitHub App's installation, made anew before it ends.

PyGithub has one of its own, which renews itself in the middle of a request, in every thread at once
and past our pace.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from github import Auth
from github.InstallationAuthorization import InstallationAuthorization

# A token lasts for an hour, and a request with its retries for minutes at most.
RENEWED_BEFORE = timedelta(minutes=5)


class InstallationToken(Auth.Auth):
    """Authentication for PyGithub; `make` gets a new token. Safe to use from several threads."""

    def __init__(self, make: Callable[[], InstallationAuthorization]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._token = ""
        self._renewed_at = datetime.min.replace(tzinfo=UTC)

    @property
    def token_type(self) -> str:
        """The scheme of the header."""
        return "token"

    @property
    def token(self) -> str:
        """The token that `refresh` got last."""
        return self._token

    def refresh(self) -> None:
        """Get a new token where there is none, or where it ends soon."""
        with self._lock:
            if datetime.now(UTC) < self._renewed_at:
                return
            made = self._make()
            self._token, self._renewed_at = made.token, made.expires_at - RENEWED_BEFORE
