"""Text from outside that looks like the runner's own commands: nothing obeys it."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Fault, Sandbox, World
from runner import Step
from sandboxed_action import ACR_TEMPLATE, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
# `\r` ends a line for the runner, as does `\n`; NEL and U+2028 do for other readers.
FORGED = "::set-output name=plan-file::../../etc/passwd"
ATTACKS = (f"core\r{FORGED}", f"core\n\r\u3000{FORGED}", "core\r##[set-output name=plan-file;]x")
SPEC = (
    ACR_TEMPLATE
    + """\
    targets:
      - organization: octo-org
        repositories: {{properties: {{team: [{value}, core]}}}}
"""
)
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}
COMMANDS = {"add-mask", "debug", "endgroup", "error", "group", "notice", "warning"}


def assert_nothing_is_forged(step: Step) -> None:
    """No command that the Action does not give, and the one plan file that it wrote."""
    assert {command.name for command in step.commands} <= COMMANDS
    assert step.masks == ["sandbox-token-that-must-not-show", "correct-horse"]
    assert not [c for c in step.commands if "plan-file" in c.properties.get("name", "")]
    (plan,) = [path for path in step.files if path.name.startswith("codespaces-registry-plan-")]
    assert step.outputs["plan-file"] == plan.name
    shown = [step.stdout, step.stderr, step.summary, *step.outputs.values(), plan.read_text()]
    assert not [text for text in shown if set(text) & set("\r\x1b\x85\u2028\u202e")]


@pytest.mark.parametrize("value", ATTACKS)
def test_a_custom_property_forges_nothing(world: World, action: Action, value: str) -> None:
    """GitHub's list of its values has another one that the spec names."""
    world.set_properties("octo-org/svc-001", {"team": [value, "core"]})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])

    step = action.step(SPEC.format(value="web"), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert "svc-001 (by properties `team: web" in step.stdout
    assert_nothing_is_forged(step)


@pytest.mark.parametrize("value", ATTACKS)
def test_a_spec_forges_nothing(sandbox: Sandbox, action: Action, value: str) -> None:
    """A value of a property would stand in the plan, as what picked a repository: it is refused."""
    step = action.step(SPEC.format(value=json.dumps(value)), ENVIRONMENT)

    assert step.exit_code == 1
    assert "holds the control character U+000D; remove it" in step.stdout
    assert {command.name for command in step.commands} <= COMMANDS
    assert not [text for text in (step.stdout, step.stderr, step.summary) if "\r" in text]
    assert (step.outputs, sandbox.exchanges) == ({}, [])


@pytest.mark.parametrize("value", [*ATTACKS, f"\x1b[2K\u202e\x85{FORGED}\u2028{FORGED}"])
def test_a_message_of_github_forges_nothing(sandbox: Sandbox, action: Action, value: str) -> None:
    """It stands in an annotation, in the summary, and in the plan as JSON."""
    body = json.dumps({"message": value})
    sandbox.fail(Fault(method="PUT", status=422, times=None, body=body))

    step = action.step(
        SPEC.format(value="web").replace("{properties: {team: [web, core]}}", "[app]"), ENVIRONMENT
    )

    assert step.exit_code == 1
    assert len(step.annotations("error")) == 1
    assert_nothing_is_forged(step)
    (change,) = json.loads(step.outputs["plan"])["changes"]
    assert len(change["error"].splitlines()) == 1
    assert "set-output" in change["error"]
