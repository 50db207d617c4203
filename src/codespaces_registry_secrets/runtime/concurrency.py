"""Run a function over many items concurrently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from codespaces_registry_secrets.errors import CancelledError
from codespaces_registry_secrets.runtime.cancellation import defer_signals

T = TypeVar("T")
R = TypeVar("R")

TICK_SECONDS = 0.2


def run_first_then_others(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    on_tick: Callable[[], None] = lambda: None,
) -> list[R]:
    """Like `run_concurrently`, but finish the first item before the others start.

    A token that GitHub rejects is then sent once, not by ten threads.
    """
    return [*map(work, items[:1]), *run_concurrently(work, items[1:], at_once, on_tick)]


def run_concurrently(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    on_tick: Callable[[], None] = lambda: None,
) -> list[R]:
    """Return the results of `work` for each item, in order; at most `at_once` items run at a time.

    `on_tick` is called every 0.2 s while items run, and once at the end. The first error of `work`
    or `on_tick` is raised, and items that have not started are dropped. After a `CancelledError` it
    does not wait for running items: a request can take longer than the time that the runner gives
    a cancelled job.
    """
    pool = ThreadPoolExecutor(at_once)
    wait_for_running = True
    try:
        with defer_signals():
            futures = [pool.submit(work, item) for item in items]
        pending = set(futures)
        while pending:
            with defer_signals():
                done, pending = wait(pending, TICK_SECONDS, FIRST_EXCEPTION)
            for future in done:
                future.result()
            on_tick()
        return [future.result() for future in futures]
    except CancelledError:
        wait_for_running = False
        raise
    finally:
        pool.shutdown(wait=wait_for_running, cancel_futures=True)
