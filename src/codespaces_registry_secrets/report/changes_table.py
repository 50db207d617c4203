"""Render changes as a Markdown table, one row for each registry at each target. Pure.

The only HTML is our own: `<details>` folds a long list of repositories, and `<br>` breaks a line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.report.reported_change import ReportedChange
from codespaces_registry_secrets.report.wording import SIGNS, describe_reason, describe_status
from codespaces_registry_secrets.text.markdown import code, prose, row, table_head

COLUMNS = (
    "Change",
    "Target",
    "Registry",
    "Server and sources",
    "Visibility",
    "Repositories",
    "Stored",
    "Expires",
    "Why",
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
    head = table_head(COLUMNS)
    available = max_bytes - len(head.encode()) - len(rest.encode()) - _CUTS_BYTES
    rows, max_names = _fitting_rows(changes, at, available)
    cuts = list(_describe_cuts(changes, len(changes) - len(rows), max_names))
    ending = f"\n{'; '.join(cuts)}. {rest}\n" if cuts else ""
    return "\n".join((head, *rows)) + "\n" + ending


def _fitting_rows(
    changes: Sequence[ReportedChange], at: datetime, max_bytes: int
) -> tuple[list[str], int]:
    """The rows with as many names of repositories as fit, and that number of names."""
    rows: list[str] = []
    longest = max(max(len(c.added), len(c.removed)) for c in changes)
    for max_names in (longest, *(limit for limit in _NAME_LIMITS if limit < longest)):
        # Rendering takes time, so skip it if the names alone are too long.
        if max_names and _name_characters(changes, max_names) > max_bytes:
            continue
        rows = list(_rows_within(changes, at, max_names, max_bytes))
        if len(rows) == len(changes):
            break
    return rows, max_names


def _rows_within(
    changes: Sequence[ReportedChange], at: datetime, max_names: int, max_bytes: int
) -> Iterator[str]:
    for change in changes:
        line = _row(change, at, max_names)
        max_bytes -= len(line.encode()) + 1
        if max_bytes < 0:
            return
        yield line


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


def _row(change: ReportedChange, at: datetime, max_names: int) -> str:
    sign = SIGNS[change.action].strip()
    return row(
        [
            f"{code(sign)} {describe_status(change)}".strip(),
            _code(change.target),
            _code(change.registry),
            "<br>".join(_server_and_sources(change)),
            " → ".join(
                _code(visibility or "") for visibility in change.visibility or () if visibility
            ),
            _repositories(change, max_names),
            "now" if change.stored_now else _ago(change.stored_at, at),
            _expiry(change.expires, at),
            prose(_cut(describe_reason(change))),
        ]
    )


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
    numbers = {"+": len(change.added), _MINUS: len(change.removed)}
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


def _removed(change: ReportedChange, max_names: int) -> Iterator[str]:
    hidden = len(change.removed) - max_names
    if names := change.removed[:max_names]:
        yield f"{_MINUS} {_names(change, names)}"
        if hidden > 0:
            yield f"{_MINUS} {hidden} more"


def _names(change: ReportedChange, names: Sequence[str]) -> str:
    """A name is without its owner if the owner is the target."""
    return ", ".join(_code(name.removeprefix(change.owner_prefix)) for name in names)


def _ago(time: datetime | None, at: datetime) -> str:
    return f"{format_duration(at - time)} ago" if time else ""


def _expiry(time: datetime | None, at: datetime) -> str:
    if time is None:
        return ""
    left = time - at
    relative = f"in {format_duration(left)}" if time > at else f"expired {_ago(time, at)}"
    return f"{time.astimezone(UTC):%Y-%m-%d}<br>{relative}"


def _code(text: str) -> str:
    return code(_cut(text))


def _cut(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARACTERS else f"{text[:MAX_CELL_CHARACTERS]}…"
