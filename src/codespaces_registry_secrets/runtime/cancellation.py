"""Cancel the run when the process receives SIGINT or SIGTERM.

GitHub sends SIGINT to a job that is cancelled or out of time, SIGTERM 7.5 s later, and kills it
2.5 s after that. Source: "Canceling a workflow", docs.github.com. In a container both signals go to
process 1, and the kernel discards a signal to process 1 that has no handler.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from codespaces_registry_secrets.errors import CancelledError

_deferred = threading.local()


@contextmanager
def defer_signals() -> Iterator[None]:
    """Within this context, a signal that would raise in this thread raises at its end.

    For code of libraries that holds locks: an exception in the middle of it would keep them locked.
    """
    _deferred.active, _deferred.check = True, None
    try:
        yield
    finally:
        _deferred.active = False
    if _deferred.check:
        _deferred.check()


class Cancellation:
    """Records the first signal that cancels the run; `requested` is its name, None before it."""

    def __init__(self) -> None:
        self.requested: str | None = None
        self._requested_at = 0.0
        self._raise_at_once = False

    def install(self) -> None:
        """Handle SIGINT and SIGTERM in this process from now on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    @property
    def seconds_since_signal(self) -> float:
        """How long ago the first signal arrived; 0 before it."""
        return time.monotonic() - self._requested_at if self.requested else 0.0

    @property
    def message(self) -> str:
        """The error that a cancelled run reports."""
        if self._raise_at_once:
            return f"Stopped by {self.requested} before anything was written. It is safe to re-run."
        return (
            f"Stopped by {self.requested}. It is safe to re-run: what was written stays, and the "
            "next run writes the rest."
        )

    def check(self) -> None:
        """Raise if the run was cancelled.

        Raises:
            CancelledError: a signal arrived.
        """
        if self.requested:
            raise CancelledError(self.message)

    @contextmanager
    def raising(self) -> Iterator[None]:
        """Within this context, a signal raises at once in the main thread, even while it waits.

        Outside of it, a signal is only recorded, and the next `check` raises.
        """
        self._raise_at_once = True
        try:
            self.check()
            yield
        finally:
            self._raise_at_once = False

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        is_first_signal = self.requested is None
        # Take no lock: the thread that this handler interrupts can hold it.
        self._requested_at = self._requested_at or time.monotonic()
        self.requested = self.requested or signal.Signals(number).name
        if is_first_signal and self._raise_at_once:
            if getattr(_deferred, "active", False):
                _deferred.check = self.check
            else:
                self.check()
