"""Errors as lines on the terminal: `FILE:LINE:COLUMN: message` where they have a place."""

from __future__ import annotations

import re

from codespaces_registry_secrets.cli.terminal import Terminal
from codespaces_registry_secrets.errors import ConfigError, InvalidConfigError, Location
from codespaces_registry_secrets.report.early_end import describe_early_end

_INPUT = re.compile("input `(.+)`")


def error_line(error: ConfigError) -> str:
    """`FILE:LINE:COLUMN: path: message`, the format that editors can jump to."""
    return f"{place(error.location)}: {error.message}"


def place(location: Location) -> str:
    """`FILE:LINE:COLUMN: path`, or what the location has of it; an input is an option."""
    name = _INPUT.fullmatch(location.file)
    if name:
        return ": ".join(filter(None, (f"--{name[1]}", location.path)))
    if location.line is None or location.column is None:
        return str(location)
    position = f"{location.file}:{location.line}:{location.column}"
    return ": ".join(part for part in (position, location.path) if part)


def print_error(error: Exception, terminal: Terminal) -> None:
    """Print the error that ended a command. For a crash it prints type and place, never a value."""
    if isinstance(error, InvalidConfigError):
        for item in error.errors:
            terminal.message(error_line(item), "red")
        return
    end = describe_early_end(error)
    for note in end.notes:
        terminal.message(f"error: {note.message}", "red")
    if end.trace:
        terminal.message(end.trace)
