"""Report a run: the plan in the log, then the outcomes in log, annotations, outputs and summary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan
from codespaces_registry_secrets.model.targets import Shard
from codespaces_registry_secrets.report.log import MAX_LINES, outcome_lines, plan_lines
from codespaces_registry_secrets.report.notes import merge_notes
from codespaces_registry_secrets.report.outputs import build_outputs, write_plan_file
from codespaces_registry_secrets.report.reported_change import report_changes, report_plan
from codespaces_registry_secrets.report.summary import render_summary
from codespaces_registry_secrets.report.wording import headline
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands


def log_plan(commands: WorkflowCommands, plan: Plan, shard: Shard | None) -> None:
    """Log every change, their counts and the digest, and annotate the notes."""
    commands.listing("Plan", plan_lines(plan))
    commands.info(f"\n{headline('plan', report_plan(plan))}")
    commands.info(f"Plan digest: {plan.digest}")
    if shard:
        targets = len({change.target for change in plan.changes})
        commands.info(f"Targets in shard {shard}: {targets}.")
    for note in merge_notes(plan.all_notes):
        commands.note(note)


def report_outcomes(
    commands: WorkflowCommands,
    inputs: Inputs,
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    problems: Sequence[Note],
    shards: Sequence[Shard],
) -> None:
    """Write log, annotations, outputs and summary. The log has the plan already.

    `problems` arose after the plan. `shards` apply the plan in other jobs.
    """
    if inputs.mode == "apply" and len(plan.written_targets) > MAX_LINES:
        commands.group("Every change", outcome_lines(outcomes))
    for note in merge_notes(problems):
        commands.note(note)
    if inputs.mode != "plan":
        changes = report_changes(outcomes)
        commands.info(headline(inputs.mode, changes, refused=plan.refused))
    commands.count_hidden()
    # Outputs before the summary: later steps depend on them.
    commands.outputs(build_outputs(inputs.mode, plan, outcomes, shards))
    if inputs.temporary is not None:
        _write_plan_file(inputs.temporary, inputs.mode, plan, outcomes, commands)
    if inputs.shard is None:  # the workflow merges the plans of all shards into one summary
        notes = merge_notes((*plan.all_notes, *problems))
        commands.summary(render_summary(inputs.mode, plan, outcomes, notes))


def _write_plan_file(
    folder: Path, mode: str, plan: Plan, outcomes: Sequence[Outcome], commands: WorkflowCommands
) -> None:
    try:
        name = write_plan_file(folder, mode, plan, outcomes)
    except OSError as error:
        message = (
            f"the output `plan-file` is not set: cannot write to RUNNER_TEMP ({folder}): "
            f"{error.strerror}. Self-hosted runners mount it into container actions since "
            "September 2025; update the runner, or use the output `plan`"
        )
        commands.note(Note("warning", message))
    else:
        commands.outputs({"plan-file": name})
