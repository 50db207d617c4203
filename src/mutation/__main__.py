"""`script/mutate`: mutate rooms, and report the mutants that no test notices."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import chdir
from pathlib import Path
from tempfile import TemporaryDirectory

from mutation.checkout import copy_checkout
from mutation.explained import FILE, compare, read_explained
from mutation.mutant import Mutant
from mutation.results import KILLED, read_mutant, read_results
from mutation.rooms import PACKAGE, ROOMS, ROOT, Room, changed_files, select

BASE = "origin/main"


def main() -> int:
    """Return 0 if every survivor is explained and every explanation has a survivor, else 1."""
    arguments = _parse()
    try:
        rooms = list(ROOMS) if arguments.all else select(arguments.name or changed_files(BASE))
    except (ValueError, subprocess.CalledProcessError) as error:
        print(f"script/mutate: {error}", file=sys.stderr)
        return 1
    if not rooms:
        print(f"No module of a room differs from {BASE}: name rooms or modules, or use --all")
        return 0
    print(f"{'room':10}{'mutants':>9}{'killed':>9}{'survived':>9}{'minutes':>9}", flush=True)
    return max([_test(room, arguments.processes) for room in rooms])


def _parse() -> argparse.Namespace:
    names = ", ".join(room.name for room in ROOMS)
    parser = argparse.ArgumentParser(prog="script/mutate", description=__doc__)
    parser.add_argument("name", nargs="*", help=f"a module, or a room: {names}")
    parser.add_argument("--all", action="store_true", help="all rooms")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), metavar="N")
    return parser.parse_args()


def _test(room: Room, processes: int) -> int:
    """Mutate a room, and print its results. Return the exit code."""
    started = time.monotonic()
    with TemporaryDirectory(prefix="mutate-") as name:
        folder = Path(name)
        copy_checkout(folder, room)
        if not _run_mutmut(folder, processes):
            return 1
        results = list(read_results(folder))
        with chdir(folder):
            survivors = [read_mutant(*one) for one in results if one[2] not in KILLED.values()]
    minutes = (time.monotonic() - started) / 60
    killed = len(results) - len(survivors)
    print(f"{room.name:10}{len(results):9}{killed:9}{len(survivors):9}{minutes:9.1f}")
    counts = Counter(status for _, _, status in results)
    print("  " + ", ".join(f"{status}: {count}" for status, count in sorted(counts.items())))
    return _report(room, survivors)


def _run_mutmut(folder: Path, processes: int) -> bool:
    """Run it in the folder; print its output only if it fails."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONHASHSEED": "0",  # so that a set has the same order in each run
    }
    log = folder / "mutmut.log"
    with log.open("w") as file:
        process = subprocess.run(
            [sys.executable, "-m", "mutation.worker", "--max-children", str(processes)],
            cwd=folder,
            env=environment,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if process.returncode:
        print(log.read_text(encoding="utf-8", errors="replace")[-5000:], file=sys.stderr)
        print("script/mutate: mutmut failed", file=sys.stderr)
    return process.returncode == 0


def _report(room: Room, survivors: list[Mutant]) -> int:
    """Print the survivors that are not explained, and the explanations without one."""
    files = [str(path.relative_to(PACKAGE)) for path in room.files()]
    unexplained, outdated = compare(survivors, read_explained(), files)
    for mutant in unexplained:
        print(f"\n{PACKAGE / mutant.file}:{mutant.line}: {mutant.function} ({mutant.status})")
        print(mutant.diff)
    for entry in outdated:
        print(f"\n{FILE.relative_to(ROOT)}: no mutant of {entry.file} survived with")
        print(f"-{entry.before}\n+{entry.after}")
    print(end="\n" if unexplained or outdated else "", flush=True)
    return 1 if unexplained or outdated else 0


if __name__ == "__main__":
    sys.exit(main())
