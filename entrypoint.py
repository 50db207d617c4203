"""What the image runs: the Action, or the merging of its shards with `merge-shards`."""

import gc
import io
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
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
    program: Callable[[Mapping[str, str]], int]
    if sys.argv[1:] == ["merge-shards"]:  # .github/actions/merge-shards/action.yml
        from codespaces_registry_secrets.merge_shards import main as merge_shards

        program = merge_shards
    else:
        from codespaces_registry_secrets.action import main

        program = partial(main, cancellation=cancellation)
    gc.freeze()
    gc.enable()
    code = program(environ)
    sys.stdout.flush()
    # Not sys.exit: it would wait for a request that hangs, which a cancelled run must not do.
    os._exit(code)
