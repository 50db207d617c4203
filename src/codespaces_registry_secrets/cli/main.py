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
    _open_closed_streams()
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
            code = call_command(arguments, environ, cancellation, terminal)
    except Exception as error:  # noqa: BLE001 - every error becomes a message without a traceback
        print_error(error, terminal)
        return FAILED
    if terminal.out.failure:
        terminal.message(f"error: standard output: cannot be written: {terminal.out.failure}")
        return FAILED
    return code


def _open_closed_streams() -> None:
    """Discard what is written to a closed standard stream, as with `2>&-`.

    Without this, the next file that is opened gets the number of the stream.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the smallest free number, which is this one
    sys.stdin = sys.stdin or open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
