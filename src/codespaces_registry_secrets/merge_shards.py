"""Merge the plan files of all shards: the last job of the reusable workflow provision.yml.

It is the second program of the image, and runs with the argument `merge-shards`. It is separate
from the Action, which needs a token and a spec.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from codespaces_registry_secrets.errors import DONE, FAILED
from codespaces_registry_secrets.inputs.merge_inputs import MergeInputs, read_plan_files
from codespaces_registry_secrets.report.early_end import report_early_end
from codespaces_registry_secrets.report.merged_plan import (
    build_merged_outputs,
    find_unfinished,
    merge_plan_files,
    render_merged_summary,
)
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands
from codespaces_registry_secrets.runtime.cancellation import Cancellation


def main(environ: Mapping[str, str], cancellation: Cancellation | None = None) -> int:
    """Merge the plan files, and report every error as annotations, a summary and exit code 1."""
    commands = WorkflowCommands(environ)
    try:
        with (cancellation or Cancellation()).raising():
            return run(environ, commands)
    except Exception as error:  # noqa: BLE001 - every error must reach the log and the summary
        report_early_end(error, commands)
    return FAILED


def run(environ: Mapping[str, str], commands: WorkflowCommands) -> int:
    """Merge the plan files; write the outputs and the summary; return the exit code."""
    inputs = MergeInputs.model_validate(environ)
    files = read_plan_files(inputs)
    changes = merge_plan_files(files, inputs.mode)
    outputs = build_merged_outputs(changes)
    # Outputs before the summary: later jobs depend on them.
    commands.outputs(outputs)
    commands.summary(render_merged_summary(inputs.mode, files, changes, datetime.now(UTC)))
    commands.info(", ".join(f"{name}: {value}" for name, value in outputs.items()))
    finished = files and inputs.jobs_succeeded and not find_unfinished(changes)
    return DONE if finished else FAILED
