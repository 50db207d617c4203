"""Wait until a registry knows a credential that was just created.

Issuers tell their registries about a new credential with a delay. Sources: "IAM troubleshooting:
Changes that I make are not always immediately visible", docs.aws.amazon.com; "Create and delete
service account keys", cloud.google.com: up to 60 seconds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain, repeat

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.verify.errors import LoginResult

MAX_SECONDS = 90.0
# Seconds before each repetition; the last one from then on.
PAUSES: tuple[float, ...] = (1.0, 2.0, 4.0, 8.0, 15.0)
_TICK_SECONDS = 0.2


@dataclass(frozen=True)
class Settling:
    """Repeats logins. `info` prints a line in the log."""

    info: Callable[[str], None]
    cancellation: Cancellation
    max_seconds: float = field(default_factory=lambda: MAX_SECONDS)

    def log_in(self, name: str, attempt: Callable[[], LoginResult]) -> LoginResult:
        """The result of `attempt`, repeated while the registry does not know the credential.

        Every other result is final, such as a missing permission. `name` is the registry's id.

        Raises:
            CancelledError: the run was cancelled.
        """
        until = time.monotonic() + self.max_seconds
        result = attempt()
        pauses = chain(PAUSES, repeat(PAUSES[-1]))
        while result.unknown and time.monotonic() + (pause := next(pauses)) <= until:
            self.info(f"{name}: the registry does not know the new credential yet; trying again")
            self._wait(pause)
            result = attempt()
        return result

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.cancellation.check()
            time.sleep(min(left, _TICK_SECONDS))
