"""Text of the spec and of GitHub cannot inject workflow commands."""

from __future__ import annotations

import json

import pytest

from github_sandbox import Fault, Sandbox, World
from runner import Step
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
# For the runner, `\r` ends a line, like `\n`. For other programs, NEL and U+2028 do too.
INJECTED = "::set-output name=plan-file::../../etc/passwd"
ATTACKS = (
    f"core\r{INJECTED}",
    f"core\n\r\u3000{INJECTED}",
    "core\r##[set-output name=plan-file;]x",
)
SPEC = ACR_SPEC + "    targets: [{organization: octo-org, repositories: [app]}]\n"
ENVIRONMENT = {"ACR_PASSWORD": "correct-horse"}
COMMANDS = {"add-mask", "debug", "endgroup", "error", "group", "notice", "warning"}


def spec_with_property(value: str) -> str:
    """Return a spec that selects repositories by a value of the property `team`."""
    return SPEC.replace("[app]", f"{{properties: {{team: [{value}, core]}}}}")


def assert_nothing_is_injected(step: Step) -> None:
    """The step prints only commands of the Action, and names only the plan file that it wrote."""
    assert {command.name for command in step.commands} <= COMMANDS
    assert step.masks == [TOKEN, JOB_TOKEN, "correct-horse"]
    assert not [c for c in step.commands if "plan-file" in c.properties.get("name", "")]
    (plan,) = [path for path in step.files if path.name.startswith("codespaces-registry-plan-")]
    assert step.outputs["plan-file"] == plan.name
    texts = [step.stdout, step.stderr, step.summary, *step.outputs.values(), plan.read_text()]
    assert not [text for text in texts if set(text) & set("\r\x1b\x85\u2028\u202e")]


@pytest.mark.parametrize("value", ATTACKS)
def test_a_custom_property_cannot_inject_a_command(
    world: World, action: Action, value: str
) -> None:
    """The plan shows one of the values that the spec names; GitHub also returns another value."""
    world.set_properties("octo-org/svc-001", {"team": [value, "core"]})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])

    step = action.step(spec_with_property("web"), ENVIRONMENT)

    assert step.exit_code == 0, step.stdout
    assert "svc-001 (by properties `team: web" in step.stdout
    assert_nothing_is_injected(step)


@pytest.mark.parametrize("value", ATTACKS)
def test_a_spec_with_control_characters_is_rejected(
    sandbox: Sandbox, action: Action, value: str
) -> None:
    """The plan would show a property's value as the reason for a repository, so it is rejected."""
    step = action.step(spec_with_property(json.dumps(value)), ENVIRONMENT)

    assert step.exit_code == 1
    assert "holds the control character U+000D; remove it" in step.stdout
    assert {command.name for command in step.commands} <= COMMANDS
    assert not [text for text in (step.stdout, step.stderr, step.summary) if "\r" in text]
    assert (step.outputs, sandbox.exchanges) == ({}, [])


@pytest.mark.parametrize("value", [*ATTACKS, f"\x1b[2K\u202e\x85{INJECTED}\u2028{INJECTED}"])
def test_an_error_message_of_github_cannot_inject_a_command(
    sandbox: Sandbox, action: Action, value: str
) -> None:
    """The message is in an annotation, in the summary and in the JSON plan."""
    body = json.dumps({"message": value})
    sandbox.fail(Fault(method="PUT", status=422, times=None, body=body))

    step = action.step(SPEC, ENVIRONMENT)

    assert step.exit_code == 1
    assert len(step.annotations("error")) == 1
    assert_nothing_is_injected(step)
    (change,) = json.loads(step.outputs["plan"])["changes"]
    assert len(change["error"].splitlines()) == 1
    assert "set-output" in change["error"]
