"""No secret of a credential that the Action creates appears in what a run prints and writes."""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta

import pytest

from generated import STORE, Nights
from generated_kinds import GITLAB
from github_sandbox import Fault
from issuers.aws import AwsServer
from issuers.azure import AzureServer
from issuers.gitlab import GitLab
from issuers.google import GoogleServer
from issuers.harbor import Harbor
from leaks import assert_no_value
from runner import Step
from sandboxed_action import JOB_TOKEN, TOKEN

FAILURES: dict[str, Callable[[Nights], None]] = {
    "the creation is lost": lambda n: setattr(
        n.issuer, "on_request", lambda name: "after" if is_creation(name) else None
    ),
    "the journal is not written": lambda n: n.sandbox.fail(
        Fault("PUT", f"/actions/secrets/{STORE}", nth=2, times=None, status=422)
    ),
    "a target is not written": lambda n: n.sandbox.fail(
        Fault("PUT", "/codespaces/secrets/", nth=2, status=422)
    ),
    "the end is not written": lambda n: n.sandbox.fail(
        Fault("PUT", f"/actions/secrets/{STORE}", nth=3, times=None, status=422)
    ),
}


def is_creation(name: str) -> bool:
    """Whether a request creates a credential, at any issuer."""
    endings = ("CreateAccessKey", "/generateCredentials", "/keys", "/deploy_tokens", "/robots")
    return name.startswith("POST") and name.endswith(endings)


def secrets_of(nights: Nights) -> list[str]:
    """Every secret that exists at GitHub, at the issuer, and in the journal."""
    issuer = nights.issuer
    own: list[str] = []
    match issuer:
        case AwsServer():
            own = [issuer.secret_of(key) for key in issuer.live()]
        case AzureServer():
            own = [*issuer.values, *issuer.access_tokens]
        case GoogleServer():
            texts = [b64decode(file).decode() for file in issuer.files]
            keys = [json.loads(text)["private_key"].splitlines()[1] for text in texts]
            own = [*issuer.files, *keys, *issuer.access_tokens]
        case GitLab():
            own = [issuer.token, *(token.secret for token in issuer.deploy_tokens.values())]
        case Harbor():
            own = [issuer.password, *(robot.secret for robot in issuer.robots.values())]
    request_token = nights.id_tokens.environment["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    password = nights.journal.get("password")
    found = [TOKEN, JOB_TOKEN, request_token, *nights.id_tokens.issued, *own]
    return [*found, password] if password else found


def check(nights: Nights, step: Step, exit_code: int = 0) -> Step:
    """The step, whose output has no secret, but a mask of each password that it knows."""
    assert step.exit_code == exit_code, step.stdout
    assert step.notes == []
    assert_no_value(step, *secrets_of(nights))
    return step


def test_no_secret_appears_in_the_life_of_a_credential(nights: Nights) -> None:
    """From the creation to the end, and a new password is masked as it arrives."""
    created = check(nights, nights.step())
    assert nights.journal["password"] in created.masks
    nights.clock.now += timedelta(days=31)
    rotated = check(nights, nights.step())
    assert nights.journal["password"] in rotated.masks
    nights.clock.now += timedelta(days=1)
    check(nights, nights.step())


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
def test_no_secret_appears_in_a_run_that_fails(
    nights: Nights, failure: Callable[[Nights], None]
) -> None:
    """The next run finishes with what it finds."""
    failure(nights)
    step = nights.step()
    assert_no_value(step, *secrets_of(nights))
    assert step.exit_code == 1 or step.annotations("warning")
    nights.issuer.on_request = lambda _: None
    nights.sandbox.clear_faults()

    assert nights.run() == 0

    assert nights.refused() == []


def test_a_journal_is_masked_before_anything_is_logged(nights: Nights) -> None:
    """Its password belongs to the values that a step gets."""
    assert nights.run() == 0

    step = nights.step()

    lines = step.stdout.splitlines()
    printed = next(n for n, line in enumerate(lines) if not line.startswith("::add-mask::"))
    masks = [line.removeprefix("::add-mask::") for line in lines[:printed]]
    assert nights.journal["password"] in masks
    assert {TOKEN, JOB_TOKEN} <= set(masks)


@pytest.mark.parametrize("nights", [GITLAB], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize("cut", ["damaged", "of another version", "foreign"])
def test_no_secret_of_an_invalid_journal_appears(nights: Nights, cut: str) -> None:
    """It can hold a password all the same, so the whole value is masked."""
    assert nights.run() == 0
    value = {
        "damaged": nights.journal_text[:-3],
        "of another version": json.dumps({**nights.journal, "version": 2}),
        "foreign": "a-password-of-something-else",
    }[cut]

    step = nights.step({STORE: value})

    assert step.exit_code == 1
    assert_no_value(step, value, *secrets_of(nights))
    assert value in step.masks
    assert "is never overwritten" in step.stdout
