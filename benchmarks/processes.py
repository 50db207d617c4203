"""Programs as the bench runs them: timed, with their peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAST_LINES = 20


class BenchError(Exception):
    """Something that was to be measured did not do its work."""


@dataclass(frozen=True)
class Timed:
    """A program that has ended well: its start by `time.monotonic()`, seconds, peak in bytes."""

    began: float
    seconds: float
    peak: int


def timed(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    *,
    lines: Sequence[str] = (),
) -> Timed:
    """Run a program in a folder to its end; it reads `lines`, and what it says goes into a file.

    The peak is the kernel's; it is never below the memory of this process, which stays small.

    Raises:
        BenchError: it failed; with the last lines of what it said.
    """
    given, said = folder / "stdin", folder / "log"
    given.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    with given.open() as stdin, said.open("w") as log:
        began = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=stdin, stdout=log, stderr=log
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        tail = "\n".join(said.read_text(encoding="utf-8").splitlines()[-LAST_LINES:])
        raise BenchError(f"{command[0]} ended with {process.returncode}:\n{tail}")
    return Timed(began, seconds, usage.ru_maxrss * 1024)
