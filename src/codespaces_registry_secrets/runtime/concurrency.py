"""Run a function over many items concurrently."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import TypeVar

from codespaces_registry_secrets.errors import CancelledError

T = TypeVar("T")
R = TypeVar("R")

TICK_SECONDS = 0.2


def run_first_then_others(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    on_tick: Callable[[], None] = lambda: None,
) -> list[R]:
    """As `run_concurrently`, but the first item is finished before the others start.

    So a token that GitHub rejects is sent once, and not by ten threads.
    """
    return [*map(work, items[:1]), *run_concurrently(work, items[1:], at_once, on_tick)]


def run_concurrently(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    on_tick: Callable[[], None] = lambda: None,
) -> list[R]:
    """The results of `work` for each item, in order. `on_tick` is called several times a second.

    The first error of `work` or `on_tick` is raised, and what has not started does not start. A
    cancelled run does not wait for what is running: a request can take longer than the runner
    gives a cancelled job.
    """
    pool = ThreadPoolExecutor(at_once)
    wait_for_running = True
    try:
        futures = [pool.submit(work, item) for item in items]
        pending = set(futures)
        while pending:
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
