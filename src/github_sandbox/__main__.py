"""`python -m github_sandbox`: serve a preset world until SIGINT or SIGTERM.

The first line on standard output is the URL of the API.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from github_sandbox.exchanges import build_record
from github_sandbox.presets import bare, demo, stored, with_dev_containers
from github_sandbox.server import Sandbox
from github_sandbox.world import World

PRESETS: Mapping[str, Callable[[int], World]] = {
    "bare": bare,
    "demo": lambda _: demo(),
    "dev-containers": with_dev_containers,
    "stored": stored,
}
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Serve until SIGINT or SIGTERM, then write the record."""
    options = create_parser().parse_args()
    # The server's thread inherits this mask, so both signals reach sigwait in the main thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    world = PRESETS[options.world](options.repositories)
    with Sandbox(world, latency=options.latency / 1000, port=options.port) as sandbox:
        if options.limit_writes:
            writes, seconds = options.limit_writes
            sandbox.limit_writes(writes, per=seconds)
        print(sandbox.url, flush=True)
        signal.sigwait(STOP_SIGNALS)
    if options.record:
        record = build_record(sandbox.exchanges, sandbox.world)
        options.record.write_text(json.dumps(record), encoding="utf-8")


def create_parser() -> argparse.ArgumentParser:
    """Create the parser of the command line."""
    parser = argparse.ArgumentParser(prog="python -m github_sandbox", description=__doc__)
    option = parser.add_argument
    option("--world", choices=sorted(PRESETS), default="demo", help="the preset to serve")
    option(
        "--repositories",
        type=int,
        default=40,
        metavar="N",
        help="repositories of octo-org; ignored by demo, which has 40",
    )
    option("--latency", type=float, default=0.0, metavar="MS", help="milliseconds per request")
    option(
        "--limit-writes",
        type=parse_write_limit,
        metavar="N/SECONDS",
        help="reject writes beyond N in any SECONDS",
    )
    option(
        "--record",
        type=Path,
        metavar="FILE",
        help="on exit, write all requests and stored secrets as JSON",
    )
    option("--port", type=int, default=0, help="0 selects a free port")
    return parser


def parse_write_limit(text: str) -> tuple[int, float]:
    """`80/6` -> 80 writes in any 6 seconds."""
    match = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} does not match N/SECONDS, such as 80/6")
    return int(match[1]), float(match[2])


if __name__ == "__main__":
    main()
