"""A run that ends before it has a plan says so in its summary too, with what to do."""

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


def parts(step: Step) -> tuple[str, list[str]]:
    """The sentence and the problems of a summary, which has no table then."""
    title, _, sentence, _, *problems = step.summary.splitlines()
    assert title == TITLE
    assert all(problem.startswith("- **Error**") for problem in problems)
    return sentence, problems


def test_invalid_inputs(action: Action, sandbox: Sandbox) -> None:
    """Each is named, with what it must be."""
    step = action.step(SPEC, ENVIRONMENT, mode="aply", verify="on")

    assert step.exit_code == 1
    sentence, (mode, verify) = parts(step)
    assert sentence == "2 errors in the configuration; no request was sent to GitHub."
    assert sentence in step.stdout
    assert mode.startswith("- **Error** `` input `mode` ``: must be `plan,")
    assert verify.startswith("- **Error** `` input `verify` ``: must be")
    assert sandbox.exchanges == []


def test_an_invalid_spec(action: Action) -> None:
    """At file and line, as the annotation."""
    folder = action.workspace / ".github"
    folder.mkdir()
    (folder / "codespaces-registries.yml").write_text(SPEC.replace("server", "serwer"))

    step = action.step("", ENVIRONMENT)

    sentence, problems = parts(step)
    assert sentence.startswith(f"{len(step.annotations('error'))} error")
    assert len(problems) == len(step.annotations("error"))
    assert any("`.github/codespaces-registries.yml:5: registries[0]" in one for one in problems)


def test_a_refused_token(action: Action, sandbox: Sandbox) -> None:
    """The problem says what to do."""
    body = '{"message": "Bad credentials"}'
    sandbox.fail(Fault(status=401, times=None, body=body))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    sentence, (problem,) = parts(step)
    assert sentence == "An error ended the run early."
    assert "create a new one" in problem
    assert len(step.annotations("error")) == 1


def test_a_run_that_is_stopped(action: Action, sandbox: Sandbox) -> None:
    """Nothing was written yet, and that is the outcome."""
    sandbox.fail(Fault(times=None, status=429, headers={"retry-after": "600"}))
    started = action.start(SPEC, ENVIRONMENT)
    while not sandbox.exchanges:
        time.sleep(0.05)
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    sentence, (problem,) = parts(step)
    assert sentence == "Nothing was written."
    assert problem.startswith("- **Error**: Stopped by SIGINT. It is safe to re-run")
    assert f"\n{sentence}\n" in step.stdout


def test_a_crash_shows_type_and_place_and_no_message(
    action: Action, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nobody knows what stands in the message of an error that nobody foresaw."""
    (tmp_path / "summary").touch()
    environment = {
        **ENVIRONMENT,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "GITHUB_WORKSPACE": "no path has such a name \0",
    }

    assert action.here("", environment) == 1

    out, summary = capsys.readouterr().out, (tmp_path / "summary").read_text()
    (error,) = [c.message for c in commands(out) if c.name == "error"]
    assert error.startswith("ValueError at ")
    assert error.endswith(": an error in this Action, please report it")
    assert f"{TITLE}\n\nThe Action crashed.\n\n- **Error**: ValueError at" in summary
    assert "workspace.py" in out
    assert "embedded null" not in out + summary


def test_the_summary_shows_the_words_of_others_as_text(action: Action) -> None:
    """A key of the spec is anybody's text."""
    texts = [text for text in HOSTILE if replace_control_characters(text) == text]
    keys = "".join(f"    {json.dumps(text)}: x\n" for text in texts)

    step = action.step(SPEC + keys, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(parts(step)[1]) >= len(texts) > 20
    page = rendered(step.summary)
    assert page.tags.count("h3") == page.tags.count("ul") == 1
    assert_means_nothing(page, "h3", "p", "ul", "li", "strong")


def test_many_errors_are_all_in_the_summary(action: Action) -> None:
    """GitHub shows ten annotations; the rest is in the log, and counted."""
    targets = "".join(f", {{organization: 'bad name {n}'}}" for n in range(15))

    step = action.step(SPEC.replace("app}]", f"app}}{targets}]"), ENVIRONMENT)

    assert step.notes == []
    _, problems = parts(step)
    assert len(problems) == 15
    assert "5 of 15 errors have no annotation: GitHub shows 10 of a kind." in step.stdout
