"""Render changes as a Markdown table, one row for each registry at each target. Pure.

The only HTML is our own: `<details>` folds a long list of repositories, and `<br>` breaks a line.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

from codespaces_registry_secrets.model.private_names import count_private
from codespaces_registry_secrets.report.reported_change import ReportedChange
from codespaces_registry_secrets.report.wording import (
    SIGNS,
    describe_reason,
    describe_status,
    relative_day,
)
from codespaces_registry_secrets.text.markdown import code, prose, row, table_head

COLUMNS = (
    "Change",
    "Target and registry",
    "Server and sources",
    "Visibility",
    "Repositories",
    "Stored",
    "Expires",
)
MAX_CELL_CHARACTERS = 1000
MAX_UNFOLDED_NAMES = 4
# How many names of added, and of removed, repositories a row has. The table takes the largest
# number with which all rows fit.
_NAME_LIMITS = (1000, 300, 100, 30, 10, 3, 0)
_CUTS_BYTES = 200  # for the sentence that counts what was cut
_MINUS = "\N{MINUS SIGN}"


def render_table(changes: Sequence[ReportedChange], at: datetime, max_bytes: int, rest: str) -> str:
    """The table in at most `max_bytes`, and what was cut. Ages are those at the time `at`.

    Long lists of repositories are cut first, and then rows. `rest` says where all of them are.
    """
    columns = _columns(changes)
    head = table_head(columns)
    available = max_bytes - len(head.encode()) - len(rest.encode()) - _CUTS_BYTES
    rows, max_names = _fitting_rows(changes, columns, at, available)
    cuts = list(_describe_cuts(changes, len(changes) - len(rows), max_names))
    ending = f"\n{'; '.join(cuts)}. {rest}\n" if cuts else ""
    return "\n".join((head, *rows)) + "\n" + ending


def _fitting_rows(
    changes: Sequence[ReportedChange], columns: Sequence[str], at: datetime, max_bytes: int
) -> tuple[list[str], int]:
    """The rows with as many names of repositories as fit, and that number of names."""
    rows: list[str] = []
    longest = max(max(len(c.added), len(c.removed)) for c in changes)
    for max_names in (longest, *(limit for limit in _NAME_LIMITS if limit < longest)):
        # Rendering takes time, so skip it if the names alone are too long.
        if max_names and _name_characters(changes, max_names) > max_bytes:
            continue
        all_rows = (_row(change, columns, at, max_names) for change in changes)
        rows = list(_take_bytes(all_rows, max_bytes))
        if len(rows) == len(changes):
            break
    return rows, max_names


def _take_bytes(lines: Iterable[str], max_bytes: int) -> Iterator[str]:
    """The first lines that fit."""
    for line in lines:
        max_bytes -= len(line.encode()) + 1
        if max_bytes < 0:
            return
        yield line


def _row(change: ReportedChange, columns: Sequence[str], at: datetime, max_names: int) -> str:
    cells = _cells(change, at, max_names)
    return row(cells[column] for column in columns)


def _name_characters(changes: Sequence[ReportedChange], max_names: int) -> int:
    lists = (names for change in changes for names in (change.added, change.removed))
    return sum(len(name) for names in lists for name in names[:max_names])


def _describe_cuts(
    changes: Sequence[ReportedChange], hidden_rows: int, max_names: int
) -> Iterator[str]:
    if hidden_rows:
        yield f"{hidden_rows} more {'row' if hidden_rows == 1 else 'rows'}"
    lists = (names for change in changes for names in (change.added, change.removed))
    if any(len(names) > max_names for names in lists):
        yield f"each list has at most {max_names} names" if max_names else "lists without names"


def _columns(changes: Sequence[ReportedChange]) -> tuple[str, ...]:
    """The columns without those that would be empty in every row."""
    used = {
        "Visibility": any(change.visibility for change in changes),
        "Repositories": any(map(_changes_list, changes)),
        "Stored": any(change.stored_at or change.stored_now for change in changes),
        "Expires": any(change.expires for change in changes),
    }
    return tuple(column for column in COLUMNS if used.get(column, True))


def _changes_list(change: ReportedChange) -> bool:
    listed = change.added or change.removed
    return bool(listed or change.private_added or change.private_removed)


def _cells(change: ReportedChange, at: datetime, max_names: int) -> Mapping[str, str]:
    sign, reason = SIGNS[change.action].strip(), prose(_cut(describe_reason(change)))
    visibility = [name for name in change.visibility or () if name]
    return {
        "Change": f"{code(sign)} {describe_status(change)}<br>{reason}".strip(),
        "Target and registry": f"{_code(change.target)}<br>{_code(change.registry)}",
        "Server and sources": "<br>".join(_server_and_sources(change)),
        "Visibility": " → ".join(map(_code, visibility)),
        "Repositories": _repositories(change, max_names),
        "Stored": _relative(at if change.stored_now else change.stored_at, at),
        "Expires": _expiry(change.expires, at),
    }


def _server_and_sources(change: ReportedChange) -> Iterator[str]:
    if change.server:
        yield _code(change.server)
    for member, label in change.sources:
        yield f"{prose(member)} from {_code(label)}"


def _repositories(change: ReportedChange, max_names: int) -> str:
    """The names with their signs; folded below their numbers if there are many."""
    lines = [*_added(change, max_names), *_removed(change, max_names)]
    if len(change.added) + len(change.removed) <= MAX_UNFOLDED_NAMES:
        return "<br>".join(lines)
    numbers = {
        "+": len(change.added) + change.private_added,
        _MINUS: len(change.removed) + change.private_removed,
    }
    summary = " ".join(f"{sign}{number}" for sign, number in numbers.items() if number)
    names = "<br>".join(lines)
    return f"<details><summary>{summary}</summary>{names}</details>" if lines else summary


def _added(change: ReportedChange, max_names: int) -> Iterator[str]:
    """A line for what selected the repositories: by name, or by a glob or another selector."""
    selected_by = dict(change.selected_by)
    groups: dict[str, list[str]] = {}
    for name in change.added[:max_names]:
        groups.setdefault(selected_by.get(name, "name"), []).append(name)
    hidden = len(change.added) - max_names
    for selector, names in groups.items():
        by = "" if selector == "name" else f" by {prose(_cut(selector))}"
        yield f"+ {_names(change, names)}{by}"
    if groups and hidden > 0:
        yield f"+ {hidden} more"
    if change.private_added:
        yield f"+ {count_private(change.private_added)}"


def _removed(change: ReportedChange, max_names: int) -> Iterator[str]:
    hidden = len(change.removed) - max_names
    if names := change.removed[:max_names]:
        yield f"{_MINUS} {_names(change, names)}"
        if hidden > 0:
            yield f"{_MINUS} {hidden} more"
    if change.private_removed:
        yield f"{_MINUS} {count_private(change.private_removed)}"


def _names(change: ReportedChange, names: Sequence[str]) -> str:
    """A name is without its owner if the owner is the target."""
    return ", ".join(_code(name.removeprefix(change.owner_prefix)) for name in names)


def _expiry(time: datetime | None, at: datetime) -> str:
    if time is None:
        return ""
    day = _unbroken(f"{time.astimezone(UTC):%d %b %Y}")
    return f"{day}<br>{_unbroken('' if time > at else 'expired ')}{_relative(time, at)}"


def _relative(time: datetime | None, at: datetime) -> str:
    if time is None:
        return ""
    return _unbroken(relative_day(time.astimezone(UTC).date(), at.astimezone(UTC).date()))


def _unbroken(text: str) -> str:
    """The text with spaces at which a narrow column is not broken."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _code(text: str) -> str:
    return code(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[:MAX_CELL_CHARACTERS]}…"
