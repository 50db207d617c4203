"""Render the step summary as Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Plan
from codespaces_registry_secrets.report.log import count_changes, count_outcomes, reason_line
from codespaces_registry_secrets.text.markdown import code, prose, row, table_head

TITLE = "### Codespaces registry secrets"
_COLUMNS = ("Target", "Registry", "Action", "Server", "Sources", "Reason", "Access", "Outcome")
_LEVELS = ("error", "warning", "notice")


def render_summary(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], problems: Sequence[Note] = ()
) -> str:
    """The outcome in one or two sentences, the problems, and a table with a row for each change.

    `problems` are the merged notes of the plan and of its outcomes.
    """
    applied = count_outcomes(outcomes) if mode == "apply" else ""
    sentences = f"{count_changes(plan).capitalize()}. {applied}".strip()
    sentences += f"\n\nPlan digest: {code(plan.digest)}"
    rows = "\n".join(map(_row, outcomes))
    return f"{_head(f'{TITLE}: {mode}', sentences, problems)}\n{table_head(_COLUMNS)}\n{rows}\n"


def render_early_summary(headline: str, notes: Sequence[Note]) -> str:
    """The summary of a run that failed before it had a plan."""
    return _head(TITLE, headline, notes)


def _head(title: str, sentences: str, problems: Sequence[Note]) -> str:
    """Title, outcome, and the problems with errors first."""
    by_severity = sorted(problems, key=lambda note: _LEVELS.index(note.level))
    items = "".join(f"- {_problem(note)}\n" for note in by_severity)
    return f"{title}\n\n{sentences}\n" + (f"\n{items}" if items else "")


def _problem(note: Note) -> str:
    place = f" {code(str(note.where))}" if str(note.where) else ""
    return f"**{note.level.capitalize()}**{place}: {prose(note.message)}"


def _row(outcome: Outcome) -> str:
    change = outcome.change
    credential = change.credential
    labels = filter(None, credential.labels.values()) if credential else ()
    return row(
        [
            code(str(change.target)),
            code(change.registry),
            change.action,
            code(credential.server) if credential else "",
            ", ".join(map(code, labels)),
            prose(reason_line(change)),
            " ".join(_access(change)),
            outcome.status,
        ]
    )


def _access(change: Change) -> Iterator[str]:
    """How the access changes: `private → selected`, `+3`, `-1`."""
    if change.visibility:
        yield " → ".join(filter(None, change.visibility))
    if change.added:
        yield f"+{len(change.added)}"
    if change.removed:
        yield f"-{len(change.removed)}"
