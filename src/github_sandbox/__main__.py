"""`python -m github_sandbox`: serve a world until told to stop; the first line is its URL."""

from __future__ import annotations

import argparse
import json
import re
import signal
from collections.abc import Callable, Mapping
from pathlib import Path

from github_sandbox.record import record
from github_sandbox.server import Sandbox
from github_sandbox.world import World
from github_sandbox.worlds import bare, demo, stored

WORLDS: Mapping[str, Callable[[int], World]] = {
    "bare": bare,
    "demo": lambda _: demo(),
    "stored": stored,
}
STOP = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    options = parser().parse_args()
    # Blocked before the server's thread starts, which inherits it, so that sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    world = WORLDS[options.world](options.repositories)
    with Sandbox(world, latency=options.latency / 1000, port=options.port) as sandbox:
        if options.limit_writes:
            writes, seconds = options.limit_writes
            sandbox.limit_writes(writes, per=seconds)
        print(sandbox.url, flush=True)
        signal.sigwait(STOP)
    if options.record:
        options.record.write_text(json.dumps(record(sandbox)), encoding="utf-8")


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="python -m github_sandbox", description=__doc__)
    option = found.add_argument
    option("--world", choices=sorted(WORLDS), default="demo")
    option("--repositories", type=int, default=40, metavar="N", help="of octo-org; demo has 40")
    option("--latency", type=float, default=0.0, metavar="MS", help="for each request")
    option("--limit-writes", type=limit, metavar="N/SECONDS", help="refuse more in any such span")
    option("--record", type=Path, metavar="FILE", help="what was asked and stored, in the end")
    option("--port", type=int, default=0, help="0 takes any that is free")
    return found


def limit(text: str) -> tuple[int, float]:
    """`80/6` -> 80 writes in any 6 seconds."""
    match = re.fullmatch(r"(\d+)/(\d+(?:\.\d+)?)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not such as 80/6")
    return int(match[1]), float(match[2])


if __name__ == "__main__":
    main()
