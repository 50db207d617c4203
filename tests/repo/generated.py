"""Generated files: the JSON Schemas, the help texts in docs/cli.md, the mutants in docs/testing.md.

`script/generate` runs this module to write them; tests/repo/test_generated.py compares them.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import get_args

from rich.console import Console

from codespaces_registry_secrets.cli.app import build_app
from codespaces_registry_secrets.cli.help import COMMANDS, NAME
from codespaces_registry_secrets.cli.schema import Document, schema_text
from codespaces_registry_secrets.cli.terminal import Terminal
from mutation.explained import Explained, read_explained

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"
TESTING = ROOT / "docs" / "testing.md"
MUTANTS_HEAD = "| Function | Mutant | Why no test can notice it |\n|---|---|---|\n"
WIDTH = 100


def schemas() -> dict[Path, str]:
    """The schema of each document, by file."""
    names = get_args(Document)
    return {ROOT / "schema" / f"{name}.v1.json": schema_text(name) for name in names}


def help_text(command: str) -> str:
    """What `--help` prints into a pipe that is 100 columns wide."""
    text = io.StringIO()
    console = Console(file=text, width=WIDTH, color_system=None, force_terminal=False)
    build_app(Terminal()).help_print([command], console=console)
    lines = [line.rstrip() for line in text.getvalue().strip().splitlines()]
    return "\n".join(lines)


def page_with_help(page: str) -> str:
    """The page with the current help in the block below the heading of each command."""
    for command in COMMANDS:
        block = re.compile(rf"(### `{command}`\n\n```text\n)(?:.*?\n)??(```\n)", re.DOTALL)
        text = f"$ {NAME} {command} --help\n{help_text(command)}\n"
        found = block.search(page)
        assert found, f"docs/cli.md has no block for {command}"
        page = page[: found.end(1)] + text + page[found.start(2) :]
    return page


def page_with_mutants(page: str) -> str:
    """The page with the explained mutants in the table below their heading."""
    rows = "".join(map(_mutant_row, read_explained()))
    table = re.compile(rf"{re.escape(MUTANTS_HEAD)}(?:\|.*\n)*")
    assert table.search(page), "docs/testing.md has no table of mutants"
    return table.sub(lambda _: MUTANTS_HEAD + rows, page)


def _mutant_row(mutant: Explained) -> str:
    """A row of the table. A `|` in code would end the cell."""
    function = f"`{mutant.file}` `{mutant.function}`"
    change = f"`` {mutant.before} `` → `` {mutant.after} ``".replace("|", "\\|")
    return f"| {function} | {change} | {mutant.reason} |\n"


def write() -> None:
    """Write all of them."""
    for path, text in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    PAGE.write_text(page_with_help(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    TESTING.write_text(page_with_mutants(TESTING.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
