"""Which changes are blocked because of their target or credential, and the warnings about expiry."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.generator import Generator
from codespaces_registry_secrets.model.plan import Change, CredentialReport, Note, Plan, Step
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.credential_gate import (
    block_rejected,
    block_targets,
    find_disallowed_owners,
)

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
WHERE = Location("spec.yml", 3)
CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", Source(env="P"), where=WHERE)
APP, WEB = Repository("octo-org/app"), Repository("octo-org/web")
CREATE = Change(
    APP, "ACR", "create", "does not exist", credential=CREDENTIAL, steps=(Step(Part.USER, True),)
)
NONE = Change(APP, "ACR", "none", "up to date", credential=CREDENTIAL)
DELETE = Change(
    APP, "OLD", "delete", "not in the spec", steps=(Step(Part.USER, False, delete=True),)
)


def gate(
    *changes: Change,
    report: CredentialReport | None = None,
    credential: Credential = CREDENTIAL,
    token: datetime | None = None,
    warning: timedelta = 14 * DAY,
    expiry: datetime | None = None,
) -> Plan:
    """The plan after its credential was checked."""
    plan = Plan(changes, notes=(Note("notice", "earlier"),), expiry=expiry)
    return block_rejected(plan, {credential: report} if report else {}, token, NOW, warning)


def warnings(plan: Plan) -> list[Note]:
    """What the gate added."""
    assert plan.notes[0] == Note("notice", "earlier")
    return list(plan.notes[1:])


def test_a_rejected_credential_is_not_stored() -> None:
    """The changes of other credentials stay, and the notes of the report are those of the plan."""
    other = replace(CREATE, target=WEB, credential=replace(CREDENTIAL, name="HUB"))
    note = Note("warning", "has spaces", WHERE)

    plan = gate(CREATE, other, report=CredentialReport("HTTP 401", notes=(note,)))

    assert plan.changes == (CREATE.blocked("HTTP 401"), other)
    assert warnings(plan) == [note]


def test_a_rejected_credential_that_is_not_written_is_a_warning() -> None:
    """A change that keeps the values, or that changes the access only, stays."""
    access = replace(NONE, action="access", steps=(Step(Part.USER, False, add=(1,)),))

    plan = gate(NONE, access, report=CredentialReport("HTTP 401"))

    assert plan.changes == (NONE, access)
    assert warnings(plan) == [Note("warning", "ACR: HTTP 401", WHERE)]


def test_an_expired_credential_is_not_stored() -> None:
    """From that second on, whatever the registry says; the error of the change is enough."""
    plan = gate(CREATE, report=CredentialReport("HTTP 401", expires=NOW))

    (change,) = plan.changes
    assert change.action == "blocked"
    assert change.reason == "the credential expired at 2026-03-01 03:00 UTC; renew it"
    assert change.expires == plan.expiry == NOW
    assert warnings(plan) == []


def test_a_credential_that_expires_later_is_stored() -> None:
    """Its expiry is shown with the change, and a warning says it."""
    plan = gate(CREATE, report=CredentialReport(expires=NOW + SECOND))

    assert plan.changes == (replace(CREATE, expires=NOW + SECOND),)
    assert warnings(plan) == [
        Note(
            "warning",
            "ACR expires in less than a minute, at 2026-03-01 03:00 UTC; renew it",
            WHERE,
        )
    ]


def test_an_expired_credential_that_is_not_written_is_a_warning() -> None:
    """The targets have it already."""
    plan = gate(NONE, report=CredentialReport(expires=NOW))

    assert plan.changes == (replace(NONE, expires=NOW),)
    assert warnings(plan) == [
        Note("warning", "ACR expired at 2026-03-01 03:00 UTC; renew it", WHERE)
    ]


@pytest.mark.parametrize(
    ("left", "warned"), [(14 * DAY, True), (14 * DAY + SECOND, False), (-DAY, True)]
)
def test_an_expiry_is_warned_about_in_time(left: timedelta, *, warned: bool) -> None:
    """Of the credential, and of the token of the run."""
    of_credential = gate(NONE, report=CredentialReport(expires=NOW + left))
    of_token = gate(NONE, report=CredentialReport(), token=NOW + left)

    assert [note.message[:4] for note in warnings(of_credential)] == ["ACR "] * warned
    assert [(n.message[:22], n.where) for n in warnings(of_token)] == [
        ("the token of this run ", Location())
    ] * warned


@pytest.mark.parametrize(
    ("lifetime", "left", "warned"),
    [
        (30 * DAY, 10 * DAY, True),
        (30 * DAY, 10 * DAY + SECOND, False),
        (90 * DAY, 14 * DAY, True),
        (90 * DAY, 14 * DAY + SECOND, False),
        (None, 14 * DAY, True),
    ],
)
def test_a_generated_credential_is_warned_about_if_its_renewal_is_late(
    lifetime: timedelta | None, left: timedelta, *, warned: bool
) -> None:
    """It is renewed after two thirds of its lifetime, so before that its expiry is no news."""
    generated = replace(CREDENTIAL, generator=Generator("harbor-robot", "STORE", DAY, lifetime))

    plan = gate(credential=generated, report=CredentialReport(expires=NOW + left))

    assert len(warnings(plan)) == warned


def test_the_expiry_of_a_plan_is_the_first_one() -> None:
    """Of the credentials before and now, and of the token; unknown ones do not count."""
    early, middle, late = NOW + 30 * DAY, NOW + 40 * DAY, NOW + 50 * DAY

    assert gate(expiry=early, report=CredentialReport(expires=middle), token=late).expiry == early
    assert gate(expiry=late, report=CredentialReport(expires=early), token=middle).expiry == early
    assert gate(expiry=late, report=CredentialReport(), token=early).expiry == early
    assert gate(report=CredentialReport()).expiry is None


def test_a_blocked_change_holds_the_deletions_at_its_target() -> None:
    """The triplet to delete can be the one that the blocked change replaces."""
    elsewhere = replace(DELETE, target=WEB)

    plan = gate(CREATE, DELETE, elsewhere, report=CredentialReport("HTTP 401"))

    _, held, kept = plan.changes
    assert (held.action, held.steps, kept) == ("blocked", (), elsewhere)
    assert "fix that change first" in held.reason
    assert gate(NONE, DELETE).changes == (NONE, DELETE)


def test_targets_are_blocked_with_their_reasons() -> None:
    """Only changes that would write something: another one is no error."""
    reasons: dict[Target, str] = {APP: "archived"}
    elsewhere = replace(CREATE, target=WEB)

    plan = block_targets(Plan((CREATE, NONE, elsewhere)), reasons)

    assert plan.changes == (CREATE.blocked("archived"), NONE, elsewhere)


def test_owners_that_the_workflow_does_not_allow() -> None:
    """Each target with the reason, which names the input and its globs."""
    foreign = Repository("other/app")

    found = find_disallowed_owners(
        Plan((CREATE, replace(CREATE, target=foreign))), ("octo-*", "my-org")
    )

    assert found == {
        foreign: "other is not allowed by the workflow's input `allowed-owners` (octo-*, my-org); "
        "correct the spec, or the input"
    }
    assert find_disallowed_owners(Plan((replace(CREATE, target=foreign),)), ()) == {}
