"""What the image runs: the Action, from the environment that the runner gives."""

import gc
import io
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from codespaces_registry_secrets.runtime.process import Cancellation, isolate_environment

if __name__ == "__main__":
    # First of all: to process 1 of a container the kernel hands no signal without a handler.
    cancellation = Cancellation()
    cancellation.install()
    if isinstance(sys.stdout, io.TextIOWrapper):  # a log that lacks a sign ends no run
        sys.stdout.reconfigure(errors="replace")
    environ = isolate_environment()  # before OpenSSL is loaded

    gc.disable()  # nothing that an import makes is garbage
    from codespaces_registry_secrets.action import main

    gc.freeze()
    gc.enable()
    code = main(environ, cancellation)
    sys.stdout.flush()
    # Not sys.exit: it would wait for a request that hangs, which a cancelled run must not do.
    os._exit(code)
