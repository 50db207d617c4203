"""Run the tests against GitHub: `script/test --live`."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from functools import partial

from live.run import run_checks, select_checks
from live.settings import RefusedError, read_settings

REFUSED = 2


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the checks that the arguments name, or all, and return the exit code."""
    try:
        checks, settings = select_checks(arguments), read_settings(environ)
        return run_checks(settings, checks, wait=time.sleep, say=partial(print, flush=True))
    except RefusedError as error:
        print(f"script/test --live: {error}", file=sys.stderr)
        return REFUSED


if __name__ == "__main__":
    # A terminated run cleans up, as one that Ctrl-C interrupts.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main(sys.argv[1:], os.environ))
