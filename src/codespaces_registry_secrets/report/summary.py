"""Plan and outcomes as the step's summary, in Markdown. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Plan
from codespaces_registry_secrets.report.log import count_changes, count_outcomes, reason_line
from codespaces_registry_secrets.text.markdown import code, prose, row, table_head

TITLE = "### Codespaces registry secrets"
_COLUMNS = ("Target", "Registry", "Action", "Server", "Sources", "Why", "Access", "Outcome")
_LEVELS = ("error", "warning", "notice")


def render_summary(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], problems: Sequence[Note] = ()
) -> str:
    """For a person who opens the run's page: the outcome, the problems, and a row for each change.

    `problems` are those of the plan and of its outcomes, each once.
    """
    sentence = (
        f"{count_changes(plan).capitalize()}. {count_outcomes(outcomes) if mode == 'apply' else ''}"
    )
    rows = "\n".join(map(_row, outcomes))
    return (
        f"{_page(f'{TITLE}: {mode}', sentence.strip(), problems)}\n{table_head(_COLUMNS)}\n{rows}\n"
    )


def render_early_summary(outcome: str, problems: Sequence[Note]) -> str:
    """For a person who looks for why a run ended before it had a plan."""
    return _page(TITLE, outcome, problems)


def _page(title: str, sentence: str, problems: Sequence[Note]) -> str:
    """What every summary begins with; the worst problems first."""
    listed = sorted(problems, key=lambda note: _LEVELS.index(note.level))
    items = "".join(f"- {_problem(note)}\n" for note in listed)
    return f"{title}\n\n{sentence}\n" + (f"\n{items}" if items else "")


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
    """`private → selected`, `+3`, `-1`: what changes of who may use the triplet."""
    if change.visibility:
        yield " → ".join(filter(None, change.visibility))
    if change.added:
        yield f"+{len(change.added)}"
    if change.removed:
        yield f"-{len(change.removed)}"
