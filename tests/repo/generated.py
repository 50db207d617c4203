"""Files that are generated from the code: the JSON Schemas, and the help texts in docs/cli.md.

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

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "cli.md"
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


def write() -> None:
    """Write all of them."""
    for path, text in schemas().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    PAGE.write_text(page_with_help(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    write()
