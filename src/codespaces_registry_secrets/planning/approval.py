"""Refuse a plan that is not the approved one. Pure."""

from __future__ import annotations

from dataclasses import replace

from codespaces_registry_secrets.errors import input_location
from codespaces_registry_secrets.model.plan import Note, Plan


def refuse_unexpected(plan: Plan, expected: str | None) -> Plan:
    """Refuse a plan with another digest than `expected`, with an error note. None accepts all.

    The run knows the digest of the approved plan only, so the note cannot say which change differs.
    """
    if expected is None or plan.digest == expected:
        return plan
    message = (
        f"this plan is not the approved one, so nothing is written: its digest is {plan.digest}, "
        f"and `expect-digest` is {expected}. The spec, an input, the version of this Action or the "
        "state at GitHub changed after the approval. Review the plan of this run, and run again "
        "with its digest"
    )
    note = Note("error", message, input_location("expect-digest"))
    return replace(plan, notes=(note, *plan.notes), refused=True)
