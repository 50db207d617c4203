"""Write YAML as text, so that a generated spec can have comments and short lists. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

import yaml

from codespaces_registry_secrets.text.control_characters import CONTROL_CHARACTER

MAX_WIDTH = 100
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")


def scalar(text: str) -> str:
    """A text as YAML: plain if YAML reads it as the same text, else in quotes."""
    if _PLAIN.fullmatch(text) and yaml.safe_load(text) == text:
        return text
    quoted = json.dumps(text, ensure_ascii=False)
    return CONTROL_CHARACTER.sub(lambda match: f"\\u{ord(match[0]):04x}", quoted)


def sequence(key: str, items: Sequence[str]) -> list[str]:
    """The lines of a key with a list: one line if they fit into it, else one for each item."""
    line = f"{key}: [{', '.join(map(scalar, items))}]"
    if len(line) <= MAX_WIDTH or not items:
        return [line]
    return [f"{key}:", *(f"  - {scalar(item)}" for item in items)]


def list_item(lines: Sequence[str]) -> list[str]:
    """The lines of a mapping as an item of a list. The first line must be a key."""
    first, *rest = lines
    return [f"- {first}", *indent(rest)]


def indent(lines: Iterable[str]) -> list[str]:
    """The lines, two spaces to the right."""
    return [f"  {line}" if line else line for line in lines]


def comment(lines: Iterable[str]) -> list[str]:
    """The lines as comments."""
    return [f"# {line}" if line else "#" for line in lines]
