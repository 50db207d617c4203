"""A hunt for every value in all that a run prints, writes and puts on a command line."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import pytest

from github_sandbox import Fault, Sandbox, World
from runner import Step
from sandboxed_action import ACR_SPEC, TOKEN, TRIPLET, Action, stored_triplet

KEY = """{
  "type": "service_account",
  "private_key_id": "0123456789abcdef0123456789abcdef01234567",
  "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\n-----END-----\\n"
}"""
PASSWORDS = {
    "one line": "correct-horse-battery-staple",
    "a JSON key": KEY,
    "short": "s3cr3t",
    "with workflow commands": "::error::%0A##[group]pässword",
    "with a percent sign": "100%-sure-%25-of-it",
    "not UTF-8": b"caf\xe9-latin-1-password".decode(errors="surrogateescape"),
}
# JSON has no spelling for bytes that are no text.
TEXTS = {name: password for name, password in PASSWORDS.items() if name != "not UTF-8"}
SPEC = (
    ACR_SPEC
    + """\
    targets:
      - organization: octo-org
        repositories: [app]
      - repository: octo-org/app
      - user: "@me"
"""
)
# Ways in which a run can go wrong, each of which prints something.
FAULTS: dict[str, Fault] = {
    "a 422 that shows the sealed value": Fault(
        method="PUT", status=422, times=None, body='{"message": "improperly encrypted secret"}'
    ),
    "a 500": Fault(method="PUT", status=500, times=None),
    "a dropped connection": Fault(drop=True, times=None),
    "an answer that is no JSON": Fault(status=200, body="{nonsense", times=None),
    "an answer of another form": Fault(status=200, body='{"secrets": 3}', times=None),
}


def forms(value: str) -> Iterator[str]:
    """The ways in which a value could show: whole, line by line, and as base64."""
    raw = value.encode(errors="surrogateescape")
    yield value
    yield base64.b64encode(raw).decode()
    yield raw.decode(errors="replace")
    yield json.dumps(value)[1:-1]
    yield from (line.strip() for line in value.splitlines() if len(line.strip()) > 5)


def credentials(password: str) -> str:
    """The input of that name, as a workflow writes it with `toJSON`."""
    return json.dumps({"ACR_PASSWORD": password})


def assert_nothing_shows(step: Step, password: str) -> None:
    """Neither password nor token stands in anything that the step printed or wrote."""
    written = [path.read_bytes() for path in step.files]
    shown = [step.log, step.summary, *step.outputs.values(), *step.command_line]
    for form in [*forms(password), TOKEN]:
        assert not [text for text in shown if form in text]
        assert not [raw for raw in written if form.encode(errors="surrogateescape") in raw]


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_no_value_shows_anywhere(action: Action, password: str) -> None:
    """Not in the log (but for the masks), outputs, summary, files or command line."""
    step = action.step(SPEC, {"ACR_PASSWORD": password})

    assert step.exit_code == 0, step.stdout
    assert_nothing_shows(step, password)


@pytest.mark.parametrize("password", TEXTS.values(), ids=TEXTS)
def test_no_value_of_credentials_shows_anywhere(
    world: World, action: Action, password: str
) -> None:
    """It is stored as it is, and hidden in each spelling before anything else is said."""
    step = action.step(SPEC, credentials=credentials(password))

    assert step.exit_code == 0, step.stdout
    assert_nothing_shows(step, password)
    stored = world.secrets("repository:octo-org/app")["ACR_CONTAINER_REGISTRY_PASSWORD"].value
    assert stored == password.encode()
    head = step.stdout.splitlines()[: len(step.masks)]
    assert all(line.startswith("::add-mask::") for line in head)
    assert step.masks[:2] == [TOKEN, credentials(password)]
    assert {line.strip() for line in password.splitlines() if len(line) > 5} <= set(step.masks)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("end", ["", ", 1}", ', "OTHER": 1}'])
def test_no_value_shows_where_credentials_are_faulty(
    action: Action, password: str, end: str
) -> None:
    """The fault says the form, and nothing of what is there."""
    step = action.step(SPEC, credentials=credentials(password)[:-1] + end)

    assert step.exit_code == 1
    assert "input `credentials`: must be one JSON object that maps names to strings" in step.stdout
    assert_nothing_shows(step, password)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("how", ["env", "credentials"])
def test_no_value_shows_where_a_run_fails(
    sandbox: Sandbox, action: Action, fault: Fault, how: str
) -> None:
    """Nor in what an error says."""
    sandbox.fail(fault)

    if how == "env":
        step = action.step(SPEC, {"ACR_PASSWORD": KEY})
    else:
        step = action.step(SPEC, credentials=credentials(KEY))

    assert step.exit_code == 1, step.stdout
    assert_nothing_shows(step, KEY)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_masks_come_first(action: Action, password: str) -> None:
    """Token and passwords are hidden before anything else is said."""
    step = action.step(SPEC, {"ACR_PASSWORD": password})

    masks = step.masks
    assert masks[0] == TOKEN
    assert len(masks) > 1
    head = step.stdout.splitlines()[: len(masks)]
    assert all(line.startswith("::add-mask::") for line in head)


def test_a_json_key_is_masked_line_by_line(action: Action) -> None:
    """The long lines each, and never a brace that would blacken every log."""
    step = action.step(SPEC, {"ACR_PASSWORD": KEY})

    assert step.masks[1:] == [line.strip() for line in KEY.splitlines()[1:-1]]


def test_an_input_is_masked_before_it_is_judged(action: Action) -> None:
    """A run that ends at its inputs has hidden them too."""
    step = action.step(SPEC, token="", app_id="1", app_private_key="no key", password="pass-word")

    assert step.exit_code == 1
    assert set(step.masks) == {"no key", "pass-word"}


def test_servers_and_user_names_are_not_masked(action: Action) -> None:
    """They stand in the spec, and a log without them explains nothing."""
    step = action.step(SPEC, {"ACR_PASSWORD": "correct-horse"})

    assert step.masks == [TOKEN, "correct-horse"]


def test_names_from_outside_cannot_become_workflow_commands(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """What GitHub says is shown as text, whatever it looks like."""
    stored_triplet(world, "repository:octo-org/app")
    body = '{"message": "no\\n::error::forged\\n##[error]forged too"}'
    sandbox.fail(Fault(method="PUT", status=422, times=None, body=body))

    step = action.step(SPEC, {"ACR_PASSWORD": "correct-horse"})

    assert "forged" not in step.annotations("error")
    assert [m for m in step.annotations("error") if "forged" in m]
    assert set(world.secrets("repository:octo-org/app")) == set(TRIPLET)
