"""From the environment to the exit code: read, plan, apply, report."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from codespaces_registry_secrets.apply.executor import apply
from codespaces_registry_secrets.github.actions_secrets import read_change_times
from codespaces_registry_secrets.github.auth import GitHubClients, TimeoutConfig, connect
from codespaces_registry_secrets.github.observe import observe
from codespaces_registry_secrets.github.rate_limiter import (
    LONGEST_SHARD_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS,
    RateLimiter,
)
from codespaces_registry_secrets.github.repositories import find_archived
from codespaces_registry_secrets.github.target_names import (
    ExpandedTargets,
    expand_globs,
    resolve_other_shards,
)
from codespaces_registry_secrets.inputs.action_inputs import (
    Inputs,
    input_notes,
    read_inputs,
    secret_inputs,
)
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan, planned_outcomes
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.planning.credential_gate import (
    block_rejected,
    block_targets,
    find_disallowed_owners,
)
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.sharding import shard_matrix, split_by_shard
from codespaces_registry_secrets.report.early_end import report_early_end
from codespaces_registry_secrets.report.log import (
    MOST_LINES,
    Progress,
    count_changes,
    count_outcomes,
    outcome_lines,
    plan_lines,
)
from codespaces_registry_secrets.report.outputs import build_outputs, write_plan_file
from codespaces_registry_secrets.report.problems import failure_notes, merge_notes
from codespaces_registry_secrets.report.summary import render_summary
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands
from codespaces_registry_secrets.runtime.process import Cancellation
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.locate import read_document
from codespaces_registry_secrets.verify.verify import verify_credentials

DONE, FAILED, DRIFT = 0, 1, 2


@dataclass(frozen=True)
class RunContext:
    """What all steps of a run share."""

    inputs: Inputs
    sources: Sources
    clients: GitHubClients
    limiter: RateLimiter
    commands: WorkflowCommands
    cancellation: Cancellation

    def progress(
        self, verb: str, per_minute: int, targets: Collection[Target], requests: int
    ) -> Progress:
        """Progress lines for so many targets with so many requests."""
        return Progress(
            verb,
            per_minute,
            len(targets),
            requests,
            tell=self.commands.info,
            paused=lambda: self.limiter.until,
        )


def main(
    environ: Mapping[str, str],
    cancellation: Cancellation | None = None,
    timeouts: TimeoutConfig | None = None,
) -> int:
    """Run the Action, and turn every error into annotations, a summary and exit code 1."""
    commands = WorkflowCommands(environ)
    try:
        return run(environ, commands, cancellation or Cancellation(), timeouts or TimeoutConfig())
    except Exception as error:  # noqa: BLE001 - the last resort
        report_early_end(error, commands)
    return FAILED


def run(
    environ: Mapping[str, str],
    commands: WorkflowCommands,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
) -> int:
    """Inputs -> plan -> outcomes -> report -> exit code."""
    with cancellation.raising():  # nothing is written yet, so a signal ends the run at once
        context = _prepare(environ, commands, cancellation, timeouts)
        plan = build_plan(context)
        _show_plan(context, plan)
    outcomes = _apply(context, plan) if context.inputs.mode == "apply" else planned_outcomes(plan)
    code = _exit_code(context.inputs, plan, outcomes)
    _report(context, plan, outcomes, code)
    return code


def _prepare(
    environ: Mapping[str, str],
    commands: WorkflowCommands,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
) -> RunContext:
    """Mask what is secret, then read the inputs. Sends no request."""
    commands.log_libraries()
    for secret in secret_inputs(environ):
        commands.mask(secret)
    inputs = read_inputs(environ)
    sources = Sources(environ, inputs.workspace, commands.mask, inputs.credentials)
    longest_wait = LONGEST_SHARD_WAIT_SECONDS if inputs.shard else LONGEST_WAIT_SECONDS
    limiter = RateLimiter(inputs.writes_per_minute, commands.info, cancellation, longest_wait)
    clients = connect(inputs, limiter, timeouts, commands.mask)
    return RunContext(inputs, sources, clients, limiter, commands, cancellation)


def build_plan(context: RunContext) -> Plan:
    """Load the spec, read GitHub's state, compare the two, and verify the credentials."""
    inputs, clients = context.inputs, context.clients
    declared = expand_globs(_load_spec(context), clients)
    desired, elsewhere = split_by_shard(declared.desired, inputs.shard, declared.errors)
    observed, age_notes = _observe(context, declared, desired, elsewhere)
    draft = compute_plan(desired, observed, inputs.removal_limit, inputs.unmanaged, elsewhere)
    allowed = block_targets(draft, find_disallowed_owners(draft, inputs.allowed_owners))
    known = {**declared.repositories, **observed.repository_index}
    writable = block_targets(allowed, find_archived(allowed, known, clients))
    credentials = [triplet.credential for triplet in desired if triplet.credential]
    reports = verify_credentials(credentials, writable.written_credentials, inputs, context.sources)
    checked = block_rejected(
        writable, reports, clients.token_expires, observed.at, inputs.expiry_warning
    )
    notes = (*input_notes(inputs), *declared.notes, *age_notes, *checked.notes)
    return replace(checked, notes=notes)


def _load_spec(context: RunContext) -> tuple[Desired, ...]:
    inputs, sources = context.inputs, context.sources
    document = read_document(inputs, has_credential=sources.has_credential)
    return load_desired(document, sources.find_error, inputs.rotate, inputs.only, inputs.allowed)


def _observe(
    context: RunContext,
    declared: ExpandedTargets,
    desired: Sequence[Desired],
    elsewhere: Sequence[Desired],
) -> tuple[Observed, Sequence[Note]]:
    """GitHub's state for `desired`, and warnings about sources of an unknown age."""
    changed_at, notes = read_change_times(desired, context.clients, context.inputs.repository)
    targets = {triplet.target for triplet in desired}
    progress = context.progress("read", context.limiter.reads_a_minute, targets, len(targets))
    observed = observe(
        desired,
        context.clients,
        changed_at,
        declared.errors,
        on_target=progress.target_read,
        on_tick=progress.tick,
    )
    observed = resolve_other_shards(
        observed,
        desired,
        elsewhere,
        declared.repositories,
        context.clients,
        look_up=context.inputs.prune,
    )
    return observed, notes


def _apply(context: RunContext, plan: Plan) -> tuple[Outcome, ...]:
    progress = context.progress(
        "done", context.limiter.writes_a_minute, plan.written_targets, plan.writes
    )
    return apply(
        plan,
        context.clients,
        context.sources,
        context.cancellation,
        on_target=progress.target_written,
        on_tick=progress.tick,
    )


def _exit_code(inputs: Inputs, plan: Plan, outcomes: Sequence[Outcome]) -> int:
    failed = any(o.status == "failed" or o.change.action == "blocked" for o in outcomes)
    skipped = inputs.mode == "apply" and any(
        o.change.steps and o.status == "skipped" for o in outcomes
    )
    if failed or skipped:
        return FAILED
    return DRIFT if inputs.mode == "check" and plan.drift else DONE


def _show_plan(context: RunContext, plan: Plan) -> None:
    context.commands.listing("Plan", plan_lines(plan))
    context.commands.info(f"\nPlan: {count_changes(plan)}.")
    if context.inputs.shard:
        targets = len({change.target for change in plan.changes})
        context.commands.info(f"Targets in shard {context.inputs.shard}: {targets}.")
    for note in merge_notes(plan.all_notes):
        context.commands.note(note)


def _report(context: RunContext, plan: Plan, outcomes: Sequence[Outcome], code: int) -> None:
    """Log, annotations, outputs and summary of what was done. The log has the plan already."""
    inputs, commands = context.inputs, context.commands
    errors = list(failure_notes(outcomes))
    if context.cancellation.requested and code == FAILED:
        errors.append(Note("error", context.cancellation.message))
    count = count_outcomes(outcomes)
    if inputs.mode == "apply" and count:
        if len(outcomes) > MOST_LINES:
            commands.group("Every change", outcome_lines(outcomes))
        commands.info(count)
    for note in merge_notes(errors):
        commands.note(note)
    commands.count_hidden()
    # Outputs before the summary: later steps depend on them.
    shards = shard_matrix(plan, inputs.writes_per_minute) if inputs.plans_shards else ()
    commands.outputs(build_outputs(inputs.mode, plan, outcomes, shards))
    if inputs.temporary is not None:
        _write_plan_file(inputs.temporary, inputs.mode, outcomes, commands)
    if inputs.shard is None:  # the workflow merges the plans of all shards into one summary
        problems = merge_notes((*plan.all_notes, *errors))
        commands.summary(render_summary(inputs.mode, plan, outcomes, problems))


def _write_plan_file(
    folder: Path, mode: str, outcomes: Sequence[Outcome], commands: WorkflowCommands
) -> None:
    try:
        name = write_plan_file(folder, mode, outcomes)
    except OSError as error:
        message = (
            f"the output `plan-file` is not set: cannot write to RUNNER_TEMP ({folder}): "
            f"{error.strerror}. Self-hosted runners mount it into container actions since "
            "September 2025; update the runner, or use the output `plan`"
        )
        commands.note(Note("warning", message))
    else:
        commands.outputs({"plan-file": name})
