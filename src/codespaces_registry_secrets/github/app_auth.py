"""Authentication as a GitHub App and as its installations.

PyGithub makes and renews these tokens by itself: in the middle of a request, in every thread at
once, past our pace, and without telling anybody which they are.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from github import Auth

from codespaces_registry_secrets.github import schemas as answers

# A token lasts for an hour, and a request with its retries for minutes at most.
RENEWED_BEFORE = timedelta(minutes=5)
# More owners are not asked for at the same time.
SIGNED_AT_ONCE = 20


class AppAuth(Auth.AppAuth):
    """The App itself; `signed` are the tokens that it signed last, each good for some minutes."""

    def __init__(self, app_id: str, private_key: str) -> None:
        super().__init__(app_id, private_key)
        self.signed: deque[str] = deque(maxlen=SIGNED_AT_ONCE)

    def create_jwt(self, expiration: int | None = None) -> str:
        """Sign a token."""
        token = super().create_jwt(expiration)
        self.signed.append(token)
        return token


class InstallationToken(Auth.Auth):
    """One installation; `make` gets a new token for it. Safe to use from several threads."""

    def __init__(self, make: Callable[[], answers.InstallationToken]) -> None:
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
