"""`script/fuzz`: look for examples that break a law, new ones each time.

Each subject is a module `test_SUBJECT.py`. It runs in a process of its own, so that one that hangs
can be ended, and a second time with atheris if that is installed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

SUBJECTS = tuple(
    sorted(path.stem.removeprefix("test_") for path in Path(__file__).parent.glob("test_*.py"))
)
# The subjects whose code runs in the process of the test, without a server.
COVERAGE_GUIDED = ("dev_containers", "journal", "spec", "state")
# More than it takes to shorten an example, and to print where a process hangs.
GRACE_SECONDS = 300


@dataclass(frozen=True)
class Job:
    """One process: a subject and how its examples are made."""

    subject: str
    engine: str
    seed: int


def main(arguments: Sequence[str]) -> int:
    """Fuzz, and return 1 if an example broke a law."""
    options = _parse(arguments)
    if options.repeat:
        return _run_child("repeat", options.subjects[0], options.repeat).returncode
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(2**32)
    subjects = options.subjects or SUBJECTS
    print(f"Fuzzing {', '.join(subjects)} for {options.seconds} s with seed {seed}", flush=True)
    jobs = [Job(subject, "hypothesis", seed) for subject in subjects]
    if find_spec("atheris"):
        jobs += [Job(name, "atheris", seed) for name in subjects if name in COVERAGE_GUIDED]
    else:
        print("Without atheris, because it is not installed: coverage does not guide the examples")
    workers = min(os.cpu_count() or 1, len(jobs))
    share = options.seconds * workers / len(jobs)
    with ThreadPoolExecutor(workers) as pool:
        results = list(pool.map(lambda job: _fuzz(job, share), jobs))
    return 0 if all(results) else 1


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser("script/fuzz", description=__doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=60.0, metavar="SECONDS")
    parser.add_argument("subjects", nargs="*", metavar="SUBJECT", help=", ".join(SUBJECTS))
    parser.add_argument("--seed", type=int, help="as an earlier run printed it")
    parser.add_argument("--repeat", metavar="EXAMPLE", help="as an earlier run printed it")
    options = parser.parse_args(_with_seconds(arguments))
    unknown = sorted({*options.subjects} - {*SUBJECTS})
    if unknown or (options.repeat and len(options.subjects) != 1):
        parser.error(f"{' '.join(unknown) or '--repeat'}: name one of {', '.join(SUBJECTS)}")
    return options


def _with_seconds(arguments: Sequence[str]) -> list[str]:
    """`SECONDS` may be left out before a subject."""
    found = next((i for i, text in enumerate(arguments) if text in SUBJECTS), None)
    if found is None or any(_is_number(text) for text in arguments[max(found - 1, 0) : found]):
        return list(arguments)
    return [*arguments[:found], "60", *arguments[found:]]


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()


def _fuzz(job: Job, seconds: float) -> bool:
    """Run one process, print its result in one piece, and return whether every law held."""
    with tempfile.TemporaryDirectory() as database:
        arguments = (job.engine, job.subject, str(job.seed), str(seconds), database)
        try:
            result = _run_child(*arguments, seconds=seconds + GRACE_SECONDS)
        except subprocess.TimeoutExpired as error:
            output = error.stdout.decode(errors="replace") if error.stdout else ""
            print(f"{job.subject}: hangs; seed {job.seed}\n{output}", flush=True)
            return False
        if result.returncode and job.engine == "atheris":
            shown = _run_child("shorten", job.subject, database, seconds=GRACE_SECONDS)
            if not shown.returncode:  # not an example: atheris itself failed
                print(result.stdout, flush=True)
            result = subprocess.CompletedProcess(arguments, 1, shown.stdout)
    print(_shorten_output(job, result), flush=True)
    return result.returncode == 0


def _shorten_output(job: Job, result: subprocess.CompletedProcess[str]) -> str:
    """All output of a failure, but only the number of runs of atheris, which says much more."""
    runs = re.search(r"number_of_executed_units: *(\d+)", result.stdout)
    if result.returncode or runs is None:
        return result.stdout.rstrip()
    return f"{job.subject}: {int(runs[1]):,} runs with atheris, no law broken"


def _run_child(*arguments: str, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "utf8", "-m", "fuzz.subject", *arguments]
    capture = subprocess.PIPE if seconds is not None else None
    return subprocess.run(
        command,
        check=False,
        stdout=capture,
        stderr=subprocess.STDOUT if capture else None,
        text=True,
        timeout=seconds,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
