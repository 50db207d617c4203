"""No value appears in what a run prints and writes, or on its command line."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from github_sandbox import Fault, Sandbox, World
from leaks import assert_no_value, encodings
from runner import Step
from sandboxed_action import ACR_SPEC, JOB_TOKEN, TOKEN, TRIPLET, Action, stored_triplet

JSON_KEY = """{
  "type": "service_account",
  "private_key_id": "0123456789abcdef0123456789abcdef01234567",
  "private_key": "-----BEGIN PRIVATE KEY-----\\nMIIEvQIBADANBg\\n-----END-----\\n"
}"""
PASSWORDS = {
    "one line": "correct-horse-battery-staple",
    "a JSON key": JSON_KEY,
    "short": "s3cr3t",
    "with workflow commands": "::error::%0A##[group]pässword",
    "with a percent sign": "100%-sure-%25-of-it",
    "not UTF-8": b"caf\xe9-latin-1-password".decode(errors="surrogateescape"),
}
# JSON cannot contain bytes that are not text.
TEXT_PASSWORDS = {name: password for name, password in PASSWORDS.items() if name != "not UTF-8"}
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
# Errors of GitHub, each with a message that the run prints.
FAULTS: dict[str, Fault] = {
    "a 422 about the sealed value": Fault(
        method="PUT", status=422, times=None, body='{"message": "improperly encrypted secret"}'
    ),
    "a 500": Fault(method="PUT", status=500, times=None),
    "a dropped connection": Fault(drop=True, times=None),
    "a response that is not JSON": Fault(status=200, body="{nonsense", times=None),
    "an unexpected response": Fault(status=200, body='{"secrets": 3}', times=None),
}


def credentials(password: str) -> str:
    """Return the input `credentials`, as a workflow writes it with `toJSON`."""
    return json.dumps({"ACR_PASSWORD": password})


def assert_no_leak(step: Step, password: str) -> None:
    """Neither password nor token is in anything that the step printed or wrote."""
    assert_no_value(step, password, TOKEN)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_no_value_appears_in_the_output(action: Action, password: str) -> None:
    """Not in the log (except in the masks), outputs, summary, files or command line."""
    step = action.step(SPEC, {"ACR_PASSWORD": password})

    assert step.exit_code == 0, step.stdout
    assert_no_leak(step, password)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_no_value_appears_in_the_state(world: World, action: Action, password: str) -> None:
    """Nor a plain hash of one."""
    step = action.step(SPEC, {"ACR_PASSWORD": password}, state="CRS_STATE")

    assert step.exit_code == 0, step.stdout
    assert_no_leak(step, password)
    (value,) = world.variables("octo-org/app").values()
    raw = password.encode(errors="surrogateescape")
    hashes = [hashlib.new(name, raw) for name in ("md5", "sha1", "sha256", "sha512", "blake2b")]
    forms = [*encodings(password), TOKEN, *(form.hexdigest() for form in hashes)]
    forms += [base64.b64encode(form.digest()).decode().rstrip("=")[:20] for form in hashes]
    assert not [form for form in forms if form in value]


@pytest.mark.parametrize("password", TEXT_PASSWORDS.values(), ids=TEXT_PASSWORDS)
def test_no_value_of_the_input_credentials_appears_in_the_output(
    world: World, action: Action, password: str
) -> None:
    """It is stored unchanged, and all its forms are masked before any other output."""
    step = action.step(SPEC, credentials=credentials(password))

    assert step.exit_code == 0, step.stdout
    assert_no_leak(step, password)
    value = world.secrets("repository:octo-org/app")["ACR_CONTAINER_REGISTRY_PASSWORD"].value
    assert value == password.encode()
    first_lines = step.stdout.splitlines()[: len(step.masks)]
    assert all(line.startswith("::add-mask::") for line in first_lines)
    assert step.masks[:3] == [TOKEN, JOB_TOKEN, credentials(password)]
    assert {line.strip() for line in password.splitlines() if len(line) > 5} <= set(step.masks)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
@pytest.mark.parametrize("end", ["", ", 1}", ', "OTHER": 1}'])
def test_no_value_appears_if_the_input_credentials_is_invalid(
    action: Action, password: str, end: str
) -> None:
    """The error describes the required form, and does not quote the value."""
    step = action.step(SPEC, credentials=credentials(password)[:-1] + end)

    assert step.exit_code == 1
    assert "input `credentials`: must be one JSON object that maps names to strings" in step.stdout
    assert_no_leak(step, password)


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
@pytest.mark.parametrize("source", ["env", "credentials"])
def test_no_value_appears_if_github_returns_an_error(
    sandbox: Sandbox, action: Action, fault: Fault, source: str
) -> None:
    """Also not in a message of GitHub."""
    sandbox.fail(fault)

    if source == "env":
        step = action.step(SPEC, {"ACR_PASSWORD": JSON_KEY})
    else:
        step = action.step(SPEC, credentials=credentials(JSON_KEY))

    assert step.exit_code == 1, step.stdout
    assert_no_leak(step, JSON_KEY)


@pytest.mark.parametrize("password", PASSWORDS.values(), ids=PASSWORDS)
def test_masks_are_the_first_output(action: Action, password: str) -> None:
    """Token and passwords are masked before any other output."""
    step = action.step(SPEC, {"ACR_PASSWORD": password})

    masks = step.masks
    assert masks[:2] == [TOKEN, JOB_TOKEN]
    assert len(masks) > 2
    first_lines = step.stdout.splitlines()[: len(masks)]
    assert all(line.startswith("::add-mask::") for line in first_lines)


def test_a_json_key_is_masked_line_by_line(action: Action) -> None:
    """Each long line is masked, but no line with a brace alone, which would hide braces in each log."""
    step = action.step(SPEC, {"ACR_PASSWORD": JSON_KEY})

    assert step.masks[2:] == [line.strip() for line in JSON_KEY.splitlines()[1:-1]]


def test_inputs_are_masked_before_they_are_validated(action: Action) -> None:
    """Also in a run with invalid inputs."""
    step = action.step(SPEC, token="", app_id="1", app_private_key="no key", password="pass-word")

    assert step.exit_code == 1
    assert set(step.masks) == {JOB_TOKEN, "no key", "pass-word"}


def test_servers_and_user_names_are_not_masked(action: Action) -> None:
    """They are in the spec, and the log needs them."""
    step = action.step(SPEC, {"ACR_PASSWORD": "correct-horse"})

    assert step.masks == [TOKEN, JOB_TOKEN, "correct-horse"]


def test_a_message_of_github_cannot_become_a_workflow_command(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A message of GitHub is shown as text."""
    stored_triplet(world, "repository:octo-org/app")
    body = '{"message": "no\\n::error::forged\\n##[error]forged too"}'
    sandbox.fail(Fault(method="PUT", status=422, times=None, body=body))

    step = action.step(SPEC, {"ACR_PASSWORD": "correct-horse"})

    assert "forged" not in step.annotations("error")
    assert [m for m in step.annotations("error") if "forged" in m]
    assert set(world.secrets("repository:octo-org/app")) == set(TRIPLET)
