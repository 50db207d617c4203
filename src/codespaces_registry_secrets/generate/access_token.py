"""Send the access token of a cloud, which stands for the job.

It is requested before the first request and kept for the run, in memory alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import SecretStr

# A token that expires within this many seconds is replaced.
_RENEW_SECONDS = 300


@dataclass(frozen=True)
class AccessToken:
    """An access token of a cloud, and for how many seconds it is valid."""

    text: SecretStr
    expires_in: float

    @property
    def headers(self) -> Mapping[str, str]:
        """The header that sends the token."""
        return {"Authorization": f"Bearer {self.text.get_secret_value()}"}


class BearerAuth:
    """Returns the header with an access token that is valid now."""

    def __init__(self, request_token: Callable[[], AccessToken]) -> None:
        self._request_token = request_token
        self._token: AccessToken | None = None
        self._renew_at = 0.0  # by the monotonic clock

    def __call__(self) -> Mapping[str, str]:
        """The header, with a new token if the last one expires soon."""
        if self._token is None or time.monotonic() >= self._renew_at:
            self._token = self._request_token()
            self._renew_at = time.monotonic() + self._token.expires_in - _RENEW_SECONDS
        return self._token.headers
