"""Signals that end a run.

A job that is cancelled, or out of time, gets SIGINT, after 7.5 s SIGTERM, and is killed 2.5 s
later. Source: "Canceling a workflow", docs.github.com. In a container both come to process 1, to
which the kernel hands no signal that it has no handler for.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from codespaces_registry_secrets.errors import CancelledError


class Cancellation:
    """Whether the run was told to end; `asked` names the signal then."""

    def __init__(self) -> None:
        self.requested: str | None = None
        self._interrupts = False

    def install(self) -> None:
        """Hear the signals from now on; the first one counts."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._told)

    @property
    def message(self) -> str:
        """For the user."""
        return f"Stopped by {self.requested}; run again: what is done stays, the rest is done then."

    def check(self) -> None:
        """End here if the run was told to.

        Raises:
            StoppedError: it was.
        """
        if self.requested:
            raise CancelledError(self.message)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Within, a signal raises at once, whatever the main thread waits for; else it is noted."""
        self._interrupts = True
        try:
            self.check()
            yield
        finally:
            self._interrupts = False

    def _told(self, number: int, _frame: FrameType | None) -> None:
        first = self.requested is None
        # No lock is taken: the thread that this interrupts may hold it.
        self.requested = self.requested or signal.Signals(number).name
        if first and self._interrupts:
            self.check()


# Documented: they set the endpoints of AWS's services, as for AWS's own tools.
ENDPOINTS = frozenset({"AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM", "AWS_ENDPOINT_URL_ECR"})

_PREFIXES = ("AWS_", "OPENSSL_")
_NAMES = frozenset({"CTLOG_FILE", "QLOGDIR", "RANDFILE", "SSLKEYLOGFILE"})


def isolate_environment() -> dict[str, str]:
    """Return all variables, and remove from the process those that libraries must not read.

    Call it before anything imports `ssl`: OpenSSL reads its variables when it is loaded. Deleting
    from `os.environ` calls `unsetenv`, so C code does not see them either.
    """
    variables = dict(os.environ)
    for name in variables:
        if _configures_a_library(name):
            del os.environ[name]
    return variables


def _configures_a_library(name: str) -> bool:
    return name in _NAMES or (name.startswith(_PREFIXES) and name not in ENDPOINTS)
