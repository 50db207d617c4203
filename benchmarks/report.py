"""Render measurements as text, Markdown and JSON. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.exchanges import RequestCount

Cell: TypeAlias = str | int | float | RequestCount | None
Row: TypeAlias = Mapping[str, Cell]
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

WIDTH = 120


@dataclass(frozen=True)
class Goal:
    """A figure that must not exceed `bound`; None if it was not measured, with the `reason`."""

    name: str
    figure: float | None
    bound: float
    unit: str = ""
    reason: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure is within the bound; None without a figure."""
        return None if self.figure is None else self.figure <= self.bound

    @property
    def verdict(self) -> str:
        """`met`, `MISSED` or `not measured`."""
        return {True: "met", False: "MISSED", None: "not measured"}[self.met]


@dataclass(frozen=True)
class Part:
    """A table with its goals; all rows have the same columns. `note` explains the columns."""

    title: str
    rows: Sequence[Row]
    goals: Sequence[Goal] = ()
    note: str = ""


def render_text(part: Part) -> str:
    """Render a part for a terminal."""
    return "\n".join([part.title, "", *_render(part, _text_table)])


def render_markdown(part: Part) -> str:
    """Render a part for a document."""
    return "\n".join([f"## {part.title}", "", *_render(part, _markdown_table)])


def to_json(part: Part) -> Json:
    """Convert a part to JSON; figures are not rounded."""
    return {
        "title": part.title,
        "rows": [{name: _cell_to_json(value) for name, value in row.items()} for row in part.rows],
        "goals": [
            {"goal": g.name, "figure": g.figure, "at_most": g.bound, "unit": g.unit, "met": g.met}
            for g in part.goals
        ],
    }


def format_cell(value: Cell, unit: str = "") -> str:
    """Format a cell: at most three decimals, and a thousands separator."""
    if value is None:
        return "-"
    if isinstance(value, float):
        digits = 3 if abs(value) < 1 else 2 if abs(value) < 100 else 1  # noqa: PLR2004
        value = f"{value:,.{digits}f}"
    elif isinstance(value, int):
        value = f"{value:,}"
    return f"{value} {unit}".rstrip()


def _render(part: Part, table: Callable[[Sequence[Row]], Iterator[str]]) -> Iterator[str]:
    yield from table(part.rows)
    if part.note:
        yield from ("", *textwrap.wrap(part.note, WIDTH))
    if part.goals:
        yield ""
        yield from table([_goal_row(goal) for goal in part.goals])


def _goal_row(goal: Goal) -> Row:
    figure = format_cell(goal.figure, goal.unit) if goal.figure is not None else goal.reason
    bound = format_cell(goal.bound, goal.unit)
    return {"goal": goal.name, "figure": figure, "at most": bound, "": goal.verdict}


def _cell_to_json(value: Cell) -> Json:
    if isinstance(value, RequestCount):
        return {"requests": value.requests, "sent": value.sent, "received": value.received}
    return value


def _text_table(rows: Sequence[Row]) -> Iterator[str]:
    lines = _format_rows(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    for cells in [lines[0], rule, *lines[1:]]:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        yield "  ".join(padded).rstrip()


def _markdown_table(rows: Sequence[Row]) -> Iterator[str]:
    head, *lines = _format_rows(rows)
    rule = ["---", *["---:"] * (len(head) - 1)]
    yield from map(_markdown_row, [head, rule, *lines])


def _format_rows(rows: Sequence[Row]) -> list[list[str]]:
    """The cells as text; the first row is the column names."""
    return [list(rows[0]), *([format_cell(value) for value in row.values()] for row in rows)]


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
