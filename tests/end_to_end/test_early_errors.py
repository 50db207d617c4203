"""A run that ends before it has a plan writes the errors and what to do to its summary."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from codespaces_registry_secrets.text.control_characters import replace_control_characters
from github_sandbox import Fault, Sandbox
from rendering import HOSTILE, assert_means_nothing, rendered
from runner import Step
from runner_protocol import commands
from sandboxed_action import ACR_SPEC, Action

SPEC = ACR_SPEC + "    targets: [{repository: octo-org/app}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}
TITLE = "### Codespaces registry secrets"


def summary_parts(step: Step) -> tuple[str, list[str]]:
    """Return the first sentence and the errors of a summary without a table."""
    title, _, sentence, _, *errors = step.summary.splitlines()
    assert title == TITLE
    assert all(error.startswith("- ❌ **Error**") for error in errors)
    return sentence.removeprefix("**").removesuffix("**"), errors


def test_invalid_inputs_are_in_the_summary(action: Action, sandbox: Sandbox) -> None:
    """The summary names each input with its allowed values."""
    step = action.step(SPEC, ENVIRONMENT, mode="aply", verify="on")

    assert step.exit_code == 1
    sentence, (mode, verify) = summary_parts(step)
    assert sentence == "2 errors in the configuration; no request was sent to GitHub."
    assert sentence in step.stdout
    assert mode.startswith("- ❌ **Error** `` input `mode` ``: must be `plan,")
    assert verify.startswith("- ❌ **Error** `` input `verify` ``: must be")
    assert sandbox.exchanges == []


def test_errors_of_the_spec_are_in_the_summary_with_their_lines(action: Action) -> None:
    """Each error has file and line, as in the annotation."""
    folder = action.workspace / ".github"
    folder.mkdir()
    (folder / "codespaces-registries.yml").write_text(SPEC.replace("server", "serwer"))

    step = action.step("", ENVIRONMENT)

    sentence, errors = summary_parts(step)
    assert sentence.startswith(f"{len(step.annotations('error'))} error")
    assert len(errors) == len(step.annotations("error"))
    assert any("`.github/codespaces-registries.yml:5: registries[0]" in error for error in errors)


def test_a_rejected_token_is_in_the_summary(action: Action, sandbox: Sandbox) -> None:
    """The error says to create a new token."""
    body = '{"message": "Bad credentials"}'
    sandbox.fail(Fault(status=401, times=None, body=body))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    sentence, (error,) = summary_parts(step)
    assert sentence == "An error ended the run early."
    assert "create a new one" in error
    assert len(step.annotations("error")) == 1


def test_a_run_that_is_stopped_before_its_plan_reports_no_writes(
    action: Action, sandbox: Sandbox
) -> None:
    """The summary and the log say that nothing was written."""
    sandbox.fail(Fault(times=None, status=429, headers={"retry-after": "600"}))
    started = action.start(SPEC, ENVIRONMENT)
    while not sandbox.exchanges:
        time.sleep(0.05)
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    sentence, (error,) = summary_parts(step)
    assert sentence == "Nothing was written."
    assert error.startswith("- ❌ **Error**: Stopped by SIGINT before anything was written.")
    assert f"\n{sentence}\n" in step.stdout


def test_a_crash_shows_the_type_and_place_of_the_exception_without_its_message(
    action: Action, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message of an unexpected error could contain a credential."""
    (tmp_path / "summary").touch()
    environment = {
        **ENVIRONMENT,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": "no path has such a name \0",
    }

    assert action.run_in_process("", environment) == 1

    out, summary = capsys.readouterr().out, (tmp_path / "summary").read_text()
    (error,) = [c.message for c in commands(out) if c.name == "error"]
    assert error.startswith("ValueError at ")
    assert error.endswith(": an error in this Action, please report it")
    assert f"{TITLE}\n\n**The Action crashed.**\n\n- ❌ **Error**: ValueError at" in summary
    assert "workspace.py" in out
    assert "embedded null" not in out + summary


def test_the_summary_shows_markdown_in_the_spec_as_text(action: Action) -> None:
    """A key of the spec can contain any text."""
    texts = [text for text in HOSTILE if replace_control_characters(text) == text]
    keys = "".join(f"    {json.dumps(text)}: x\n" for text in texts)

    step = action.step(SPEC + keys, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(summary_parts(step)[1]) >= len(texts) > 20
    page = rendered(step.summary)
    assert page.tags.count("h3") == page.tags.count("ul") == 1
    assert_means_nothing(page, "h3", "p", "ul", "li", "strong")


def test_the_summary_shows_errors_that_have_no_annotation(action: Action) -> None:
    """GitHub shows ten annotations; the log has the others, and says how many."""
    targets = "".join(f", {{organization: 'bad name {n}'}}" for n in range(15))

    step = action.step(SPEC.replace("app}]", f"app}}{targets}]"), ENVIRONMENT)

    assert step.notes == []
    _, errors = summary_parts(step)
    assert len(errors) == 15
    assert (
        "5 of 15 errors have no annotation: GitHub shows 10 annotations of each level."
        in step.stdout
    )
