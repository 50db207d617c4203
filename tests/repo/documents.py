"""The texts of the repository, read as data: Markdown, workflows, action.yml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(ROOT.glob("docs/*.md"))}
ROTATION = PAGES["rotation.md"]
FOLDERS = (".", ".github", "examples")
DOCUMENTS = sorted(
    [*(path for name in FOLDERS for path in ROOT.glob(f"{name}/*.md")), *ROOT.glob("docs/**/*.md")]
)
SPEC = ROOT / "examples" / "codespaces-registries.yml"
WORKFLOWS = sorted((ROOT / "examples" / "workflows").glob("*.yml"))
PROJECT = "octo-org/codespaces-registry-secrets"

_FENCED = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def prose(markdown: str) -> str:
    """Markdown without its fenced blocks."""
    return _FENCED.sub("", markdown)


def blocks(markdown: str, language: str = "yaml") -> list[str]:
    """The fenced blocks of a language."""
    return [match["text"] for match in _FENCED.finditer(markdown) if match["language"] == language]


def anchors(markdown: str) -> set[str]:
    """What GitHub makes of the headings, for links to them."""
    headings = _HEADING.findall(prose(markdown))
    return {re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-") for text in headings}


def section(markdown: str, heading: str) -> str:
    """What follows a heading, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, _, rest = markdown.partition(f"\n{heading}\n")
    assert rest, f"there is no {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", prose(rest), maxsplit=1, flags=re.MULTILINE)[0]


def rows(markdown: str) -> list[list[str]]:
    """The cells of every table row, without the heads."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    rules = {number for number, line in enumerate(lines) if set(line) <= set("|-: ")}
    heads = {number - 1 for number in rules}
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for number, line in enumerate(lines)
        if number not in rules | heads
    ]


def quoted(cell: str) -> list[str]:
    """The texts between backquotes, with one or two of them at each end."""
    return [one or two for two, one in re.findall(r"`` ?(.+?) ?``|`([^`]+)`", cell)]


def steps(text: str) -> Iterator[dict[str, Any]]:
    """The steps of a workflow, or of a list of steps, that use the Action."""
    data = yaml.safe_load(text)
    listed = data if isinstance(data, list) else []
    if isinstance(data, dict):
        listed = [step for job in data.get("jobs", {}).values() for step in job.get("steps", [])]
    for step in listed:
        if step.get("uses", "").startswith(PROJECT):
            yield step
