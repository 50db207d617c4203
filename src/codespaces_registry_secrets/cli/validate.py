"""`validate`: check specs without a token, a network and the values of their sources."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.cli.errors import error_line
from codespaces_registry_secrets.errors import (
    DONE,
    FAILED,
    ConfigError,
    InvalidConfigError,
    Location,
)
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, parse

DEFAULT_FILE: str = Inputs.model_fields["spec_file"].default


def _reject_option(_type: object, file: str) -> None:
    """Only `-` starts with a hyphen; anything else is a misspelled option."""
    if file.startswith("-") and file != "-":
        raise ValueError(f"unknown option; write ./{file} if it is a file")


File = Annotated[str, Parameter(allow_leading_hyphen=True, validator=_reject_option)]


def validate(*files: File, process: InProcess) -> int:
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
        text = _read(file)
        load_desired(parse(text, "<stdin>" if file == "-" else file), lambda *_: None)
    except InvalidConfigError as error:
        return error.errors
    except UnicodeDecodeError:
        return (ConfigError(Location(file), "is not UTF-8 text"),)
    except OSError as error:
        hint = "; name the spec to check" if file == DEFAULT_FILE else ""
        return (ConfigError(Location(file), f"cannot be read: {error.strerror}{hint}"),)
    return ()


def _read(file: str) -> str:
    """The text of a file, or of standard input; a little more than a spec can have at most."""
    if file == "-":
        return sys.stdin.buffer.read(MAX_BYTES + 1).decode()
    with Path(file).open("rb") as stream:
        return stream.read(MAX_BYTES + 1).decode()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
