"""Report a run: the plan in the log, then the outcomes in log, annotations, outputs and summary."""

from __future__ import annotations

from collections.abc import Sequence

from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan
from codespaces_registry_secrets.model.targets import Shard
from codespaces_registry_secrets.report.credentials import credential_lines
from codespaces_registry_secrets.report.log import MAX_LINES, outcome_lines, plan_lines
from codespaces_registry_secrets.report.notes import merge_notes
from codespaces_registry_secrets.report.outputs import build_outputs, whole_plan
from codespaces_registry_secrets.report.reported_change import report_plan
from codespaces_registry_secrets.report.run_output import RunOutput
from codespaces_registry_secrets.report.summary import Report, build_report, render_report
from codespaces_registry_secrets.report.wording import headline


def log_plan(output: RunOutput, plan: Plan, shard: Shard | None) -> None:
    """Log every change, their counts and the digest, and annotate the notes."""
    output.listing("Plan", plan_lines(plan))
    if plan.credentials:
        output.listing("Credentials at their issuers", credential_lines(plan.credentials))
    output.info(f"\n{headline('plan', report_plan(plan), plan.credentials)}")
    output.info(f"Plan digest: {plan.digest}")
    if shard:
        targets = len({change.target for change in plan.changes})
        output.info(f"Targets in shard {shard}: {targets}.")
    for note in merge_notes(plan.all_notes):
        output.note(note)


def report_outcomes(
    output: RunOutput,
    inputs: Inputs,
    plan: Plan,
    outcomes: Sequence[Outcome],
    *,
    problems: Sequence[Note],
    shards: Sequence[Shard],
) -> Report:
    """Write log, annotations, outputs and summary; return the summary's content for the comment.

    The log has the plan already.

    `problems` arose after the plan. `shards` apply the plan in other jobs.
    """
    if inputs.mode == "apply" and len(plan.written_targets) > MAX_LINES:
        output.listing("Every change", outcome_lines(outcomes))
    for note in merge_notes(problems):
        output.note(note)
    notes = merge_notes((*plan.all_notes, *problems))
    report = build_report(inputs.mode, plan, outcomes, notes)
    if inputs.mode != "plan":
        output.info(headline(inputs.mode, report.changes, plan.credentials, refused=plan.refused))
    output.finish(
        build_outputs(inputs.mode, plan, outcomes, shards),
        whole_plan(inputs.mode, plan, outcomes),
        # A shard has no summary: the workflow merges the plans of all shards into one.
        "" if inputs.shard else render_report(report),
    )
    return report
