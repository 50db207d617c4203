"""Watches the memory, file descriptors and threads of a process while it runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

INTERVAL_SECONDS = 0.05


@dataclass(frozen=True)
class Sample:
    """What a process has at one time; `peak` is the most memory that it had until then, in bytes."""

    peak: int
    threads: int
    descriptors: int


class ProcessWatch:
    """Takes samples of a process within a `with` block, until the process ends.

    The peak is the kernel's, so only the growth of the last 50 ms is lost. It is of this process
    alone, other than that of `wait4`, which is never below the memory of the process that started
    it.
    """

    def __init__(self, pid: int) -> None:
        self.samples: list[Sample] = []
        self._folder = Path(f"/proc/{pid}")
        self._stopped = Event()
        self._thread = Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def peak(self) -> int:
        """The most memory that the process had at a time, in bytes."""
        return max(sample.peak for sample in self.samples)

    def _watch(self) -> None:
        while not self._stopped.wait(INTERVAL_SECONDS):
            try:
                self.samples.append(self._sample())
            except (OSError, KeyError):  # the process has ended
                return

    def _sample(self) -> Sample:
        lines = (self._folder / "status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        descriptors = sum(1 for _ in (self._folder / "fd").iterdir())
        peak = int(status["VmHWM"].split()[0]) * 1024
        return Sample(peak, int(status["Threads"]), descriptors)
