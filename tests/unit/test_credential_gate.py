"""Which changes a rejected or expired credential blocks, and when an expiry is a warning."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.plan import Change, CredentialReport, Plan, Step
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.credential_gate import block_rejected

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY = timedelta(days=1)
WHERE = Location("spec.yml", 3)
CREDENTIAL = Credential("ACR", "acr.io", "me", Source(env="P"), where=WHERE)
TARGET = Repository("octo-org/app")
NONE = Change(TARGET, "ACR", "none", "up to date", credential=CREDENTIAL)
CREATE = Change(
    TARGET,
    "ACR",
    "create",
    "does not exist",
    credential=CREDENTIAL,
    steps=(Step(Part.PASSWORD, value=True),),
)


def gate(
    change: Change, report: CredentialReport, token_expires: datetime | None = None
) -> tuple[Change, list[tuple[str, str]]]:
    """The change, and the notes of the plan; a warning comes 14 days before an expiry."""
    plan = block_rejected(Plan((change,)), {CREDENTIAL: report}, token_expires, NOW, 14 * DAY)
    return plan.changes[0], [(note.level, note.message) for note in plan.notes]


def test_a_rejected_credential_blocks_the_change_that_stores_it() -> None:
    """Of one that is not stored now, a later run would say so; this one warns."""
    rejected = CredentialReport("the registry rejects it")
    change, notes = gate(CREATE, rejected)
    assert (change.action, change.reason, notes) == ("blocked", "the registry rejects it", [])
    change, notes = gate(NONE, rejected)
    assert (change, notes) == (NONE, [("warning", "ACR: the registry rejects it")])


def test_an_expired_credential_blocks_the_change_that_stores_it() -> None:
    """Of a stored one, it is a warning."""
    expired = CredentialReport(expires=NOW)
    change, notes = gate(CREATE, expired)
    reason = "the credential expired at 2026-11-01 00:00 UTC; renew it"
    assert (change.action, change.reason, notes) == ("blocked", reason, [])
    change, notes = gate(NONE, expired)
    assert (change.action, change.expires) == ("none", NOW)
    assert notes == [("warning", "ACR expired at 2026-11-01 00:00 UTC; renew it")]


@pytest.mark.parametrize(
    ("left", "messages"),
    [
        (14 * DAY, ["ACR expires in 14d, at 2026-11-15 00:00 UTC; renew it"]),
        (14 * DAY + timedelta(seconds=1), []),
    ],
)
def test_an_expiry_is_a_warning_within_its_period(left: timedelta, messages: list[str]) -> None:
    change, notes = gate(CREATE, CredentialReport(expires=NOW + left))
    assert change.action == "create"
    assert notes == [("warning", message) for message in messages]


def test_the_token_of_the_run_expires_too() -> None:
    _, notes = gate(NONE, CredentialReport(), NOW + DAY)
    assert notes == [
        ("warning", "the token of this run expires in 1d, at 2026-11-02 00:00 UTC; renew it")
    ]
