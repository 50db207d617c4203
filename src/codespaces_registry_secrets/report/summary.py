"""Plan and outcomes as the step's summary: a table in Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from codespaces_registry_secrets.change import Plan
from codespaces_registry_secrets.outcome import Outcome
from codespaces_registry_secrets.report.text import counted, notes_of
from codespaces_registry_secrets.text.markdown import code, prose, row

TITLE = "### Codespaces registry secrets"
_COLUMNS = ("Target", "Registry", "Action", "Server", "Sources", "Why", "Access", "Outcome")
_HEAD = f"{row(_COLUMNS)}\n{'|---' * len(_COLUMNS)}|"


def summary(mode: str, plan: Plan, outcomes: Sequence[Outcome]) -> str:
    """Markdown for a person who opens the run's page."""
    rows = "\n".join(_row(outcome) for outcome in outcomes)
    notes = "".join(f"\n- {prose(note)}" for note in notes_of(plan))
    title = f"{TITLE}: {mode}\n\n{counted(plan).capitalize()}.\n"
    return f"{title}\n{_HEAD}\n{rows}\n{notes}\n"


def _row(outcome: Outcome) -> str:
    change = outcome.change
    credential = change.credential
    labels = filter(None, credential.labels.values()) if credential else ()
    status = f"{outcome.status}: {outcome.error}" if outcome.error else outcome.status
    cells = [
        code(str(change.target)),
        code(change.registry),
        change.action,
        code(credential.server) if credential else "",
        ", ".join(map(code, labels)),
        prose(change.reason),
        _access(outcome),
        prose(status),
    ]
    return row(cells)


def _access(outcome: Outcome) -> str:
    change = outcome.change
    before, after = change.visibility or (None, None)
    parts = [f"{before} → {after}" if before else after or ""]
    parts += [f"+{len(change.added)}"] if change.added else []
    parts += [f"-{len(change.removed)}"] if change.removed else []
    return " ".join(filter(None, parts))
