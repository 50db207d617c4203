"""Add what happens at the issuers to a plan. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from codespaces_registry_secrets.model.generation import (
    CredentialChange,
    GenerationDecision,
    ObservedGeneration,
)
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Change, Note, Plan
from codespaces_registry_secrets.model.state import State
from codespaces_registry_secrets.planning.generation import credential_lives
from codespaces_registry_secrets.planning.retirement import plan_retirement


def add_credential_changes(
    plan: Plan, generated: Mapping[str, ObservedGeneration], observed: Observed
) -> Plan:
    """The plan with what it creates, disables and deletes, for each `store`.

    A change that would store a credential that is not available is blocked.
    """
    decisions, state = observed.generations, observed.state
    changes = tuple(_block_unavailable(change, decisions) for change in plan.changes)
    plan = replace(plan, changes=changes)
    credentials: list[CredentialChange] = []
    notes: list[Note] = []
    for store, one in generated.items():
        own = [change for change in changes if store_of(change) == store]
        held_at = _other_holders(one, own, state)
        retired, warnings = plan_retirement(one, decisions[store], own, held_at, observed.at)
        credentials += [*retired, *decisions[store].changes]
        notes += [*warnings, *_notes(one, decisions[store], retired, state)]
    credentials.sort(key=lambda change: change.registry)
    lives = tuple(life for one in generated.values() for life in credential_lives(one))
    return replace(plan, credentials=tuple(credentials), lives=lives, notes=(*plan.notes, *notes))


def store_of(change: Change) -> str | None:
    """The `store` of the generated credential that a change stores; None for any other."""
    credential = change.credential
    return credential.generator.store if credential and credential.generator else None


def block_stores(plan: Plan, reasons: Mapping[str, str]) -> Plan:
    """Block each change that would store the credential of one of these stores, with the reason."""
    changes = (
        change.blocked(reasons[store])
        if change.writes_value and (store := store_of(change)) in reasons and store
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def _block_unavailable(change: Change, decisions: Mapping[str, GenerationDecision]) -> Change:
    decision = decisions.get(store_of(change) or "")
    unavailable = decision is not None and decision.status == "unavailable"
    if decision is None or not unavailable or not change.writes_value:
        return change
    return change.blocked(f"there is no credential to store: {decision.reason}")


def _other_holders(
    observed: ObservedGeneration, own: Sequence[Change], state: State | None
) -> list[str]:
    """The targets that left the spec, and that the state knows to have had an older credential."""
    current = observed.journal.current
    if state is None or current is None:
        return []
    targets = {change.target for change in own}
    return sorted(
        str(target)
        for (target, registry), members in state.records.items()
        if registry == observed.registry
        and target not in targets
        and any(record.written_at < current.created for record in members.values())
    )


def _notes(
    observed: ObservedGeneration,
    decision: GenerationDecision,
    retired: Sequence[CredentialChange],
    state: State | None,
) -> Iterator[Note]:
    where, name = observed.where, observed.registry
    for change in decision.changes:
        if change.action == "blocked":
            yield Note("error", f"{name}: no new credential: {change.reason}", where)
    if observed.issuer_error and not observed.must_see:
        message = f"{name}: what exists at the issuer is not known: {observed.issuer_error}"
        yield Note("warning", message, where)
    if retired and state is None:
        message = (
            f"{name}: an old credential is retired after looking at the targets of the spec only; "
            "a target that left the spec can still have it. Set `state` to notice that"
        )
        yield Note("warning", message, where)
