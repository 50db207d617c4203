"""Measure the Action against a sandbox of GitHub in its own process, with 50 ms per request.

Print a table for each part: a, requests and bytes; b, time compared with `gh secret set`; c, time
under a write limit; d, start, planning, memory and image; e, rotation with a state; f, queries for
dev containers; g, up to 1,000,000 targets, estimated and simulated.
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

from benchmarks import (
    dev_containers,
    footprint,
    gh_cli,
    gh_comparison,
    request_counts,
    scaling_runs,
    state_runs,
    write_limit,
)
from benchmarks.action import Action
from benchmarks.processes import BenchError
from benchmarks.report import Part, render_markdown, render_text, to_json
from benchmarks.sandbox import LATENCY_MS

PARTS: Mapping[str, Callable[[Action, bool], Part]] = {
    "a": lambda action, quick: request_counts.run_part(action, quick=quick),
    "b": lambda action, quick: gh_comparison.run_part(action, quick=quick),
    "c": lambda action, _: write_limit.run_part(action),
    "d": lambda action, quick: footprint.run_part(action, quick=quick),
    "e": lambda action, _: state_runs.run_part(action),
    "f": lambda action, quick: dev_containers.run_part(action, quick=quick),
    "g": lambda *_: scaling_runs.run_part(),
}
QUICK = ("a", "b", "d", "f")


def main() -> int:
    """Measure, print tables and write JSON; 1 if a program failed, whether goals are met or not."""
    options = create_parser().parse_args()
    render: Callable[[Part], str] = render_markdown if options.markdown else render_text
    names = sorted(set(options.parts)) or (QUICK if options.quick else PARTS)
    parts: dict[str, Part] = {}
    print(describe_environment(), flush=True)
    with TemporaryDirectory() as folder:
        action = Action(Path(folder))
        for name in names:
            try:
                parts[name] = PARTS[name](action, options.quick)
            except BenchError as error:
                print(f"script/bench: {error}", file=sys.stderr)
                return 1
            print(f"\n{render(parts[name])}", flush=True)
    results = {
        **read_environment(),
        "quick": options.quick,
        "parts": {name: to_json(part) for name, part in parts.items()},
    }
    options.json.write_text(f"{json.dumps(results, indent=2)}\n", encoding="utf-8")
    return 0


def create_parser() -> argparse.ArgumentParser:
    """Create the parser of the command line."""
    parser = argparse.ArgumentParser(prog="script/bench", description=__doc__)
    option = parser.add_argument
    option(
        "parts", nargs="*", metavar="PART", type=part_name, help="a, b, c, d, e, f, g; default: all"
    )
    option("--quick", action="store_true", help="without the longest measurements, c, e and g")
    option(
        "--json",
        type=Path,
        default=Path("bench.json"),
        metavar="FILE",
        help="write the figures to FILE; default: bench.json",
    )
    option("--markdown", action="store_true", help="print Markdown, for docs/performance.md")
    return parser


def part_name(text: str) -> str:
    """Validate the name of a part; with `choices`, argparse would reject an empty list."""
    if text not in PARTS:
        raise argparse.ArgumentTypeError(f"{text!r} is not one of {', '.join(PARTS)}")
    return text


def read_environment() -> dict[str, str | int | None]:
    """Read the date, the versions and the machine that the figures depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(),
        "cpus": os.cpu_count(),
        "gh": gh_cli.find_version(),
        "latency_ms": LATENCY_MS,
    }


def describe_environment() -> str:
    """Describe the environment in one line."""
    environment = read_environment()
    gh = f"gh {environment['gh']}" if environment["gh"] else "no gh (Debian: apt install gh)"
    return (
        f"{environment['date']}: Python {environment['python']}, {gh}, "
        f"{environment['cpus']} CPUs, a sandbox with {environment['latency_ms']} ms per request."
    )


if __name__ == "__main__":
    sys.exit(main())
