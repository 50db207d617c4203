"""Run programs and measure their time and peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LOG_TAIL_LINES = 20


class BenchError(Exception):
    """A measured program or the sandbox failed."""


@dataclass(frozen=True)
class Measurement:
    """A program that succeeded: its start by `time.monotonic()`, its seconds, its peak in bytes."""

    began: float
    seconds: float
    peak: int


def measure(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    lines: Sequence[str] = (),
) -> Measurement:
    """Run a program in a folder, with `lines` as its standard input and its output in a file.

    The peak comes from the kernel. It is never below the memory of this process, which is small.

    Raises:
        BenchError: the program failed; with the last lines of its output.
    """
    input_file, log_file = folder / "stdin", folder / "log"
    input_file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with input_file.open() as stdin, log_file.open("w") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=stdin, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = "\n".join(log_file.read_text(encoding="utf-8").splitlines()[-LOG_TAIL_LINES:])
        raise BenchError(f"{command[0]} failed with exit code {process.returncode}:\n{tail}")
    return Measurement(began, seconds, usage.ru_maxrss * 1024)
