"""The image's entry point: run the Action, or `merge-shards` or `update-issue`."""

import gc
import io
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.environment import isolate_environment

# First of all: the kernel discards a signal to process 1 of a container that has no handler.
cancellation = Cancellation()
cancellation.install()
# Never fail on a character that cannot be encoded.
cast("io.TextIOWrapper", sys.stdout).reconfigure(errors="replace")
environ = isolate_environment()  # before OpenSSL is loaded

gc.disable()  # importing creates no garbage, so a collection would only take time
run: Callable[[Mapping[str, str], Cancellation], int]
if sys.argv[1:] == ["merge-shards"]:  # .github/actions/merge-shards/action.yml
    from codespaces_registry_secrets.merge_shards import main as run
elif sys.argv[1:] == ["update-issue"]:  # .github/actions/update-issue/action.yml
    from codespaces_registry_secrets.update_issue import main as run
else:
    from codespaces_registry_secrets.action import main as run
gc.freeze()
gc.enable()
code = run(environ, cancellation)
sys.stdout.flush()
# Not sys.exit: it would wait for a request that hangs, which a cancelled run must not do.
os._exit(code)
