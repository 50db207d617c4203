"""How many examples a property gets, and the laws that every subject has in common."""

from __future__ import annotations

import base64
import json
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar
from urllib.parse import quote

from hypothesis import HealthCheck, settings

T = TypeVar("T", bound=Callable[..., None])

# `script/fuzz` loads this profile before it imports a subject.
FUZZ_PROFILE = "fuzz"
# An example takes a small part of it.
MAX_CPU_SECONDS = 20.0


class TooSlowError(AssertionError):
    """An example took too long."""


def examples(count: int) -> Callable[[T], T]:
    """Try so many examples in `script/test`, the same ones each time.

    In `script/fuzz`, the profile decides, and the examples are new each time.
    """
    if settings.get_current_profile_name() == FUZZ_PROFILE:
        return lambda test: test
    decorate: Callable[[T], T] = settings(
        max_examples=count,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=tuple(HealthCheck),
    )
    return decorate


@contextmanager
def within(seconds: float = MAX_CPU_SECONDS) -> Iterator[None]:
    """Fail if the block takes more CPU time. A machine that is busy or paused does not count."""

    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlowError(f"took more than {seconds:g} s of CPU time")

    previous = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, previous)


def find_values(text: str, values: Iterable[str]) -> list[str]:
    """The forms of secret values that a text shows."""
    return [form for value in values for form in _forms(value) if form in text]


def _forms(value: str) -> set[str]:
    raw = value.encode(errors="surrogateescape")
    return {
        value,
        json.dumps(value)[1:-1],
        quote(value),
        base64.b64encode(raw).decode(),
        *(line for line in value.splitlines() if len(line) > 5),
    }
