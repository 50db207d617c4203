"""The straight line from the environment to the exit code."""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence

from codespaces_registry_secrets import inputs as given
from codespaces_registry_secrets.apply import Outcome, apply, planned
from codespaces_registry_secrets.change import Plan
from codespaces_registry_secrets.errors import FaultyError, RegistrySecretsError
from codespaces_registry_secrets.github.ages import ages
from codespaces_registry_secrets.github.expand import expand
from codespaces_registry_secrets.github.observe import observe
from codespaces_registry_secrets.github.sessions import connect
from codespaces_registry_secrets.inputs import Inputs
from codespaces_registry_secrets.judgement import judged
from codespaces_registry_secrets.plan import plan
from codespaces_registry_secrets.proof import findings
from codespaces_registry_secrets.report.outputs import outputs, write_plan_file
from codespaces_registry_secrets.report.summary import summary
from codespaces_registry_secrets.report.text import outcome_text, plan_text
from codespaces_registry_secrets.runner import Runner
from codespaces_registry_secrets.sources import Sources
from codespaces_registry_secrets.spec.given import document
from codespaces_registry_secrets.spec.load import desired

DONE, FAILED, DRIFT = 0, 1, 2

# The first pause before a request is repeated, in seconds; it doubles from then on.
BACKOFF = 0.5


def main(environ: Mapping[str, str], *, backoff: float = BACKOFF) -> int:
    """Run the Action. Every error of a run ends here, as annotations and exit code 1."""
    runner = Runner(environ)
    try:
        return run(environ, runner, backoff)
    except FaultyError as error:
        for fault in error.faults:
            runner.fault(fault)
        runner.info(f"{len(error.faults)} to mend; nothing was sent to GitHub.")
    except RegistrySecretsError as error:
        runner.error(str(error))
    except Exception as error:  # noqa: BLE001 - the last resort: no message of it may show a value
        frames = "".join(traceback.format_tb(error.__traceback__))
        runner.error(f"{type(error).__name__}: a fault of this Action, please report it")
        runner.group("Where it happened", frames)
    return FAILED


def run(environ: Mapping[str, str], runner: Runner, backoff: float) -> int:
    """Inputs, spec, what GitHub holds, plan, apply, report."""
    runner.log_libraries()
    for secret in given.secrets(environ):
        runner.mask(secret)
    inputs = given.read(environ)
    sources = Sources(environ, inputs.workspace, runner.mask)
    asked = desired(document(inputs, sources), sources, inputs.rotate, inputs.only)
    sessions = connect(inputs, backoff)
    expanded = expand(asked, sessions)
    wanted = expanded.desired
    changed, doubts = ages(wanted, sessions, inputs.repository)
    observed = observe(wanted, sessions, changed, expanded.problems)
    first = plan(wanted, observed, inputs.removal_limit, inputs.strays_are)
    credentials = [triplet.credential for triplet in wanted if triplet.credential]
    found = judged(
        first,
        findings(credentials, first.written, inputs, sources),
        sessions.expires,
        observed.at,
        inputs.expiry_warning,
    )
    runner.info(plan_text(found))
    for note in (*expanded.notes, *doubts, *found.all_notes):
        runner.note(note)
    outcomes = apply(found, sessions, sources) if inputs.mode == "apply" else planned(found)
    _report(inputs, found, outcomes, runner)
    return _exit_code(inputs, found, outcomes)


def _report(inputs: Inputs, found: Plan, outcomes: Sequence[Outcome], runner: Runner) -> None:
    if inputs.mode == "apply":
        runner.info(outcome_text(outcomes))
    for outcome in outcomes:
        if outcome.error:
            change = outcome.change
            runner.error(f"{change.action} {change.registry} at {change.target}: {outcome.error}")
    runner.summary(summary(inputs.mode, found, outcomes))
    for name, value in outputs(inputs.mode, found, outcomes).items():
        runner.output(name, value)
    if inputs.temporary is not None:
        runner.output("plan-file", write_plan_file(inputs.temporary, inputs.mode, outcomes))


def _exit_code(inputs: Inputs, found: Plan, outcomes: Sequence[Outcome]) -> int:
    unwell = any(o.status == "failed" or o.change.action == "blocked" for o in outcomes)
    refused = inputs.mode == "apply" and any(
        o.change.steps and o.status == "skipped" for o in outcomes
    )
    if unwell or refused:
        return FAILED
    return DRIFT if inputs.mode == "check" and found.drift else DONE
