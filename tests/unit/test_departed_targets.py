"""Targets that left the spec hold an old credential, as long as they can have it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change, Plan
from codespaces_registry_secrets.model.state import UNKNOWN_VALUE, MemberRecord, State
from codespaces_registry_secrets.model.targets import Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.credential_changes import (
    add_credential_changes,
    find_departed,
)
from codespaces_registry_secrets.planning.generation import decide_generation
from generation_cases import DAY, NOW, current, observe, previous

APP, GONE, ME = Repository("octo-org/app"), Repository("octo-org/gone"), User("octocat")
PLAN = Plan((Change(APP, "REG", "none", "up to date"),))
GENERATION = observe(current(9 * DAY), previous("old", 40 * DAY))
PASSWORD = secret_name("REG", Part.PASSWORD)
STORED = {PASSWORD: ObservedSecret(PASSWORD, NOW - 30 * DAY)}
BEFORE, AFTER = (
    {Part.PASSWORD: MemberRecord(UNKNOWN_VALUE, NOW - age)} for age in (30 * DAY, 8 * DAY)
)


def observed(
    records: Mapping[tuple[Target, str], Mapping[Part, MemberRecord]], **fields: object
) -> Observed:
    """What is known, with a state of these records."""
    base = Observed({APP: ObservedTarget({}, NOW)}, {}, {}, {}, state=State("STATE", records, {}))
    decisions = {"STORE": decide_generation(GENERATION, NOW)}
    return replace(base, generations=decisions, **fields)  # type: ignore[arg-type]


def planned(github: Observed) -> tuple[list[str], list[str]]:
    """The actions at the issuer, and the warnings."""
    plan = add_credential_changes(PLAN, {"STORE": GENERATION}, github)
    return [c.action for c in plan.credentials], [note.message for note in plan.notes]


@pytest.mark.parametrize(
    ("target", "found", "holds"),
    [
        (GONE, None, True),
        (GONE, ObservedTarget({}, NOW, error="GitHub returned 502"), True),
        (GONE, ObservedTarget(STORED, NOW), True),
        (GONE, ObservedTarget({}, NOW), False),
        (GONE, ObservedTarget(STORED, NOW, resolved=APP), False),
        (GONE, ObservedTarget(STORED, NOW, resolved=Repository("octo-org/new")), True),
        (ME, ObservedTarget({}, NOW, resolved=User("hubot")), True),
        (ME, ObservedTarget({}, NOW, resolved=ME), False),
    ],
    ids=[
        "not read",
        "not readable",
        "has it",
        "has it no more",
        "renamed to another target",
        "renamed",
        "user of another token",
        "user of the token",
    ],
)
def test_a_target_that_can_have_an_old_credential_holds_it(
    target: Target, found: ObservedTarget | None, holds: bool
) -> None:
    github = observed({(target, "REG"): BEFORE}, departed={target: found} if found else {})
    assert find_departed(PLAN, {"STORE": GENERATION}, github) == (target,)
    actions, messages = planned(github)
    assert actions == (["none"] if holds else ["disable", "none"])
    expected = (
        f"REG: old stays, because {target} left the spec and can still have it; delete the triplet "
        "there, or add the target again. If it does not exist any more, delete the Actions "
        "variable STATE"
    )
    assert messages == ([expected] if holds else [])


@pytest.mark.parametrize(
    "records",
    [{(GONE, "REG"): AFTER}, {(GONE, "HUB"): BEFORE}, {(APP, "REG"): BEFORE}],
    ids=["has the current one", "another registry", "still in the spec"],
)
def test_other_targets_hold_nothing(records: Mapping[tuple[Target, str], object]) -> None:
    github = observed(records)  # type: ignore[arg-type]
    assert find_departed(PLAN, {"STORE": GENERATION}, github) == ()
    assert planned(github) == (["disable", "none"], [])


def test_a_record_without_a_password_holds_it() -> None:
    """It is unknown when the password was written."""
    assert planned(observed({(GONE, "REG"): {}}))[0] == ["none"]


def test_a_state_that_cannot_be_read_holds_it() -> None:
    """A target that only the state names can have it."""
    actions, (message,) = planned(observed({}, state=None, state_unreadable=True))
    assert actions == ["none"]
    assert message == (
        "REG: old stays, because the state cannot be read, so a target that left the spec can "
        "still have it; make the state readable"
    )


def test_without_a_state_it_is_retired_with_a_warning() -> None:
    """Nothing else knows the targets that left the spec."""
    actions, (message,) = planned(observed({}, state=None))
    assert actions == ["disable", "none"]
    assert "a target that left the spec can still have it. Set `state` to notice" in message


def test_a_plan_that_cannot_read_the_issuer_says_so() -> None:
    unread = replace(GENERATION, listed=None, issuer_error="no ID token", must_see=False)
    plan = add_credential_changes(PLAN, {"STORE": unread}, observed({}))
    assert [(note.level, note.message) for note in plan.notes] == [
        ("warning", "REG: what exists at the issuer is not known: no ID token")
    ]
