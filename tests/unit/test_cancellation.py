"""A signal that cancels the run breaks no lock of the code that it interrupts."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from codespaces_registry_secrets.errors import CancelledError
from codespaces_registry_secrets.runtime.cancellation import Cancellation, defer_signals
from codespaces_registry_secrets.runtime.concurrency import run_concurrently


@pytest.fixture
def cancellation() -> Iterator[Cancellation]:
    """Handle signals in this process, until the end of the test."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    cancellation = Cancellation()
    cancellation.install()
    yield cancellation
    for number, handler in handlers.items():
        signal.signal(number, handler)


def test_a_deferred_signal_raises_at_the_end(cancellation: Cancellation) -> None:
    steps = []

    def interrupt_itself() -> None:
        with cancellation.raising(), defer_signals():
            os.kill(os.getpid(), signal.SIGTERM)
            steps.append("end of the context")

    with pytest.raises(CancelledError):
        interrupt_itself()
    assert steps == ["end of the context"]
    assert cancellation.requested == "SIGTERM"


def test_a_signal_outside_of_it_raises_at_once(cancellation: Cancellation) -> None:
    with cancellation.raising():
        with defer_signals():
            pass
        with pytest.raises(CancelledError):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("delay", [0.0, 0.01, 0.05, 0.1])
def test_a_signal_during_concurrent_work_leaves_no_thread_behind(
    cancellation: Cancellation, delay: float
) -> None:
    """Each worker ends: none waits for a lock that the interrupted main thread held."""
    before = threading.active_count()

    def work_until_cancelled() -> None:
        with cancellation.raising():
            while True:
                run_concurrently(lambda _: time.sleep(0.001), range(600), 20)

    threading.Timer(delay, os.kill, (os.getpid(), signal.SIGTERM)).start()
    with pytest.raises(CancelledError):
        work_until_cancelled()
    end = time.monotonic() + 10
    while threading.active_count() > before:
        assert time.monotonic() < end, "a worker is blocked"
        time.sleep(0.01)
