"""What the user should know, each problem once. Pure."""

from __future__ import annotations

import traceback
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.errors import (
    CancelledError,
    InvalidConfigError,
    RegistrySecretsError,
    describe_unexpected,
)
from codespaces_registry_secrets.model.plan import Note, Outcome

MOST_TARGETS = 3  # that a merged message names


def failure_notes(outcomes: Iterable[Outcome]) -> Iterator[Note]:
    """An error for each change that was not carried out although it was begun."""
    for outcome in outcomes:
        if outcome.error:
            change = outcome.change
            message = f"{change.action} {change.registry} at {change.target}: {outcome.error}"
            yield Note("error", message, change.where, change.target)


def merge_notes(notes: Iterable[Note]) -> tuple[Note, ...]:
    """Notes that differ in nothing but their target are one, at the place of the first of them."""
    groups: dict[Hashable, list[Note]] = {}
    for note in notes:
        groups.setdefault(_key(note), []).append(note)
    return tuple(_one(group) for group in groups.values())


def _key(note: Note) -> Hashable:
    if note.target is None:
        return note
    return (note.level, *note.message.split(str(note.target), maxsplit=1))


def _one(group: Sequence[Note]) -> Note:
    """`ACR at 40 targets: … (repository:octo-org/a, repository:octo-org/b and 38 more)`."""
    first = group[0]
    names = list(dict.fromkeys(str(note.target) for note in group))
    if len(names) == 1:
        return first
    message = first.message.replace(names[0], f"{len(names)} targets", 1)
    shown = ", ".join(names[:MOST_TARGETS])
    more = len(names) - MOST_TARGETS
    tail = f" and {more} more" if more > 0 else ""
    return Note(first.level, f"{message} ({shown}{tail})", first.where)


@dataclass(frozen=True)
class EarlyEnd:
    """`outcome` is one sentence, `problems` say what to do; `trace` is where a crash happened."""

    outcome: str
    problems: tuple[Note, ...]
    trace: str = ""


def describe_early_end(error: Exception) -> EarlyEnd:
    """What to say of an error. Of a crash type and place: its message may hold a value."""
    if isinstance(error, InvalidConfigError):
        number = "1 error" if len(error.errors) == 1 else f"{len(error.errors)} errors"
        problems = tuple(Note("error", fault.message, fault.location) for fault in error.errors)
        return EarlyEnd(f"{number} in the configuration; no request was sent to GitHub.", problems)
    if isinstance(error, CancelledError):
        return EarlyEnd("Nothing was written.", (Note("error", str(error)),))
    if isinstance(error, RegistrySecretsError):
        return EarlyEnd("An error ended the run early.", (Note("error", str(error)),))
    return _crash(error)


def _crash(error: Exception) -> EarlyEnd:
    trace = "".join(traceback.format_tb(error.__traceback__))
    return EarlyEnd("The Action crashed.", (Note("error", describe_unexpected(error)),), trace)
