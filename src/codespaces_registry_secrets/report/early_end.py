"""The log, annotations and summary of a run that ended before it had a plan."""

from __future__ import annotations

from codespaces_registry_secrets.report.problems import describe_early_end, merge_notes
from codespaces_registry_secrets.report.summary import render_early_summary
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands


def report_early_end(error: Exception, commands: WorkflowCommands) -> None:
    """Report the error that ended a run. Of a crash it reports type and place, never a value."""
    end = describe_early_end(error)
    problems = merge_notes(end.problems)
    for note in problems:
        commands.note(note)
    if end.trace:
        commands.group("Where it happened", end.trace)
    commands.count_hidden()
    commands.info(end.outcome)
    commands.summary(render_early_summary(end.outcome, problems))
