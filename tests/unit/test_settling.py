"""Logins with a new credential are repeated while the registry does not know it."""

from __future__ import annotations

import signal
import threading
import time

import pytest

from busy_machine import stretched
from codespaces_registry_secrets.errors import CancelledError
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.verify import settling
from codespaces_registry_secrets.verify.errors import LoginResult
from codespaces_registry_secrets.verify.settling import Settling

UNKNOWN = LoginResult("rejected", "unknown", unknown=True)
ACCEPTED = LoginResult("accepted")
DENIED = LoginResult("rejected", "no permission")
UNREACHABLE = LoginResult("unreachable", "no connection")


class Registry:
    """Returns these results in turn, and the last one from then on; `times` are its logins."""

    def __init__(self, *results: LoginResult) -> None:
        self.times: list[float] = []
        self._results = results

    def log_in(self) -> LoginResult:
        """The next result."""
        self.times.append(time.monotonic())
        return self._results[min(len(self.times), len(self._results)) - 1]


def settle(registry: Registry, max_seconds: float = 5.0) -> tuple[LoginResult, list[str]]:
    """The result, and the log."""
    log: list[str] = []
    return Settling(log.append, Cancellation(), max_seconds).log_in("REG", registry.log_in), log


@pytest.mark.parametrize("result", [ACCEPTED, DENIED, UNREACHABLE])
def test_a_definite_result_is_final(result: LoginResult) -> None:
    """At once, without a line in the log."""
    registry = Registry(result)
    assert settle(registry) == (result, [])
    assert len(registry.times) == 1


@pytest.mark.parametrize("last", [ACCEPTED, DENIED, UNREACHABLE])
def test_an_unknown_credential_is_tried_again(
    last: LoginResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the result is another one; each time is logged."""
    monkeypatch.setattr(settling, "PAUSES", (0.05, 0.1))
    registry = Registry(UNKNOWN, UNKNOWN, UNKNOWN, last)
    result, log = settle(registry)
    assert result == last
    assert log == ["REG: the registry does not know the new credential yet; trying again"] * 3
    pauses = [b - a for a, b in zip(registry.times, registry.times[1:], strict=False)]
    assert pauses[0] >= 0.05
    assert pauses[1] >= 0.1
    assert pauses[2] >= 0.1  # the last pause is repeated


def test_the_first_pause_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The last one would end after the time."""
    monkeypatch.setattr(settling, "PAUSES", (0.01, 60.0))
    registry = Registry(UNKNOWN)
    settle(registry)
    assert len(registry.times) == 2


def test_it_is_given_up_after_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before a pause that would end after it."""
    monkeypatch.setattr(settling, "PAUSES", (0.1,))
    registry = Registry(UNKNOWN)
    began = time.monotonic()
    result, log = settle(registry, max_seconds=0.35)
    assert time.monotonic() - began < stretched(0.35)
    assert result == UNKNOWN
    assert len(registry.times) == len(log) + 1 <= 4
    assert len(registry.times) >= 2


def test_without_time_it_is_tried_once() -> None:
    """The pauses of a real run begin with a second."""
    registry = Registry(UNKNOWN)
    assert settle(registry, max_seconds=0.5) == (UNKNOWN, [])
    assert len(registry.times) == 1


def test_a_run_waits_for_the_longest_delay_of_an_issuer() -> None:
    """Google names 60 seconds."""
    assert Settling(print, Cancellation()).max_seconds == settling.MAX_SECONDS >= 60
    assert list(settling.PAUSES) == sorted(settling.PAUSES)


def test_a_cancelled_run_stops_waiting() -> None:
    """Within a fraction of the pause."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    cancellation = Cancellation()
    cancellation.install()
    try:
        threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
        began = time.monotonic()
        with pytest.raises(CancelledError):
            Settling(print, cancellation).log_in("REG", Registry(UNKNOWN).log_in)
        assert time.monotonic() - began < stretched(0.9)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
