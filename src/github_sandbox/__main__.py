"""`python -m github_sandbox`: serve a world until told to stop; the first line is its URL."""

from __future__ import annotations

import argparse
import signal

from github_sandbox.server import Sandbox
from github_sandbox.worlds import demo

WORLDS = {"demo": demo}
STOP = (signal.SIGINT, signal.SIGTERM)


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m github_sandbox", description=__doc__)
    parser.add_argument("--world", choices=sorted(WORLDS), default="demo")
    parser.add_argument("--latency", type=float, default=0.0, metavar="MS", help="for each request")
    parser.add_argument("--port", type=int, default=0, help="0 takes any that is free")
    options = parser.parse_args()
    # Blocked before the server's thread starts, which inherits it, so that sigwait gets them.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP)
    world = WORLDS[options.world]()
    with Sandbox(world, latency=options.latency / 1000, port=options.port) as sandbox:
        print(sandbox.url, flush=True)
        signal.sigwait(STOP)


if __name__ == "__main__":
    main()
