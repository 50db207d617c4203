"""What is written again if the Action recorded its writes, or created the credential itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.generation import GenerationDecision
from codespaces_registry_secrets.model.generator import GeneratedValue, Generator
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Note
from codespaces_registry_secrets.model.state import MemberRecord, State
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.rotation import find_up_to_date_members

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
STORED = NOW - timedelta(days=20)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
TARGET = Repository("octo-org/app")
GENERATOR = Generator("harbor-robot", "STORE", DAY)
CREDENTIAL = Credential(
    "ACR",
    "mycompany.azurecr.io",
    GeneratedValue("STORE", "harbor-robot", "username"),
    GeneratedValue("STORE", "harbor-robot", "password"),
    generator=GENERATOR,
)
DESIRED = Desired(
    target=TARGET,
    registry="ACR",
    credential=CREDENTIAL,
    rotate=RotationPolicy(),
    visibility=None,
    selection=None,
    where=Location("spec.yml", 7),
)
NOTED = DESIRED.where
# What the state has for a member: its value, another one, an earlier write, or nothing.
Known = Literal["same", "other", "earlier", "none"]
UNKNOWN = "not recorded in STATE, so rewriting to be safe"
CHANGED = "changed outside of this Action at 2026-02-09 03:00 UTC"


def state(*known: Known) -> State:
    """The records of PASSWORD, USER and SERVER."""
    records = {
        part: MemberRecord(
            b"other" if one == "other" else part.encode(),
            STORED - DAY if one == "earlier" else STORED,
        )
        for part, one in zip(Part, known, strict=True)
        if one != "none"
    }
    values = {part: part.encode() for part in Part}
    return State("STATE", {(TARGET, "ACR"): records}, {CREDENTIAL: values})


def planned(
    *missing: Part,
    known: State | None = None,
    decision: GenerationDecision | None = None,
    desired: Desired = DESIRED,
    newer: Part | None = None,
) -> Change:
    """The change at the target; `newer` was stored a day after the others."""
    times = {part: STORED + DAY * (part == newer) for part in Part if part not in missing}
    names = {part: secret_name("ACR", part) for part in Part}
    secrets = {names[part]: ObservedSecret(names[part], time) for part, time in times.items()}
    observed = Observed(
        {TARGET: ObservedTarget(secrets, NOW)},
        {},
        {},
        {},
        state=known,
        generations={"STORE": decision} if decision else {},
    )
    (change,) = compute_plan([desired], observed, 1.0).changes
    return change


def written(change: Change) -> list[str]:
    """The members that the change writes."""
    return [str(step.part) for step in change.steps]


ALL = ["PASSWORD", "USER", "SERVER"]


@pytest.mark.parametrize(
    ("known", "parts", "reason", "drift"),
    [
        (("same", "same", "same"), [], "up to date", False),
        (("same", "other", "same"), ["USER"], "USER differs from what is stored", True),
        (
            ("other", "same", "other"),
            ["PASSWORD", "SERVER"],
            "PASSWORD, SERVER differ from what is stored",
            True,
        ),
        (("same", "same", "earlier"), ["SERVER"], f"SERVER {CHANGED}", True),
        (
            ("same", "none", "same"),
            ["USER"],
            f"USER {UNKNOWN}",
            False,
        ),
        (
            ("earlier", "other", "none"),
            ALL,
            f"PASSWORD {CHANGED}; USER differs from what is stored; SERVER {UNKNOWN}",
            True,
        ),
    ],
)
@pytest.mark.parametrize("status", [None, "current", "unfinished"])
def test_the_state_says_which_members_to_write(
    known: tuple[Known, Known, Known],
    parts: list[str],
    reason: str,
    status: Literal["current", "unfinished"] | None,
    *,
    drift: bool,
) -> None:
    """Those that are known to be different, or not known. Also of a generated credential."""
    decision = GenerationDecision(status, "not everywhere", NOW) if status else None
    change = planned(known=state(*known), decision=decision)

    assert (written(change), change.reason, change.drift) == (parts, reason, drift)


def test_the_time_of_an_outside_change_is_the_latest() -> None:
    """Of several members."""
    change = planned(known=state("earlier", "earlier", "same"), newer=Part.USER)

    assert change.reason == (
        "PASSWORD, USER changed outside of this Action at 2026-02-10 03:00 UTC"
    )


@pytest.mark.parametrize(
    ("status", "parts", "reason"),
    [
        ("new", ALL, "is due"),
        ("unfinished", ALL, "is due"),
        ("unavailable", [], "up to date"),
        ("current", [], "up to date"),
    ],
)
def test_a_generated_credential_is_stored_when_there_is_a_new_one(
    status: Literal["new", "unfinished", "unavailable", "current"], parts: list[str], reason: str
) -> None:
    """Whatever the policy: it says when one is created."""
    decision = GenerationDecision(status, "is due", STORED)
    for when in ("changed", "missing", "always"):
        desired = replace(DESIRED, rotate=RotationPolicy.model_validate({"when": when}))
        change = planned(decision=decision, desired=desired)
        assert (written(change), change.reason) == (parts, reason)


def test_a_new_or_unavailable_credential_ignores_the_state() -> None:
    """The records are about the current one."""
    same = state("same", "same", "same")
    assert written(planned(known=same, decision=GenerationDecision("new", "is due"))) == ALL
    other = state("other", "other", "other")
    assert written(planned(known=other, decision=GenerationDecision("unavailable", "no"))) == []


@pytest.mark.parametrize(
    ("created", "parts"),
    [
        (STORED + 10 * SECOND, []),
        (STORED + 11 * SECOND, ["USER", "SERVER"]),
        (STORED + DAY + 11 * SECOND, ALL),
    ],
)
def test_without_a_state_the_age_of_a_generated_credential_counts(
    created: datetime, parts: list[str]
) -> None:
    """Members that are older than it hold another one; the clocks can differ by seconds."""
    decision = GenerationDecision("current", "up to date", created)
    assert written(planned(decision=decision, newer=Part.PASSWORD)) == parts


@pytest.mark.parametrize(
    ("newer", "created", "missing", "expected"),
    [
        (Part.PASSWORD, STORED + DAY, (), True),
        (Part.PASSWORD, STORED + SECOND, (), True),
        (Part.PASSWORD, STORED, (), False),
        (Part.PASSWORD, STORED + DAY + SECOND, (), False),
        (Part.USER, STORED + DAY, (), False),
        (Part.PASSWORD, STORED + DAY, (Part.SERVER,), False),
        (Part.PASSWORD, None, (), False),
    ],
)
def test_a_triplet_of_two_generated_credentials_is_found(
    newer: Part, created: datetime | None, missing: tuple[Part, ...], *, expected: bool
) -> None:
    """Its password is of the current one, and its user name is not."""
    decision = GenerationDecision("unfinished", "not everywhere", created)
    assert planned(*missing, decision=decision, newer=newer).half_written == expected


@pytest.mark.parametrize(
    ("decision", "known", "parts"),
    [
        (None, state("same", "other", "none"), ["USER", "SERVER"]),
        (GenerationDecision("current", "", STORED), None, ["SERVER"]),
        (GenerationDecision("current", "", STORED + DAY), None, ALL),
        (GenerationDecision("unfinished", "", STORED), None, ALL),
        (GenerationDecision("new", "", STORED), state("same", "same", "none"), ALL),
        (GenerationDecision("current", "", None), state("same", "same", "none"), ["SERVER"]),
    ],
)
def test_a_repair_keeps_the_members_that_hold_the_credential(
    decision: GenerationDecision | None, known: State | None, parts: list[str]
) -> None:
    """By the state, or by the age of a generated credential that every target had."""
    change = planned(Part.SERVER, known=known, decision=decision)
    assert (change.action, written(change)) == ("repair", parts)


def test_a_new_credential_is_written_whole() -> None:
    """Also where the stored triplet is incomplete and the policy writes only what is missing."""
    desired = replace(DESIRED, rotate=RotationPolicy(when="missing"))
    decision = GenerationDecision("unavailable", "no")
    change = planned(
        Part.USER, known=state("same", "same", "same"), decision=decision, desired=desired
    )
    assert written(change) == ALL


def test_members_that_were_changed_by_hand_and_that_the_policy_keeps_are_a_warning() -> None:
    """With `missing`, which never overwrites; a member that is written is left out."""
    missing = replace(DESIRED, rotate=RotationPolicy(when="missing"))

    change = planned(known=state("same", "earlier", "other"), desired=missing)

    message = f"ACR at repository:octo-org/app: USER {CHANGED}; `rotate: missing` keeps it as it is"
    assert change.notes == (Note("warning", message, NOTED, TARGET),)
    assert planned(known=state("same", "same", "other"), desired=missing).notes == ()
    assert planned(known=state("same", "earlier", "same")).notes == ()
    repaired = planned(Part.SERVER, known=state("same", "earlier", "same"), desired=missing)
    assert repaired.notes == ()


def test_a_registry_without_a_credential_keeps_what_was_changed() -> None:
    """It manages access only, so the state says nothing about it."""
    access_only = replace(DESIRED, credential=None, rotate=RotationPolicy(when="missing"))
    change = planned(known=state("earlier", "earlier", "earlier"), desired=access_only)
    assert (change.action, change.notes) == ("none", ())


@pytest.mark.parametrize(
    ("status", "created", "expected"),
    [
        ("current", STORED + 10 * SECOND, frozenset(Part)),
        ("current", STORED + 11 * SECOND, frozenset()),
        ("unfinished", STORED, frozenset()),
        ("new", STORED, frozenset()),
        ("unavailable", STORED, frozenset()),
    ],
)
@pytest.mark.parametrize("known", [None, state("same", "same", "same")])
def test_members_that_certainly_hold_a_generated_credential(
    status: Literal["current", "unfinished", "new", "unavailable"],
    created: datetime,
    expected: frozenset[Part],
    known: State | None,
) -> None:
    """By the state, if there is a credential for all targets. Otherwise by its age, if it is."""
    names = {part: secret_name("ACR", part) for part in Part}
    target = ObservedTarget({n: ObservedSecret(n, STORED) for n in names.values()}, NOW)
    generations = {"STORE": GenerationDecision(status, "", created)}
    observed = Observed({TARGET: target}, {}, {}, {}, state=known, generations=generations)

    found = find_up_to_date_members(DESIRED, target, observed)

    recorded = known is not None and status in {"current", "unfinished"}
    assert found == (frozenset(Part) if recorded else expected)
