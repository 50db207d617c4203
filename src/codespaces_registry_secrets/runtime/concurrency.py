"""The same work on many things, beside each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import TypeVar

from codespaces_registry_secrets.errors import StoppedError

T = TypeVar("T")
R = TypeVar("R")

POLL_SECONDS = 0.2


def first_alone(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    watch: Callable[[], None] = lambda: None,
) -> list[R]:
    """As `together`, but the others wait for the first one.

    So a token that GitHub refuses is shown to it once, and not ten times.
    """
    return [*map(work, items[:1]), *together(work, items[1:], at_once, watch)]


def together(
    work: Callable[[T], R],
    items: Sequence[T],
    at_once: int,
    watch: Callable[[], None] = lambda: None,
) -> list[R]:
    """What `work` gives for each item, in order. `watch` is called several times a second.

    The first error of `work` or `watch` ends it: what has not begun does not begin. A run that is
    stopped does not wait for what has, either: a request may take longer than such a run is given.
    """
    finished: SimpleQueue[Future[R]] = SimpleQueue()
    pool = ThreadPoolExecutor(at_once)
    patient = True
    try:
        futures = [pool.submit(work, item) for item in items]
        for future in futures:
            future.add_done_callback(finished.put)
        waiting = len(futures)
        while waiting:
            try:
                finished.get(timeout=POLL_SECONDS).result()
                waiting -= 1
            except Empty:
                pass
            watch()
        return [future.result() for future in futures]
    except StoppedError:
        patient = False
        raise
    finally:
        pool.shutdown(wait=patient, cancel_futures=True)
