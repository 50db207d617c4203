"""The commands, by name, and the parameter that each has in addition to its options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

from cyclopts import App, CycloptsError, Parameter

from codespaces_registry_secrets.cli.help import COMMANDS, DESCRIPTION, NAME
from codespaces_registry_secrets.cli.terminal import Terminal
from codespaces_registry_secrets.errors import DONE, FAILED
from codespaces_registry_secrets.runtime.cancellation import Cancellation

PACKAGE = "codespaces_registry_secrets"


@dataclass(frozen=True)
class Process:
    """The parameter of a command in addition to its options."""

    environ: Mapping[str, str] = field(repr=False)
    cancellation: Cancellation
    terminal: Terminal


# The annotation of a command's parameter that is no option.
InProcess = Annotated[Process, Parameter(parse=False)]


def build_app(terminal: Terminal) -> App:
    """The parser of the arguments. The module of a command is imported when the command runs."""
    app = App(
        name=NAME,
        help=DESCRIPTION,
        help_format="markdown",
        version=_version,
        console=terminal.out,
        error_console=terminal.err,
    )
    for name, texts in COMMANDS.items():
        function = f"{PACKAGE}.cli.{texts.module or name}:{texts.function or name}"
        app.command(function, name=name, help=texts.text, help_epilogue=texts.epilogue)
    app.register_install_completion_command()
    return app


def call_command(
    arguments: Sequence[str],
    environ: Mapping[str, str],
    cancellation: Cancellation,
    terminal: Terminal,
) -> int:
    """Call the command that the arguments name, and return its exit code."""
    app = build_app(terminal)
    try:
        command, bound, not_parsed = app.parse_args(arguments, exit_on_error=False)
    except CycloptsError:  # it was printed
        return FAILED
    if "process" in not_parsed:
        bound.arguments["process"] = Process(environ, cancellation, terminal)
    code = command(*bound.args, **bound.kwargs)
    return code if isinstance(code, int) else DONE


def _version() -> str:
    """The version of the installed package. Imported here, because only `--version` needs it."""
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415

    try:
        return version(NAME)
    except PackageNotFoundError:
        return "not installed"
