"""Hide the names of private repositories in what a run reports. Pure.

The plan that is applied keeps all names, and so does its digest.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Plan
from codespaces_registry_secrets.model.private_names import PrivateNames


def hide_plan(plan: Plan) -> Plan:
    """The plan as reports show it. Its digest is that of `plan`."""
    names = plan.private_names
    if not names.ids:
        return plan
    changes = tuple(_hide_change(change, names) for change in plan.changes)
    return replace(plan, changes=changes, notes=hide_notes(plan.notes, names), whole=plan)


def hide_outcomes(outcomes: Iterable[Outcome], names: PrivateNames) -> tuple[Outcome, ...]:
    """The outcomes as reports show them."""
    if not names.ids:
        return tuple(outcomes)
    return tuple(
        replace(
            outcome,
            change=_hide_change(outcome.change, names),
            error=names.hide_text(outcome.error) if outcome.error else outcome.error,
        )
        for outcome in outcomes
    )


def hide_notes(notes: Iterable[Note], names: PrivateNames) -> tuple[Note, ...]:
    """The notes as reports show them. Notes for several hidden targets can still be merged."""
    return tuple(
        replace(
            note,
            message=names.hide_text(note.message),
            target=names.hide_target(note.target) if note.target else None,
        )
        for note in notes
    )


def _hide_change(change: Change, names: PrivateNames) -> Change:
    added, removed = (
        tuple(name for name in listed if not names.hides(name))
        for listed in (change.added, change.removed)
    )
    return replace(
        change,
        target=names.hide_target(change.target),
        declared=names.hide_target(change.declared) if change.declared else None,
        reason=names.hide_text(change.reason),
        added=added,
        removed=removed,
        private_added=len(change.added) - len(added),
        private_removed=len(change.removed) - len(removed),
        selected_by=tuple(pair for pair in change.selected_by if not names.hides(pair[0])),
        notes=hide_notes(change.notes, names),
    )
