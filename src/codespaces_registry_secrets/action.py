"""The straight line from the environment to the exit code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from codespaces_registry_secrets.apply.executor import apply
from codespaces_registry_secrets.github.actions_secrets import ages
from codespaces_registry_secrets.github.auth import Patience, Sessions, connect
from codespaces_registry_secrets.github.observe import observe
from codespaces_registry_secrets.github.rate_limiter import (
    LONGEST_WAIT_SECONDS,
    LONGEST_WAIT_SECONDS_OF_A_SHARD,
    Pace,
)
from codespaces_registry_secrets.github.repositories import archived
from codespaces_registry_secrets.github.target_names import expand, with_elsewhere
from codespaces_registry_secrets.inputs import action_inputs
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.plan import Note, Outcome, Plan, planned
from codespaces_registry_secrets.planning.credential_gate import barred, judged, outside
from codespaces_registry_secrets.planning.planner import plan
from codespaces_registry_secrets.planning.sharding import matrix, split
from codespaces_registry_secrets.report.log import (
    MOST_LINES,
    Begin,
    Progress,
    counted,
    outcome_count,
    outcome_lines,
    plan_lines,
)
from codespaces_registry_secrets.report.outputs import outputs, write_plan_file
from codespaces_registry_secrets.report.problems import Ending, ending, failures, merged
from codespaces_registry_secrets.report.summary import early_summary, summary
from codespaces_registry_secrets.report.workflow_commands import Runner
from codespaces_registry_secrets.runtime.process import Stop
from codespaces_registry_secrets.spec.load import desired
from codespaces_registry_secrets.spec.locate import document
from codespaces_registry_secrets.verify.verify import findings

DONE, FAILED, DRIFT = 0, 1, 2


def main(
    environ: Mapping[str, str], stop: Stop | None = None, patience: Patience | None = None
) -> int:
    """Run the Action. Every error of a run ends here, as annotations, summary and exit code 1."""
    runner = Runner(environ)
    try:
        return run(environ, runner, stop or Stop(), patience or Patience())
    except Exception as error:  # noqa: BLE001 - the last resort
        _end_early(ending(error), runner)
    return FAILED


def _end_early(end: Ending, runner: Runner) -> None:
    """Log, annotations and summary of a run that has no plan to report."""
    problems = merged(end.problems)
    for note in problems:
        runner.note(note)
    if end.trace:
        runner.group("Where it happened", end.trace)
    runner.count_hidden()
    runner.info(end.outcome)
    runner.summary(early_summary(end.outcome, problems))


def run(environ: Mapping[str, str], runner: Runner, stop: Stop, patience: Patience) -> int:
    """Inputs, plan, apply, report."""
    with stop.interrupting():
        runner.log_libraries()
        for secret in action_inputs.secrets(environ):
            runner.mask(secret)
        inputs = action_inputs.read(environ)
        sources = Sources(environ, inputs.workspace, runner.mask, inputs.credentials)
        longest_wait = LONGEST_WAIT_SECONDS_OF_A_SHARD if inputs.shard else LONGEST_WAIT_SECONDS
        pace = Pace(inputs.writes_per_minute, runner.info, stop, longest_wait)
        progress = partial(Progress, tell=runner.info, paused=lambda: pace.until)
        sessions = connect(inputs, pace, patience, runner.mask)
        found = look(inputs, sources, sessions, partial(progress, "looked at", pace.reads_a_minute))
        runner.listing("Plan", plan_lines(found))
        runner.info(f"\nPlan: {counted(found)}.")
        if inputs.shard:
            targets = len({change.target for change in found.changes})
            runner.info(f"Targets in shard {inputs.shard}: {targets}.")
        for note in merged(found.all_notes):
            runner.note(note)
    # From here on a signal is noted, and what has begun is brought to an end.
    outcomes = planned(found)
    if inputs.mode == "apply":
        writing = partial(progress, "done", pace.writes_a_minute)
        outcomes = apply(found, sessions, sources, writing, stop)
    code = _exit_code(inputs, found, outcomes)
    stopped = [Note("error", stop.message)] if stop.asked and code == FAILED else []
    _report(inputs, found, outcomes, [*failures(outcomes), *stopped], runner)
    return code


def look(inputs: Inputs, sources: Sources, sessions: Sessions, begin: Begin) -> Plan:
    """Spec, what GitHub holds, plan, and what is to be said against it."""
    spec = document(inputs, sources)
    asked = desired(spec, sources, inputs.rotate, inputs.only, inputs.allowed)
    expanded = expand(asked, sessions)
    wanted, elsewhere = split(expanded.desired, inputs.shard, expanded.problems)
    changed, doubts = ages(wanted, sessions, inputs.repository)
    observed = observe(wanted, sessions, changed, expanded.problems, begin)
    observed = with_elsewhere(
        observed, wanted, elsewhere, expanded.repositories, sessions, look_up=inputs.prune
    )
    first = plan(wanted, observed, inputs.removal_limit, inputs.unmanaged, elsewhere)
    first = barred(first, outside(first, inputs.allowed_owners))
    known = {**expanded.repositories, **observed.catalogue}
    allowed = barred(first, archived(first, known, sessions))
    credentials = [triplet.credential for triplet in wanted if triplet.credential]
    found = judged(
        allowed,
        findings(credentials, allowed.written, inputs, sources),
        sessions.expires,
        observed.at,
        inputs.expiry_warning,
    )
    notes = (*action_inputs.notes(inputs), *expanded.notes, *doubts, *found.notes)
    return replace(found, notes=notes)


def _report(
    inputs: Inputs,
    found: Plan,
    outcomes: Sequence[Outcome],
    errors: Sequence[Note],
    runner: Runner,
) -> None:
    """Log, annotations, summary and outputs. The plan and its notes are in the log already."""
    count = outcome_count(outcomes)
    if inputs.mode == "apply" and count:
        if len(outcomes) > MOST_LINES:
            runner.group("Every change", outcome_lines(outcomes))
        runner.info(count)
    for note in merged(errors):
        runner.note(note)
    runner.count_hidden()
    # Outputs first: other steps go by them.
    shards = matrix(found, inputs.writes_per_minute) if inputs.plans_shards else ()
    runner.outputs(outputs(inputs.mode, found, outcomes, shards))
    if inputs.temporary is not None:
        _keep_plan(inputs.temporary, inputs.mode, outcomes, runner)
    if inputs.shard is None:  # else it is for who puts the shards together
        problems = merged((*found.all_notes, *errors))
        runner.summary(summary(inputs.mode, found, outcomes, problems))


def _keep_plan(folder: Path, mode: str, outcomes: Sequence[Outcome], runner: Runner) -> None:
    try:
        name = write_plan_file(folder, mode, outcomes)
    except OSError as error:
        message = (
            f"the output `plan-file` is not set: cannot write to RUNNER_TEMP ({folder}): "
            f"{error.strerror}. Self-hosted runners mount it into container actions since "
            "September 2025; update the runner, or use the output `plan`"
        )
        runner.note(Note("warning", message))
    else:
        runner.outputs({"plan-file": name})


def _exit_code(inputs: Inputs, found: Plan, outcomes: Sequence[Outcome]) -> int:
    unwell = any(o.status == "failed" or o.change.action == "blocked" for o in outcomes)
    refused = inputs.mode == "apply" and any(
        o.change.steps and o.status == "skipped" for o in outcomes
    )
    if unwell or refused:
        return FAILED
    return DRIFT if inputs.mode == "check" and found.drift else DONE
