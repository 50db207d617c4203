"""Render the step summary as Markdown. Pure.

It consists of parts that a comment can use too: title and outcome, problems, tables, timeline and
digest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate, takewhile

from codespaces_registry_secrets.model.generation import CredentialChange, CredentialLife
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan
from codespaces_registry_secrets.report.changes_table import render_table
from codespaces_registry_secrets.report.credentials import render_credentials
from codespaces_registry_secrets.report.reported_change import ReportedChange, report_changes
from codespaces_registry_secrets.report.timeline import render_timeline
from codespaces_registry_secrets.report.wording import count, headline
from codespaces_registry_secrets.text.markdown import code, prose

TITLE = "### Codespaces registry secrets"
MAX_BYTES = 1024 * 1024
MAX_MESSAGE_CHARACTERS = 4000
_INFORMATION = "\N{INFORMATION SOURCE}\N{VARIATION SELECTOR-16}"
_LEVELS = {
    "error": "❌ **Error**",
    "warning": "⚠️ **Warning**",
    "notice": f"{_INFORMATION} **Notice**",
}
_PLAN_FILE = "The output `plan-file` has all of them."
_LOG = "see the log"


@dataclass(frozen=True)
class Report:
    """What a summary shows. `sentence` and `title` are Markdown of our own.

    `at` is the time of the run, for the ages. `digest` is that of the plan, or empty. `rest` says
    where the changes are that do not fit. `credentials` are the changes at issuers, and `lives` the
    credentials that exist there.
    """

    title: str
    sentence: str
    problems: Sequence[Note]
    changes: Sequence[ReportedChange]
    at: datetime
    digest: str = ""
    rest: str = _PLAN_FILE
    credentials: Sequence[CredentialChange] = ()
    lives: Sequence[CredentialLife] = ()


def build_report(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], problems: Sequence[Note] = ()
) -> Report:
    """The report of a run. `problems` are the merged notes of the plan and of its outcomes."""
    changes = report_changes(outcomes)
    return Report(
        title=f"{TITLE}: {mode}",
        sentence=headline(mode, changes, plan.credentials, refused=plan.refused),
        problems=problems,
        changes=changes,
        at=plan.at or datetime.now(UTC),
        digest=plan.digest,
        credentials=plan.credentials,
        lives=plan.lives,
    )


def render_summary(
    mode: str, plan: Plan, outcomes: Sequence[Outcome], problems: Sequence[Note] = ()
) -> str:
    """The summary of a run. `problems` are the merged notes of the plan and of its outcomes."""
    return render_report(build_report(mode, plan, outcomes, problems))


def render_report(report: Report, max_bytes: int = MAX_BYTES) -> str:
    """Outcome, problems, a table of the changes, a timeline and the digest, in `max_bytes`."""
    changed = [change for change in report.changes if change.status != "unchanged"]
    unchanged = [change for change in report.changes if change.status == "unchanged"]
    head = f"{report.title}\n\n**{report.sentence}**\n"
    problems = render_problems(report.problems, max_bytes // 4)
    credentials = render_credentials(report.credentials)
    timeline = render_timeline(report.changes, report.at, report.lives)
    tail = [credentials, timeline, render_digest(report.digest)]
    used = sum(len(part.encode()) + 1 for part in (head, problems, *tail))
    available = max_bytes - used - 1024
    table = render_table(changed, report.at, available, report.rest) if changed else ""
    available -= len(table.encode())
    folded = _fold(unchanged, report, available)
    return "\n".join(part for part in (head, problems, table, folded, *tail) if part)


def render_early_summary(sentence: str, notes: Sequence[Note]) -> str:
    """The summary of a run that failed before it had a plan."""
    return f"{TITLE}\n\n**{sentence}**\n\n{render_problems(notes, MAX_BYTES // 2)}"


def render_problems(problems: Sequence[Note], max_bytes: int) -> str:
    """A list with errors first, in at most `max_bytes`, and how many of each level are cut."""
    levels = list(_LEVELS)
    by_severity = sorted(problems, key=lambda note: levels.index(note.level))
    items = [f"- {_problem(note)}\n" for note in by_severity]
    sizes = accumulate(len(item.encode()) for item in items)
    kept = sum(1 for _ in takewhile(lambda size: size < max_bytes - 200, sizes))
    hidden = Counter(note.level for note in by_severity[kept:])
    counts = ", ".join(count(number, f"more {level}") for level, number in hidden.items())
    return "".join(items[:kept]) + (f"- And {counts}; {_LOG}.\n" if counts else "")


def render_digest(digest: str) -> str:
    """The digest of the plan, on a line of its own; empty if there is none."""
    return f"Plan digest: {code(digest)}\n" if digest else ""


def _fold(changes: Sequence[ReportedChange], report: Report, max_bytes: int) -> str:
    """The table of what this run leaves as it is, below a line with its number."""
    if not changes:
        return ""
    number = count(len(changes), "unchanged triplet")
    table = render_table(changes, report.at, max_bytes, report.rest)
    return f"<details><summary>{number}</summary>\n\n{table}\n</details>\n"


def _problem(note: Note) -> str:
    place = f" {code(str(note.where))}" if str(note.where) else ""
    message = note.message
    if len(message) > MAX_MESSAGE_CHARACTERS:
        message = f"{message[:MAX_MESSAGE_CHARACTERS]}…"
    return f"{_LEVELS[note.level]}{place}: {prose(message)}"
