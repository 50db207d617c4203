"""Measures the Action against a sandbox of GitHub in its own process, which takes 50 ms a request.

Prints a table for each part: a, requests and bytes; b, time beside `gh secret set`; c, time under a
limit on writes; d, start, planning, memory and image.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import against_gh, by_gh, footprint, pace, traffic
from benchmarks.action import Action
from benchmarks.processes import BenchError
from benchmarks.report import Part, json_of, markdown, text
from benchmarks.sandbox import LATENCY_MS

PARTS: Mapping[str, Callable[[Action, bool], Part]] = {
    "a": lambda action, quick: traffic.part(action, quick=quick),
    "b": lambda action, quick: against_gh.part(action, quick=quick),
    "c": lambda action, _: pace.part(action),
    "d": lambda action, quick: footprint.part(action, quick=quick),
}
QUICK = ("a", "b", "d")


def main() -> int:
    """Measure, print, write; 1 where something did not run, whatever the figures are."""
    options = parser().parse_args()
    written: Callable[[Part], str] = markdown if options.markdown else text
    wanted = sorted(set(options.parts)) or (QUICK if options.quick else PARTS)
    parts: dict[str, Part] = {}
    print(machine(), flush=True)
    with TemporaryDirectory() as folder:
        action = Action(Path(folder))
        for name in wanted:
            try:
                parts[name] = PARTS[name](action, options.quick)
            except BenchError as error:
                print(f"script/bench: {error}", file=sys.stderr)
                return 1
            print(f"\n{written(parts[name])}", flush=True)
    found = {**facts(), "quick": options.quick, "parts": {n: json_of(p) for n, p in parts.items()}}
    options.json.write_text(f"{json.dumps(found, indent=2)}\n", encoding="utf-8")
    return 0


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    option = found.add_argument
    option("parts", nargs="*", metavar="PART", type=part_name, help="a, b, c, d; or all")
    option("--quick", action="store_true", help="without 1,000 targets, and without c")
    option("--json", type=Path, default=Path("bench.json"), metavar="FILE", help="bench.json")
    option("--markdown", action="store_true", help="tables as docs/performance.md has them")
    return found


def part_name(text: str) -> str:
    """A part, as it was named; argparse would hold an empty list of them against `choices`."""
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of {', '.join(PARTS)}")
    return text


def facts() -> dict[str, str | int | None]:
    """What the figures depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "gh": by_gh.version(),
        "latency_ms": LATENCY_MS,
    }


def machine() -> str:
    """The same in a line."""
    found = facts()
    gh = f"gh {found['gh']}" if found["gh"] else "no gh (Debian: apt install gh)"
    return (
        f"{found['date']}: Python {found['python']}, {gh}, {found['cpus']} CPUs, a sandbox that "
        f"takes {found['latency_ms']} ms a request."
    )


if __name__ == "__main__":
    sys.exit(main())
