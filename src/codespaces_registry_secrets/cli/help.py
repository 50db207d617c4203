"""The help of each command: its summary, what to know before using it, and examples.

The help of an option is in the docstring of its command.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

NAME = "codespaces-registry-secrets"
DESCRIPTION = (
    "Manage the private-registry secrets of GitHub Codespaces from a spec.\n\n"
    "Exit codes: 0 success, 1 an error, 2 `check` found that GitHub differs from the spec."
)


@dataclass(frozen=True)
class CommandHelp:
    """The texts of one command. Each example is a command line without the program's name."""

    summary: str
    details: str
    examples: tuple[str, ...]

    @property
    def text(self) -> str:
        """The text above the options, as Markdown."""
        return f"{self.summary}\n\n{self.details}"

    @property
    def epilogue(self) -> str:
        """The text below the options, as Markdown."""
        lines = "\n".join(f"    {NAME} {example}" for example in self.examples)
        return f"Examples:\n\n{lines}"


COMMANDS: Mapping[str, CommandHelp] = {
    "validate": CommandHelp(
        "Check specs, without a token and without a network.",
        "Prints each error as `FILE:LINE:COLUMN: message`. No secret value is read, so a variable "
        "that is not set is no error.",
        ("validate", "validate specs/acr.yml specs/ghcr.yml", "validate - < spec.yml"),
    ),
}
