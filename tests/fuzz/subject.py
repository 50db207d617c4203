"""Fuzz one subject in this process: with Hypothesis, or with atheris, which coverage guides.

    python -m fuzz.subject hypothesis SUBJECT SEED SECONDS DATABASE
    python -m fuzz.subject atheris    SUBJECT SEED SECONDS DATABASE
    python -m fuzz.subject shorten    SUBJECT DATABASE
    python -m fuzz.subject repeat     SUBJECT EXAMPLE

SECONDS count from when the subject is imported. atheris leaves the examples that break a law in DATABASE, where
Hypothesis finds and shortens them. EXAMPLE is `TEST:BLOB`, as a failure prints it.
"""

from __future__ import annotations

import faulthandler
import os
import random
import re
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import SkipTest

import hypothesis
from hypothesis import HealthCheck, Phase, is_hypothesis_test, seed, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.errors import DidNotReproduce
from hypothesis.internal.conjecture import engine as hypothesis_engine

from fuzz.properties import FUZZ_PROFILE

# How many examples Hypothesis makes from one seed.
BATCH = 50
CORPUS_SIZE = 50
# Hypothesis itself takes up to 5 minutes to shorten an example.
MAX_SHORTENING_SECONDS = 60
# After this the traces of a process that hangs are printed.
HANG_SECONDS = 200
# The memory is that of Python and all modules. Examples need thousands of bytes from the start.
ATHERIS_OPTIONS = ("-rss_limit_mb=0", "-len_control=0", "-print_final_stats=1", "-verbosity=0")
_BLOB = re.compile(r"@reproduce_failure\('[^']*', b(?P<quote>['\"])(?P<blob>.*?)(?P=quote)\)")


def main(engine: str, subject: str, *arguments: str) -> int:
    """Fuzz, and return 1 if an example broke a law."""
    hypothesis_engine.MAX_SHRINKING_SECONDS = MAX_SHORTENING_SECONDS
    if engine == "hypothesis":
        first_seed, seconds, database = arguments
        faulthandler.dump_traceback_later(float(seconds) + HANG_SECONDS)
        _load_profile(database)
        return _fuzz(import_module(f"fuzz.test_{subject}"), int(first_seed), float(seconds))
    if engine == "atheris":
        first_seed, seconds, database = arguments
        _load_profile(database)
        return _fuzz_by_coverage(subject, int(first_seed), float(seconds), database)
    if engine == "shorten":
        _load_profile(arguments[0], (Phase.reuse, Phase.shrink))
        tests = _tests(import_module(f"fuzz.test_{subject}"))
        return max(_run(test, subject, "found with atheris") for test in tests)
    name, _, blob = arguments[0].partition(":")
    _load_profile("")
    test = getattr(import_module(f"fuzz.test_{subject}"), name)
    repeated = hypothesis.reproduce_failure(hypothesis.__version__, blob.encode())(test)
    return _run(repeated, subject, "repeated")


def _load_profile(
    database: str, phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink)
) -> None:
    settings.register_profile(
        FUZZ_PROFILE,
        max_examples=BATCH,
        deadline=None,
        database=DirectoryBasedExampleDatabase(database) if database else None,
        phases=phases,
        print_blob=True,
        report_multiple_bugs=False,
        suppress_health_check=tuple(HealthCheck),
    )
    settings.load_profile(FUZZ_PROFILE)


def _tests(module: ModuleType) -> list[Any]:
    return [value for value in vars(module).values() if is_hypothesis_test(value)]


class Budget:
    """Counts the examples of a subject, and lets those after `until` pass without a look.

    After a failure every example counts, or Hypothesis could not shorten the one that it found.
    """

    def __init__(self, until: float) -> None:
        self.until = until
        self.count = 0
        self._failed = False

    @property
    def over(self) -> bool:
        """Whether the time is over."""
        return time.monotonic() >= self.until and not self._failed

    def limit(self, test: Any) -> None:
        """Let the budget decide about each example of a test."""
        inner: Callable[..., None] = test.hypothesis.inner_test

        @wraps(inner)
        def limited(*args: Any, **kwargs: Any) -> None:
            if self.over:
                return
            self.count += 1
            try:
                inner(*args, **kwargs)
            except Exception:
                self._failed = True
                raise

        test.hypothesis.inner_test = limited


def _fuzz(module: ModuleType, first_seed: int, seconds: float) -> int:
    """Run the tests of a module, each as long as the others, until the time is over."""
    subject = module.__name__.rpartition("test_")[2]
    began = time.monotonic()
    budget, tests = Budget(began + seconds), _tests(module)
    for test in tests:
        budget.limit(test)
    turns, spent = Counter[Any](), dict.fromkeys(tests, 0.0)
    while not budget.over:
        test, started = min(tests, key=spent.__getitem__), time.monotonic()
        number = first_seed + turns[test]
        if _run(seed(number)(test), subject, f"seed {number}"):
            return 1
        spent[test] += time.monotonic() - started
        turns[test] += 1
    print(f"{subject}: {budget.count:,} examples in {seconds:.0f} s, no law broken")
    return 0 if budget.count else 1


def _run(test: Any, subject: str, origin: str) -> int:
    try:
        test()
    except DidNotReproduce:
        print(f"{subject}: {test.__name__} holds for this example now")
    except SkipTest:  # Hypothesis has no saved example of this test
        return 0
    except BaseException as error:  # noqa: BLE001 - Hypothesis also raises groups
        blob = _BLOB.search("\n".join(getattr(error, "__notes__", ())))
        print(f"{subject}: {test.__name__} failed ({origin})")
        print("".join(traceback.format_exception(error, limit=-12)))
        if blob:
            print(f"Run it again: script/fuzz --repeat '{test.__name__}:{blob['blob']}' {subject}")
        return 1
    return 0


def _fuzz_by_coverage(subject: str, first_seed: int, seconds: float, database: str) -> int:
    """Let atheris change the bytes that Hypothesis makes examples from. It ends the process."""
    import atheris  # noqa: PLC0415 - an optional package

    with atheris.instrument_imports(include=["codespaces_registry_secrets", "jsonc"]):
        module = import_module(f"fuzz.test_{subject}")
    test = getattr(module, module.COVERAGE_GUIDED)
    folder = Path(database)
    corpus = _make_corpus(folder / "corpus", first_seed)
    os.chdir(folder)  # where it leaves its files
    options = [
        f"-max_total_time={max(1, round(seconds))}",
        f"-seed={first_seed % 2**31}",
        *ATHERIS_OPTIONS,
    ]
    atheris.Setup([subject, *options, str(corpus)], test.hypothesis.fuzz_one_input)
    atheris.Fuzz()
    return 0


def _make_corpus(folder: Path, first_seed: int) -> Path:
    """Bytes to start from. Most shorter ones are the start of an example, and not a whole one."""
    folder.mkdir(parents=True)
    choices = random.Random(first_seed)  # noqa: S311 - no secret
    for number in range(CORPUS_SIZE):
        (folder / str(number)).write_bytes(choices.randbytes(2 ** choices.randrange(6, 12)))
    return folder


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
