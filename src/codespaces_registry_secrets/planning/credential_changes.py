"""Add what happens at the issuers to a plan. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from codespaces_registry_secrets.model.generation import (
    CredentialChange,
    GenerationDecision,
    ObservedGeneration,
)
from codespaces_registry_secrets.model.observed import Observed, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note, Plan
from codespaces_registry_secrets.model.state import State
from codespaces_registry_secrets.model.targets import Target, User
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.generation import credential_lives
from codespaces_registry_secrets.planning.retirement import plan_retirement
from codespaces_registry_secrets.planning.rotation import stored_members


def add_credential_changes(
    plan: Plan, generated: Mapping[str, ObservedGeneration], observed: Observed
) -> Plan:
    """The plan with what it creates, disables and deletes, for each `store`.

    A change that would store a credential that is not available is blocked.
    """
    decisions = observed.generations
    plan = block_stores(
        plan,
        {
            store: _why_unavailable(decision)
            for store, decision in decisions.items()
            if decision.status == "unavailable"
        },
    )
    credentials: list[CredentialChange] = []
    notes: list[Note] = []
    for store, generation in generated.items():
        decision = decisions[store]
        own = [change for change in plan.changes if store_of(change) == store]
        hold = _why_hold(generation, plan.changes, observed)
        retired, warnings = plan_retirement(generation, decision, own, hold, observed.at)
        credentials += [*retired, *decision.changes]
        notes += [*warnings, *_notes(generation, decision, retired, observed)]
    credentials.sort(key=lambda change: change.registry)
    lives = tuple(life for each in generated.values() for life in credential_lives(each))
    return replace(plan, credentials=tuple(credentials), lives=lives, notes=(*plan.notes, *notes))


def store_of(change: Change) -> str | None:
    """The `store` of the generated credential that a change stores; None for any other."""
    return change.credential.store if change.credential else None


def block_stores(plan: Plan, reasons: Mapping[str, str]) -> Plan:
    """Block each change that would store the credential of one of these stores, with the reason."""
    changes = (
        change.blocked(reasons[store])
        if change.writes_value and (store := store_of(change)) in reasons and store
        else change
        for change in plan.changes
    )
    return replace(plan, changes=tuple(changes))


def _why_unavailable(decision: GenerationDecision) -> str:
    return f"there is no credential to store: {decision.reason}"


def find_departed(
    plan: Plan, generated: Mapping[str, ObservedGeneration], observed: Observed
) -> tuple[Target, ...]:
    """The targets that left the spec and that can have a credential which would be retired now."""
    due = [one for one in generated.values() if one.replaced_long_ago(observed.at)]
    return tuple(
        sorted({target for one in due for target in _older(one, plan.changes, observed.state)})
    )


def _older(
    generation: ObservedGeneration, changes: Sequence[Change], state: State | None
) -> Iterator[Target]:
    """The targets that left the spec, and that the state knows to have had an older credential.

    Another entry with the same id can have taken over a target.
    """
    current, registry, store = (
        generation.journal.current,
        generation.registry,
        generation.generator.store,
    )
    if state is None or current is None:
        return
    settled = {
        change.target
        for change in changes
        if change.registry == registry
        and (store_of(change) == store or not (change.writes_value or change.action == "blocked"))
    }
    for (target, name), members in state.records.items():
        if name == registry and target not in settled:
            password = members.get(Part.PASSWORD)
            if password is None or password.written_at < current.created:
                yield target


def _why_hold(
    generation: ObservedGeneration, changes: Sequence[Change], observed: Observed
) -> str | None:
    """Why a target that left the spec can have an older credential; None if none can."""
    if observed.state_unreadable:
        return (
            "the state cannot be read, so a target that left the spec can still have it; make the "
            "state readable"
        )
    state = observed.state
    targets = {change.target for change in changes if change.registry == generation.registry}
    holders = sorted(
        str(target)
        for target in _older(generation, changes, state)
        if _can_hold(target, generation.registry, targets, observed.departed.get(target))
    )
    if state is None or not holders:
        return None
    return (
        f"{', '.join(holders)} left the spec and can still have it; delete the triplet there, or "
        "add the target again. If it does not exist any more, delete the Actions variable "
        f"{state.name}"
    )


def _can_hold(
    target: Target, registry: str, targets: Collection[Target], found: ObservedTarget | None
) -> bool:
    """Whether a target that left the spec has the triplet, as far as it could be read."""
    if found is None or found.error or (isinstance(target, User) and found.resolved != target):
        return True
    renamed = found.resolved in targets  # the spec has the new name
    return not renamed and Part.PASSWORD in stored_members(registry, found)


def _notes(
    observed: ObservedGeneration,
    decision: GenerationDecision,
    retired: Sequence[CredentialChange],
    github: Observed,
) -> Iterator[Note]:
    where, name = observed.where, observed.registry
    for change in decision.changes:
        if change.action == "blocked":
            yield Note("error", f"{name}: no new credential: {change.reason}", where)
    if observed.issuer_error and not observed.must_see:
        message = f"{name}: what exists at the issuer is not known: {observed.issuer_error}"
        yield Note("warning", message, where)
    if retired and github.state is None and not github.state_unreadable:
        message = (
            f"{name}: an old credential is retired after looking at the targets of the spec only; "
            "a target that left the spec can still have it. Set `state` to notice that"
        )
        yield Note("warning", message, where)
