"""Read a spec from a path of the shell, which can be outside of the current folder, or from `-`."""

from __future__ import annotations

import sys
from pathlib import Path

from cyclopts import Parameter

from codespaces_registry_secrets.errors import ConfigError, InvalidConfigError, Location
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, Document, parse

DEFAULT_FILE: str = Inputs.model_fields["spec_file"].default
STDIN = "-"


def _reject_option(_type: object, file: str | None) -> None:
    if file is not None and file.startswith("-") and file != STDIN:
        raise ValueError(f"unknown option; write ./{file} if it is a file")


# The parser takes a hyphen for an option otherwise.
ACCEPT_STDIN = Parameter(allow_leading_hyphen=True, validator=_reject_option)


def read_spec_file(inputs: Inputs, *, has_credential: bool) -> Document:  # noqa: ARG001 - for the shorthand, which is no option
    """Read the spec that `--spec-file` names."""
    return parse_file(inputs.spec_file)


def parse_file(file: str) -> Document:
    """Parse the spec in a file; `-` is standard input.

    Raises:
        InvalidConfigError: the file cannot be read, or its text cannot be parsed.
    """
    try:
        text = _read(file)
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    except OSError as error:
        hint = "; name the spec to read" if file == DEFAULT_FILE else ""
        message = f"cannot be read: {error.strerror}{hint}"
    else:
        return parse(text, "<stdin>" if file == STDIN else file)
    raise InvalidConfigError([ConfigError(Location(file), message)])


def _read(file: str) -> str:
    """The text, or a little more of it than a spec can have at most."""
    if file == STDIN:
        return sys.stdin.buffer.read(MAX_BYTES + 1).decode()
    with Path(file).open("rb") as stream:
        return stream.read(MAX_BYTES + 1).decode()
