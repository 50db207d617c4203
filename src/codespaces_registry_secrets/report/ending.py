"""An error that ended a run before its report -> one sentence and the problems. Pure."""

from __future__ import annotations

import traceback
from dataclasses import dataclass

from codespaces_registry_secrets.errors import (
    FaultyError,
    RegistrySecretsError,
    StoppedError,
    unforeseen,
)
from codespaces_registry_secrets.model.plan import Note


@dataclass(frozen=True)
class Ending:
    """`outcome` is one sentence, `problems` say what to do; `trace` is where a crash happened."""

    outcome: str
    problems: tuple[Note, ...]
    trace: str = ""


def ending(error: Exception) -> Ending:
    """What to say of an error. Of a crash type and place: its message may hold a value."""
    if isinstance(error, FaultyError):
        number = "1 error" if len(error.faults) == 1 else f"{len(error.faults)} errors"
        problems = tuple(Note("error", fault.message, fault.location) for fault in error.faults)
        return Ending(f"{number} in the configuration; no request was sent to GitHub.", problems)
    if isinstance(error, StoppedError):
        return Ending("Nothing was written.", (Note("error", str(error)),))
    if isinstance(error, RegistrySecretsError):
        return Ending("An error ended the run early.", (Note("error", str(error)),))
    return _crash(error)


def _crash(error: Exception) -> Ending:
    trace = "".join(traceback.format_tb(error.__traceback__))
    return Ending("The Action crashed.", (Note("error", unforeseen(error)),), trace)
