"""Turn failures into notes, and merge equal notes. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence

from codespaces_registry_secrets.model.plan import Note, Outcome
from codespaces_registry_secrets.report.reported_change import ReportedChange, report_changes
from codespaces_registry_secrets.text.lists import list_some

MAX_TARGETS = 3  # that a merged message names


def failure_notes(outcomes: Iterable[Outcome]) -> Iterator[Note]:
    """An error for each change that was started and failed."""
    for outcome in outcomes:
        if outcome.error:
            (reported,) = report_changes([outcome])
            change = outcome.change
            yield Note("error", failure_message(reported), change.where, change.target)


def failure_message(change: ReportedChange) -> str:
    """`create ACR at octo-org: GitHub returned 422`, or `ACR at octo-org is blocked: …`."""
    name = f"{change.registry} at {change.target}"
    if change.status == "blocked":
        return f"{name} is blocked: {change.reason}"
    return f"{change.action} {name}: {change.error}"


def merge_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Merge notes that differ only in their target into one note at the place of the first."""
    groups: dict[Hashable, list[Note]] = {}
    for note in notes:
        groups.setdefault(_merge_key(note), []).append(note)
    return tuple(map(_merge_group, groups.values()))


def _merge_key(note: Note) -> Hashable:
    """Equal for notes that differ only in their target: the message without its name."""
    if note.target is None:
        return note
    return (note.level, *note.message.split(str(note.target), maxsplit=1))


def _merge_group(notes: Sequence[Note]) -> Note:
    """`ACR at 40 targets: … (repository:octo-org/a, repository:octo-org/b and 38 more)`."""
    first = notes[0]
    names = list(dict.fromkeys(str(note.target) for note in notes))
    if len(names) == 1:
        return first
    message = first.message.replace(names[0], f"{len(names)} targets", 1)
    return Note(first.level, f"{message} ({list_some(names, MAX_TARGETS)})", first.where)
