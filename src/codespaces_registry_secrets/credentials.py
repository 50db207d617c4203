"""Verify the credentials of a plan, and create, disable and delete those of issuers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from codespaces_registry_secrets.context import RunContext
from codespaces_registry_secrets.generate.generation import Generation
from codespaces_registry_secrets.github.observe import observe_triplets
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.generation import GenerationDecision, ObservedGeneration
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import CredentialReport, Note, Outcome, Plan
from codespaces_registry_secrets.planning.credential_changes import (
    block_stores,
    find_departed,
    store_of,
)
from codespaces_registry_secrets.planning.credential_gate import block_rejected
from codespaces_registry_secrets.planning.generation import decide_generation
from codespaces_registry_secrets.verify.settling import Settling
from codespaces_registry_secrets.verify.verify import verify_credentials


def observe_generated(
    generation: Generation, observed: Observed
) -> tuple[Observed, Mapping[str, ObservedGeneration]]:
    """Ask the issuers, and add to `observed` which generated credentials the targets get."""
    generated = generation.observe(observed.at)
    decisions = {
        store: decide_generation(one, observed.at, stores_only=generation.stores_only)
        for store, one in generated.items()
    }
    generation.set_unavailable(s for s, one in decisions.items() if one.status == "unavailable")
    return replace(observed, generations=decisions), generated


def observe_departed(
    context: RunContext,
    plan: Plan,
    generated: Mapping[str, ObservedGeneration],
    observed: Observed,
) -> Observed:
    """Read the targets that left the spec, if one of them can have a credential to retire now."""
    targets = find_departed(plan, generated, observed)
    return replace(observed, departed=observe_triplets(targets, context.clients))


def verify_plan(
    context: RunContext,
    plan: Plan,
    credentials: Sequence[Credential],
    decisions: Mapping[str, GenerationDecision],
) -> Plan:
    """Verify the credentials that exist: one that this run creates is verified afterwards."""
    inputs = context.inputs
    status = {c: decisions[c.store].status for c in credentials if c.store}
    existing = [
        credential
        for credential in credentials
        if context.sources.has_values(credential) and status.get(credential) != "new"
    ]
    # The registry can still settle if the run that created the credential was seconds ago.
    waits = {c for c in existing if status.get(c) == "unfinished" and inputs.mode == "apply"}
    reports = verify_credentials(
        existing,
        plan.written_credentials,
        inputs,
        context.sources,
        dict.fromkeys(waits, Settling(context.output.info, context.cancellation)),
    )
    expires = context.clients.token_expires
    return block_rejected(
        plan, reports, expires, plan.at or datetime.now(UTC), inputs.expiry_warning
    )


def change_credentials(context: RunContext, plan: Plan) -> Plan:
    """Create, disable and delete credentials at their issuers, and verify the new ones.

    In the returned plan the changes store the new credentials. Those that cannot are blocked.
    """
    if not plan.credentials:
        return plan
    with context.output.phase("Change the credentials at their issuers"):
        done = context.generation.carry_out(plan.credentials, context.cancellation.check)
        current = context.generation.current
        changes = tuple(replace(c, credential=current(c.credential)) for c in plan.changes)
        result = replace(plan, changes=changes, credentials=done, whole=plan.whole or plan)
        reports = _verify_new(context, result)
    failed = {
        change.store: f"there is no new credential: {change.error}"
        for change in done
        if change.action == "generate" and change.status != "applied"
    }
    now, warning = plan.at or datetime.now(UTC), context.inputs.expiry_warning
    return block_rejected(block_stores(result, failed), reports, None, now, warning)


def _verify_new(context: RunContext, plan: Plan) -> Mapping[Credential, CredentialReport]:
    """Verify the credentials that the run has just created."""
    created = {
        change.store
        for change in plan.credentials
        if change.action == "generate" and change.status == "applied"
    }
    new = {c.credential for c in plan.changes if c.credential and store_of(c) in created}
    settling = Settling(context.output.info, context.cancellation)
    return verify_credentials(
        new, frozenset(new), context.inputs, context.sources, dict.fromkeys(new, settling)
    )


def write_down_stored(
    context: RunContext, plan: Plan, outcomes: Sequence[Outcome]
) -> tuple[Note, ...]:
    """Write down which new credentials every target has."""
    if context.inputs.mode != "apply" or plan.refused or context.cancellation.requested:
        return ()
    return context.generation.finish(outcomes, plan.at or datetime.now(UTC))
