"""`validate`: check specs without a token, a network and the values of their sources."""

from __future__ import annotations

from typing import Annotated

from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.cli.errors import error_line
from codespaces_registry_secrets.cli.spec_file import ACCEPT_STDIN, DEFAULT_FILE, parse_file
from codespaces_registry_secrets.errors import (
    DONE,
    FAILED,
    ConfigError,
    InvalidConfigError,
)
from codespaces_registry_secrets.spec.load import load_desired


def validate(*files: Annotated[str, ACCEPT_STDIN], process: InProcess) -> int:
    """Print the errors of specs.

    Args:
        files: The specs to check; `-` is standard input. If there are none, it is
            `.github/codespaces-registries.yml`.
        process: The process that runs the command.
    """
    terminal = process.terminal
    errors = [error for file in files or (DEFAULT_FILE,) for error in find_errors(file)]
    for error in errors:
        terminal.result(error_line(error))
    count = len(files) or 1
    if errors:
        terminal.message(f"{_count(len(errors), 'error')} in {_count(count, 'file')}")
        return FAILED
    terminal.message(f"{_count(count, 'file')} checked, no errors")
    return DONE


def find_errors(file: str) -> tuple[ConfigError, ...]:
    """Every error of the spec in a file, with its place."""
    try:
        load_desired(parse_file(file), lambda *_: None)
    except InvalidConfigError as error:
        return error.errors
    return ()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
