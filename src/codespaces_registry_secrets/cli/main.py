"""The process: its environment, signals, arguments, errors and exit code."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping, Sequence
from typing import NoReturn

from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.environment import isolate_environment


def main() -> NoReturn:
    """Run the command that the arguments name, and end the process with its exit code."""
    cancellation = Cancellation()
    cancellation.install()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a terminal can lack characters such as `±`
            stream.reconfigure(errors="replace")
    environ = isolate_environment()  # before OpenSSL is loaded
    code = run_command(sys.argv[1:], environ, cancellation)
    # Not sys.exit: it would wait for a request that hangs, which a cancelled run must not do.
    os._exit(code)


def run_command(
    arguments: Sequence[str], environ: Mapping[str, str], cancellation: Cancellation
) -> int:
    """Run the command that the arguments name, and return its exit code.

    An error in the arguments has the exit code of every other error, because 2 means drift.
    """
    # Imported here because some of these modules load OpenSSL.
    from codespaces_registry_secrets.cli.app import call_command  # noqa: PLC0415
    from codespaces_registry_secrets.cli.errors import print_error  # noqa: PLC0415
    from codespaces_registry_secrets.cli.terminal import Terminal  # noqa: PLC0415
    from codespaces_registry_secrets.errors import FAILED  # noqa: PLC0415

    terminal = Terminal()
    try:
        with cancellation.raising():
            return call_command(arguments, environ, cancellation, terminal)
    except Exception as error:  # noqa: BLE001 - every error becomes a message without a traceback
        print_error(error, terminal)
    return FAILED
