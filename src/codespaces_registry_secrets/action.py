"""Run the Action: read the inputs, build the plan, apply it, report, and return the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from codespaces_registry_secrets.apply.executor import apply
from codespaces_registry_secrets.context import RunContext, prepare
from codespaces_registry_secrets.credentials import (
    change_credentials,
    observe_departed,
    observe_generated,
    verify_plan,
    write_down_stored,
)
from codespaces_registry_secrets.errors import DONE, DRIFT, FAILED
from codespaces_registry_secrets.github.actions_secrets import read_change_times
from codespaces_registry_secrets.github.auth import TimeoutConfig
from codespaces_registry_secrets.github.observe import observe
from codespaces_registry_secrets.github.repositories import find_archived
from codespaces_registry_secrets.github.target_resolution import (
    ExpandedTargets,
    expand_globs,
    resolve_other_shards,
)
from codespaces_registry_secrets.inputs.action_inputs import input_notes, read_comment_inputs
from codespaces_registry_secrets.inputs.event import read_event
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan, planned_outcomes
from codespaces_registry_secrets.model.private_names import find_private_names, hide_private_files
from codespaces_registry_secrets.planning.approval import refuse_unexpected
from codespaces_registry_secrets.planning.credential_changes import add_credential_changes
from codespaces_registry_secrets.planning.credential_gate import (
    block_targets,
    find_disallowed_owners,
)
from codespaces_registry_secrets.planning.lint import lint_without_state
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.sharding import shard_matrix, split_by_shard
from codespaces_registry_secrets.report.comment import update_comment
from codespaces_registry_secrets.report.credentials import credential_failures
from codespaces_registry_secrets.report.early_end import report_early_end
from codespaces_registry_secrets.report.notes import failure_notes
from codespaces_registry_secrets.report.privacy import hide_notes, hide_outcomes, hide_plan
from codespaces_registry_secrets.report.run_output import RunOutput
from codespaces_registry_secrets.report.run_report import log_plan, report_outcomes
from codespaces_registry_secrets.report.summary import Report
from codespaces_registry_secrets.report.wording import count
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.locate import ReadSpec, read_document


def main(
    environ: Mapping[str, str],
    cancellation: Cancellation | None = None,
    timeouts: TimeoutConfig | None = None,
) -> int:
    """Run the Action and return its exit code.

    Every error becomes annotations, a summary and exit code 1.
    """
    commands = WorkflowCommands(environ)
    commands.log_libraries()
    return run(environ, commands, cancellation or Cancellation(), timeouts or TimeoutConfig())


def run(
    environ: Mapping[str, str],
    output: RunOutput,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
    read_spec: ReadSpec = read_document,
) -> int:
    """Run, and report to `output`. Every error is reported there too, with exit code 1."""
    try:
        return _run(environ, output, cancellation, timeouts, read_spec)
    except Exception as error:  # noqa: BLE001 - every error must reach the log and the summary
        report = report_early_end(error, output)
    update_comment(read_comment_inputs(environ), report, output, cancellation, timeouts)
    return FAILED


def _run(
    environ: Mapping[str, str],
    output: RunOutput,
    cancellation: Cancellation,
    timeouts: TimeoutConfig,
    read_spec: ReadSpec,
) -> int:
    """Inputs -> plan -> outcomes -> report -> exit code."""
    with cancellation.raising():  # nothing is written yet, so a signal ends the run at once
        context = prepare(environ, output, cancellation, timeouts, read_spec)
        desired = _load_spec(context)  # masks every value, so no line of the log comes before it
        with output.phase("Read GitHub's secrets, and check the credentials"):
            plan = build_plan(context, desired)
        log_plan(output, hide_plan(plan), context.inputs.shard)
        if context.inputs.mode == "apply":
            output.confirm(plan)
    if context.inputs.mode == "apply" and not plan.refused:
        plan = change_credentials(context, plan)
    outcomes = _apply_plan(context, plan)
    exit_code = _exit_code(context.inputs.mode, plan, outcomes)
    report = _report(context, plan, outcomes, exit_code)
    update_comment(context.inputs, report, output, cancellation, timeouts)
    return exit_code


def build_plan(context: RunContext, triplets: Sequence[Desired]) -> Plan:
    """Read GitHub's state, compare it with the triplets of the spec, and verify the credentials.

    The plan is refused if it is not the expected one.
    """
    inputs, clients = context.inputs, context.clients
    expanded = expand_globs(triplets, clients, inputs.allowed_owners)
    desired, other_triplets = split_by_shard(expanded.desired, inputs.shard, expanded.errors)
    desired = context.generation.load(desired)
    observed, source_notes = _observe(context, expanded, desired, other_triplets)
    observed, generated = observe_generated(context.generation, observed)
    public = read_event(inputs.event_path).public
    if public:
        observed = hide_private_files(triplets, observed)
    others = (*other_triplets, *expanded.organization_globs)
    plan = compute_plan(desired, observed, inputs.removal_limit, inputs.unmanaged, others)
    observed = observe_departed(context, plan, generated, observed)
    plan = add_credential_changes(plan, generated, observed)
    plan = block_targets(plan, find_disallowed_owners(plan, inputs.allowed_owners))
    repositories = {**expanded.repositories, **observed.repository_index}
    plan = block_targets(plan, find_archived(plan, repositories, clients))
    credentials = [triplet.credential for triplet in desired if triplet.credential]
    plan = verify_plan(context, plan, credentials, observed.generations)
    state_notice = () if inputs.state else lint_without_state(desired, plan)
    notes = (*input_notes(inputs), *expanded.notes, *source_notes, *plan.notes, *state_notice)
    if public:
        private_names = find_private_names(triplets, expanded.repositories, observed)
        plan = replace(plan, private_names=private_names)
    return refuse_unexpected(replace(plan, notes=notes), inputs.expect_digest)


def _load_spec(context: RunContext) -> tuple[Desired, ...]:
    inputs, sources = context.inputs, context.sources
    document = context.read_spec(inputs, has_credential=sources.has_credential)
    desired = load_desired(document, sources.find_error, inputs.rotate, inputs.only, inputs.allowed)
    context.generation.mask(desired)
    return desired


def _observe(
    context: RunContext,
    expanded: ExpandedTargets,
    desired: Sequence[Desired],
    other_triplets: Sequence[Desired],
) -> tuple[Observed, Sequence[Note]]:
    """Read GitHub's secrets for `desired`, and what the Action recorded; with warnings about both.

    The targets of other shards are only resolved to their current names, so that none is pruned.
    """
    inputs, clients = context.inputs, context.clients
    state, state_warnings = context.recorder.load(
        t.credential for t in desired if t.credential and context.sources.has_values(t.credential)
    )
    # With a state, nothing depends on the ages of the sources.
    compared_by_age = () if state else desired
    change_times, age_warnings = read_change_times(compared_by_age, clients, inputs.repository)
    targets = len({triplet.target for triplet in desired})
    triplets = count(len(desired), "triplet")
    context.output.info(f"{triplets} at {count(targets, 'target')}")
    progress = context.progress("read", context.limiter.reads_per_minute, targets, targets)
    observed = observe(
        desired,
        clients,
        change_times,
        expanded.errors,
        on_target=progress.target_read,
        on_tick=progress.tick,
    )
    observed = resolve_other_shards(
        observed, desired, other_triplets, expanded.repositories, clients, look_up=inputs.prune
    )
    unreadable = inputs.state is not None and state is None
    observed = replace(observed, state=state, state_unreadable=unreadable)
    return observed, (*age_warnings, *state_warnings)


def _apply_plan(context: RunContext, plan: Plan) -> tuple[Outcome, ...]:
    if context.inputs.mode != "apply":
        return planned_outcomes(plan)
    targets = len(plan.written_targets)
    if targets and not plan.refused:
        context.output.info(f"\nApply: {plan.writes} writes at {count(targets, 'target')}")
    progress = context.progress("done", context.limiter.writes_per_minute, targets, plan.writes)
    return apply(
        plan,
        context.clients,
        context.sources,
        context.cancellation,
        on_target=lambda outcomes: progress.target_written(
            hide_outcomes(outcomes, plan.private_names)
        ),
        on_tick=progress.tick,
    )


def _exit_code(mode: str, plan: Plan, outcomes: Sequence[Outcome]) -> int:
    failed = any(o.status == "failed" or o.change.action == "blocked" for o in outcomes)
    skipped = any(o.status == "skipped" and o.change.steps for o in outcomes)
    at_issuer = any(c.action == "blocked" or c.error for c in plan.credentials)
    if failed or skipped or at_issuer or plan.refused:
        return FAILED
    return DRIFT if mode == "check" and plan.drift else DONE


def _report(context: RunContext, plan: Plan, outcomes: Sequence[Outcome], exit_code: int) -> Report:
    """Save the state, and report what the run did and what went wrong."""
    inputs, cancellation = context.inputs, context.cancellation
    shown = hide_outcomes(outcomes, plan.private_names)
    problems = list(failure_notes(shown))
    problems += credential_failures(plan.credentials)
    saved = [
        *plan.late_notes,
        *write_down_stored(context, plan, outcomes),
        *context.recorder.save(outcomes, cancellation),
    ]
    problems += hide_notes(saved, plan.private_names)
    if cancellation.requested and exit_code == FAILED:
        problems.append(Note("error", cancellation.message))
    plans_shards = inputs.plans_shards and not plan.refused
    shards = shard_matrix(plan, inputs.writes_per_minute) if plans_shards else ()
    return report_outcomes(
        context.output, inputs, hide_plan(plan), shown, problems=problems, shards=shards
    )
