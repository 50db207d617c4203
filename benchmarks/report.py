"""What was measured -> text, Markdown and JSON. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from benchmarks.exchanges import Tally

Cell: TypeAlias = str | int | float | Tally | None
Row: TypeAlias = Mapping[str, Cell]
Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

WIDTH = 120


@dataclass(frozen=True)
class Goal:
    """A figure that is to be `bound` at most; None where it could not be taken, and `why`."""

    what: str
    figure: float | None
    bound: float
    unit: str = ""
    why: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the figure is good enough; None without one."""
        return None if self.figure is None else self.figure <= self.bound

    @property
    def verdict(self) -> str:
        """In a word."""
        return {True: "met", False: "MISSED", None: "not taken"}[self.met]


@dataclass(frozen=True)
class Part:
    """A table with its goals; every row has the same columns. `note` says what a reader needs."""

    title: str
    rows: Sequence[Row]
    goals: Sequence[Goal] = ()
    note: str = ""


def shown(value: Cell, unit: str = "") -> str:
    """A cell as people read it: three digits of a fraction at most, and thousands apart."""
    if value is None:
        return "-"
    if isinstance(value, float):
        digits = 3 if abs(value) < 1 else 2 if abs(value) < 100 else 1  # noqa: PLR2004
        value = f"{value:,.{digits}f}"
    elif isinstance(value, int):
        value = f"{value:,}"
    return f"{value} {unit}".rstrip()


def text(part: Part) -> str:
    """The table for a terminal."""
    return "\n".join([part.title, "", *_written(part, _aligned)])


def markdown(part: Part) -> str:
    """The table for a document."""
    return "\n".join([f"## {part.title}", "", *_written(part, _piped)])


def json_of(part: Part) -> Json:
    """The same as data, not rounded."""
    return {
        "title": part.title,
        "rows": [{name: _plain(value) for name, value in row.items()} for row in part.rows],
        "goals": [
            {"goal": g.what, "figure": g.figure, "at_most": g.bound, "unit": g.unit, "met": g.met}
            for g in part.goals
        ],
    }


def _written(part: Part, table: Callable[[Sequence[Row]], Iterator[str]]) -> Iterator[str]:
    yield from table(part.rows)
    if part.note:
        yield from ("", *textwrap.wrap(part.note, WIDTH))
    if part.goals:
        yield ""
        yield from table([_of_goal(goal) for goal in part.goals])


def _of_goal(goal: Goal) -> Row:
    figure = shown(goal.figure, goal.unit) if goal.figure is not None else goal.why
    bound = shown(goal.bound, goal.unit)
    return {"goal": goal.what, "figure": figure, "at most": bound, "": goal.verdict}


def _plain(value: Cell) -> Json:
    if isinstance(value, Tally):
        return {"requests": value.requests, "sent": value.sent, "received": value.received}
    return value


def _lines(rows: Sequence[Row]) -> list[list[str]]:
    return [list(rows[0]), *([shown(value) for value in row.values()] for row in rows)]


def _aligned(rows: Sequence[Row]) -> Iterator[str]:
    lines = _lines(rows)
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * width for width in widths]
    for cells in [lines[0], rule, *lines[1:]]:
        first, *others = zip(cells, widths, strict=True)
        padded = [first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]
        yield "  ".join(padded).rstrip()


def _piped(rows: Sequence[Row]) -> Iterator[str]:
    head, *lines = _lines(rows)
    rule = ["---", *["---:"] * (len(head) - 1)]
    yield from map(_row, [head, rule, *lines])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
