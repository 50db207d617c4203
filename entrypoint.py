"""The image's entry point: run the Action, or merge its shards with `merge-shards`."""

import gc
import io
import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.environment import isolate_environment

if __name__ == "__main__":
    # First of all: the kernel discards a signal to process 1 of a container that has no handler.
    cancellation = Cancellation()
    cancellation.install()
    if isinstance(sys.stdout, io.TextIOWrapper):  # never fail on a character that cannot be encoded
        sys.stdout.reconfigure(errors="replace")
    environ = isolate_environment()  # before OpenSSL is loaded

    gc.disable()  # importing creates no garbage, so a collection would only take time
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
