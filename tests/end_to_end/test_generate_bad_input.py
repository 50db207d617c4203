"""What a run with `generate` does with bad input: it says why, and the other registries go on."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from generated import STORE, Kind, Nights
from generated_kinds import AWS, AZURE, GITLAB, GOOGLE, KINDS
from issuers.aws import AwsServer
from issuers.azure import AzureServer
from issuers.by_hand import disable_by_hand
from issuers.gitlab import GitLab
from issuers.google import GoogleServer
from issuers.harbor import Harbor
from issuers.issuer_server import IssuerServer

Capture = pytest.CaptureFixture[str]

KEYLESS = (AWS, AZURE, GOOGLE)
NO_ID_TOKEN = {"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""}
OTHER = {
    "id": "OTHER",
    "server": "registry.example.com",
    "username": "me",
    "password": {"env": "OTHER_PASSWORD"},
    "targets": [{"repository": "octo-org/docs"}],
}

keyless = pytest.mark.parametrize("nights", KEYLESS, indirect=True, ids=lambda kind: kind.name)


def run(
    nights: Nights, capsys: Capture, env: dict[str, str] | None = None, /, **inputs: str
) -> str:
    """Run beside an ordinary registry, which must be stored; return the log of a failed run."""
    nights.others = [OTHER]
    capsys.readouterr()
    code = nights.run({"OTHER_PASSWORD": "an ordinary password", **(env or {})}, **inputs)
    log = capsys.readouterr().out
    assert code == 1, log
    secrets = nights.world.secrets("repository:octo-org/docs")
    assert ("OTHER_CONTAINER_REGISTRY_SERVER" in secrets) == ("mode" not in inputs)
    return log


@keyless
def test_a_plan_without_an_id_token_warns(nights: Nights, capsys: Capture) -> None:
    """It ends as without `generate`: `plan` with 0, `check` with 0 unless there is drift."""
    assert nights.run(NO_ID_TOKEN, mode="plan") == 0
    assert nights.run(NO_ID_TOKEN, mode="check") == 2
    assert nights.run() == 0
    capsys.readouterr()

    assert nights.run(NO_ID_TOKEN, mode="check") == 0

    log = capsys.readouterr().out
    assert "::warning" in log
    assert "what exists at the issuer is not known: the job has no ID token" in log
    assert "add `id-token: write` to the `permissions` of the job" in log
    assert "::error" not in log


@keyless
@pytest.mark.parametrize("exists", [False, True])
def test_an_apply_without_an_id_token_is_an_error(
    nights: Nights, capsys: Capture, *, exists: bool
) -> None:
    """Nothing is created; an existing credential is still stored at a new target."""
    if exists:
        assert nights.run() == 0
        nights.targets.append("docs")
    live = nights.issuer.live()

    log = run(nights, capsys, NO_ID_TOKEN)

    assert "REG: no new credential: the job has no ID token" in log
    assert nights.issuer.live() == live
    assert (nights.stored("docs") is not None) == exists
    assert nights.refused() == []


@keyless
def test_a_job_of_another_workflow_is_rejected(nights: Nights, capsys: Capture) -> None:
    """The trust of the cloud has another subject."""
    nights.id_tokens.subject = "repo:octo-org/other:ref:refs/heads/main"

    log = run(nights, capsys)

    assert "REG: no new credential: " in log
    assert nights.issuer.live() == []
    assert nights.journal_text == ""
    assert "::error" in log


WRONG: dict[Kind, tuple[str, str]] = {
    AWS: ("role", "arn:aws:iam::123456789012:role/another"),
    AZURE: ("client-id", "99999999-9999-9999-9999-999999999999"),
    GOOGLE: ("service-account", "another@team-images.iam.gserviceaccount.com"),
}


@keyless
def test_another_role_is_rejected(nights: Nights, capsys: Capture) -> None:
    """Or another client, or another account."""
    key, value = WRONG[nights.kind]
    nights.generate[key] = value

    log = run(nights, capsys)

    assert "REG: no new credential: " in log
    assert nights.issuer.live() == []
    assert nights.journal_text == ""


def forbid(issuer: IssuerServer) -> None:
    """Let a policy or a role forbid the creation, and not the list where the two differ."""
    match issuer:
        case AwsServer():
            issuer.forbidden = {"CreateAccessKey"}
        case AzureServer():
            issuer.permissions.remove("generateCredentials/action")
        case GoogleServer():
            issuer.policy = "iam.disableServiceAccountKeyCreation"
        case GitLab():
            issuer.role = "developer"
        case Harbor():
            issuer.administers = set()


def allow(issuer: IssuerServer) -> None:
    """Undo `forbid`."""
    match issuer:
        case AwsServer():
            issuer.forbidden = set()
        case AzureServer():
            issuer.permissions.add("generateCredentials/action")
        case GoogleServer():
            issuer.policy = ""
        case GitLab():
            issuer.role = "owner"
        case Harbor():
            issuer.administers = {"team"}


def test_a_policy_that_forbids_creation_is_reported(nights: Nights, capsys: Capture) -> None:
    """The targets keep what they have, and the next run that may create finishes."""
    assert nights.run() == 0
    first = nights.journal["id"]
    nights.clock.now = nights.clock.now.replace(month=3)
    forbid(nights.issuer)

    log = run(nights, capsys)

    assert "REG: cannot generate a credential: " in log or "REG: no new credential: " in log
    assert nights.journal["id"] == first
    assert nights.refused() == []
    allow(nights.issuer)
    assert nights.run({"OTHER_PASSWORD": "an ordinary password"}) == 0
    assert nights.journal["id"] != first
    assert nights.refused() == []


@pytest.mark.parametrize("nights", [AWS, AZURE], indirect=True, ids=lambda kind: kind.name)
@pytest.mark.parametrize("mode", ["plan", "check", "apply"])
def test_two_foreign_credentials_take_all_places(
    nights: Nights, capsys: Capture, mode: str
) -> None:
    """`blocked`, with their ids; none of them is touched."""
    foreign = [nights.issuer.make_by_hand(), nights.issuer.make_by_hand()]

    log = run(nights, capsys, **({} if mode == "apply" else {"mode": mode}))

    assert "all 2 credentials that the issuer allows exist" in log
    assert "not of this Action; delete one that is not used" in log
    assert all(one in log for one in foreign)
    assert nights.issuer.live() == foreign


@pytest.mark.parametrize("nights", [AWS, AZURE], indirect=True, ids=lambda kind: kind.name)
def test_an_own_old_credential_takes_a_place_for_a_while(nights: Nights, capsys: Capture) -> None:
    """`none` and exit code 0, with the time when a place is free; a later run creates."""
    nights.rotate = "always"
    nights.retire_after = "72h"
    assert nights.run() == 0
    assert nights.night() == 0
    first, second = nights.issuer.live()
    capsys.readouterr()

    assert nights.night() == 0

    log = capsys.readouterr().out
    steps = 2 if nights.kind is AWS else 1
    day = 2 + 3 * steps
    assert f"none     REG {nights.kind.name}: all 2 credentials that the issuer allows exist" in log
    assert f"waits until 2026-01-{day:02} 03:00 UTC, when the old one can be deleted" in log
    assert nights.issuer.live() == [first, second]
    for _ in range(3 * steps):
        assert nights.night() == 0
        assert nights.refused() == []
    assert first not in nights.issuer.live()
    assert nights.journal["id"] not in {first, second}


@pytest.mark.parametrize("nights", [AWS], indirect=True, ids=lambda kind: kind.name)
def test_a_dead_credential_is_an_error_until_there_is_place(
    nights: Nights, capsys: Capture
) -> None:
    """What the targets hold is rejected, so the run fails until it is replaced."""
    assert nights.run() == 0
    assert nights.night(24 * 31) == 0
    old, current = nights.issuer.live()
    disable_by_hand(nights.issuer, current)

    log = run(nights, capsys)

    assert f"{current} was disabled outside of this Action, and all 2 credentials" in log
    assert set(nights.issuer.live()) == {old, current}
    nights.others = []
    assert [nights.night() for _ in range(3)] == [1, 1, 0]
    assert nights.refused() == []
    assert old not in nights.issuer.live()


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_a_journal_that_the_step_does_not_hand_over_is_kept(
    nights: Nights, capsys: Capture, mode: str
) -> None:
    """Without the line in `env:` nothing is created, because nothing is known."""
    assert nights.run() == 0
    journal, live = nights.journal_text, nights.issuer.live()

    log = run(nights, capsys, {STORE: ""}, **({} if mode == "apply" else {"mode": mode}))

    assert f"the Actions secret {STORE} exists, and the step does not hand it over; add" in log
    assert f"{STORE}: ${{{{ secrets.{STORE} }}}}" in log
    assert (nights.journal_text, nights.issuer.live()) == (journal, live)


OTHERS: list[str] = [kind.name for kind in KINDS]
FOREIGN: dict[str, Callable[[Nights], str]] = {
    "a password": lambda _: "a-password-of-something-else",
    "other JSON": lambda _: '{"type": "service_account"}',
    "a damaged journal": lambda nights: nights.journal_text[:-4],
    "another version": lambda nights: json.dumps({**nights.journal, "version": 2}),
    "a journal without its password": lambda n: json.dumps({**n.journal, "password": None}),
    "another kind": lambda n: json.dumps({**n.journal, "kind": next(k for k in OTHERS if k != n.kind.name)}),
}  # fmt: skip


@pytest.mark.parametrize("value", FOREIGN.values(), ids=FOREIGN)
@pytest.mark.parametrize("nights", [AWS, GITLAB], indirect=True, ids=lambda kind: kind.name)
def test_a_value_that_is_no_journal_of_this_kind_is_never_overwritten(
    nights: Nights, capsys: Capture, value: Callable[[Nights], str]
) -> None:
    """Nothing is created, stored or retired."""
    assert nights.run() == 0
    text, live = value(nights), nights.issuer.live()
    nights.world.put_actions_secret("repository:octo-org/infra", STORE, value=text.encode())
    nights.targets.append("docs")

    log = run(nights, capsys)

    assert "set `store` to another name" in log
    assert nights.journal_text == text
    assert nights.issuer.live() == live
    assert nights.stored("docs") is None
    assert text not in log.replace(f"::add-mask::{text}", "")


VARIABLES: dict[Kind, tuple[str, ...]] = {
    AWS: ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL_IAM"),
    AZURE: ("AZURE_AUTHORITY_HOST", "AZURE_RESOURCE_MANAGER_URL"),
    GOOGLE: ("CLOUDSDK_API_ENDPOINT_OVERRIDES_STS", "CLOUDSDK_API_ENDPOINT_OVERRIDES_IAM"),
}


@keyless
def test_an_endpoint_without_tls_gets_no_identity(nights: Nights, capsys: Capture) -> None:
    """The variable is named, and nothing was sent."""
    for variable in VARIABLES[nights.kind]:
        log = run(nights, capsys, {variable: "http://cloud.example.com"})
        assert f"{variable} must be an https URL" in log
    assert nights.issuer.live() == []


def test_the_repository_of_the_workflow_must_be_known(nights: Nights, capsys: Capture) -> None:
    """The journal is one of its secrets."""
    log = run(nights, capsys, {"GITHUB_REPOSITORY": ""})
    assert "GITHUB_REPOSITORY is not set" in log
    assert nights.issuer.live() == []
    assert nights.stored("app") is None


def test_a_token_without_permission_for_the_journal_creates_nothing(
    nights: Nights, capsys: Capture
) -> None:
    """The intent comes before the creation, so its failure prevents an orphan."""
    nights.world.add_fine_grained_token(
        "github_pat_narrow",
        user="octocat",
        owner="octo-org",
        permissions={"metadata": "read", "codespaces_secrets": "write", "secrets": "read"},
    )

    log = run(nights, capsys, token="github_pat_narrow")

    assert "secrets: write" in log
    assert nights.issuer.live() == []
    assert nights.stored("app") is None
    assert nights.journal_text == ""
