"""Log, annotations and summary of a run that failed before it had outcomes."""

from __future__ import annotations

import traceback
from dataclasses import dataclass
from datetime import UTC, datetime

from codespaces_registry_secrets.errors import (
    CancelledError,
    InvalidConfigError,
    RegistrySecretsError,
    describe_unexpected,
)
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.report.notes import merge_notes
from codespaces_registry_secrets.report.run_output import RunOutput
from codespaces_registry_secrets.report.summary import TITLE, Report, render_early_summary


def report_early_end(error: Exception, output: RunOutput) -> Report:
    """Report the error that stopped a run, and return the summary's content for the comment.

    Of a crash it reports type and place, never a value.
    """
    end = describe_early_end(error)
    notes = merge_notes(end.notes)
    for note in notes:
        output.note(note)
    if end.trace:
        output.listing("Where it happened", end.trace)
    output.info(end.headline)
    output.finish({}, None, render_early_summary(end.headline, notes))
    return Report(TITLE, end.headline, notes, changes=(), at=datetime.now(UTC))


@dataclass(frozen=True)
class EarlyEnd:
    """An error that stopped a run before it had outcomes.

    `headline` is one sentence. `notes` say what to do. `trace` is the traceback of a crash.
    """

    headline: str
    notes: tuple[Note, ...]
    trace: str = ""


def describe_early_end(error: Exception) -> EarlyEnd:
    """Describe an error for the user.

    A crash is described by type and place only, because its message can contain a secret value.
    """
    if isinstance(error, InvalidConfigError):
        count = "1 error" if len(error.errors) == 1 else f"{len(error.errors)} errors"
        notes = tuple(Note("error", e.message, e.location) for e in error.errors)
        return EarlyEnd(f"{count} in the configuration; no request was sent to GitHub.", notes)
    if isinstance(error, CancelledError):
        return EarlyEnd("Nothing was written.", (Note("error", str(error)),))
    if isinstance(error, RegistrySecretsError):
        return EarlyEnd("An error ended the run early.", (Note("error", str(error)),))
    trace = "".join(traceback.format_tb(error.__traceback__))
    return EarlyEnd("The Action crashed.", (Note("error", describe_unexpected(error)),), trace)
