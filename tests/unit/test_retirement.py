"""When old credentials are disabled and deleted, to the second."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from codespaces_registry_secrets.model.generation import ObservedGeneration
from codespaces_registry_secrets.model.plan import Change, Note
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.planning.generation import decide_generation
from codespaces_registry_secrets.planning.retirement import plan_retirement
from generation_cases import DAY, NOW, RETIRE_AFTER, SECOND, current, observe, previous

UNCHANGED = Change(Repository("octo-org/app"), "REG", "none", "up to date")
BLOCKED = UNCHANGED.blocked("archived")
OLD = previous("old", 40 * DAY)


def retire(
    observed: ObservedGeneration,
    changes: Sequence[Change] = (UNCHANGED,),
    hold: str | None = None,
) -> tuple[list[tuple[str, str | None]], list[str]]:
    """Each change with its id, and the warnings."""
    decision = decide_generation(observed, NOW)
    planned, notes = plan_retirement(observed, decision, changes, hold, NOW)
    return [(change.action, change.id) for change in planned], [note.message for note in notes]


@pytest.mark.parametrize(
    ("age", "expected"), [(RETIRE_AFTER, [("disable", "old")]), (RETIRE_AFTER - SECOND, [])]
)
def test_an_old_credential_is_disabled_after_retire_after(age: timedelta, expected: object) -> None:
    """From that second on, since its successor was stored everywhere."""
    assert retire(observe(current(age), OLD)) == (expected, [])


@pytest.mark.parametrize(
    ("ago", "expected"), [(RETIRE_AFTER, [("delete", "old")]), (RETIRE_AFTER - SECOND, [])]
)
def test_a_disabled_credential_is_deleted_after_another_time(
    ago: timedelta, expected: object
) -> None:
    """From that second on, since it was disabled."""
    old = previous("old", 40 * DAY, disabled=ago)
    assert retire(observe(current(9 * DAY), old, disabled=frozenset({"old"}))) == (expected, [])


def test_a_credential_that_cannot_be_disabled_is_deleted() -> None:
    """At the first of the two times."""
    assert retire(observe(current(), OLD, can_disable=False)) == ([("delete", "old")], [])


def test_a_credential_is_superseded_by_the_first_that_was_everywhere() -> None:
    """One that never reached every target supersedes none."""
    never = previous("never", 20 * DAY, stored=False)
    fresh = replace(observe(current(RETIRE_AFTER / 2), OLD, never), limit=5)
    assert retire(fresh) == ([], [])
    middle = previous("middle", 20 * DAY)
    assert retire(replace(observe(current(SECOND), OLD, middle), limit=5)) == (
        [("disable", "old")],
        [],
    )


@pytest.mark.parametrize("change", [BLOCKED, replace(UNCHANGED, action="blocked")])
def test_a_target_that_is_not_up_to_date_holds_it(change: Change) -> None:
    """Among others that are."""
    assert retire(observe(current(9 * DAY), OLD), [UNCHANGED, change]) == ([], [])


def test_an_unfinished_or_due_credential_holds_it() -> None:
    """The targets are not known to have the current one, or get another."""
    assert retire(observe(current(9 * DAY, stored=False), OLD)) == ([], [])
    assert retire(observe(current(9 * DAY, lifetime=9 * DAY), OLD, limit=5)) == ([], [])


def test_a_target_that_left_the_spec_holds_it() -> None:
    """With a warning that names it; a disabled one is deleted all the same."""
    planned, (warning,) = retire(observe(current(9 * DAY), OLD), hold="a/b can still have it")
    assert planned == []
    assert warning == "REG: old stays, because a/b can still have it"
    disabled = observe(
        current(9 * DAY), previous("old", 40 * DAY, disabled=DAY), disabled=frozenset({"old"})
    )
    assert retire(disabled, hold="a/b can still have it") == ([("delete", "old")], [])


@pytest.mark.parametrize(
    ("unused", "kept"), [(2 * DAY - SECOND, True), (2 * DAY, False), (3 * DAY, False)]
)
def test_a_credential_that_was_used_since_is_kept(unused: timedelta, *, kept: bool) -> None:
    """By the time since its last use alone: the clocks of both services can differ."""
    planned, warnings = retire(observe(current(2 * DAY), OLD, unused_for={"old": unused}))
    assert planned == ([] if kept else [("disable", "old")])
    assert bool(warnings) == kept
    assert all("after every target had the new credential" in text for text in warnings)


def test_a_credential_whose_last_use_is_unknown_is_kept() -> None:
    """The issuer tells it, but not now."""
    planned, (warning,) = retire(observe(current(2 * DAY), OLD, use_errors={"old": "AWS is down"}))
    assert planned == []
    assert "old stays, because its last use is unknown: AWS is down" in warning


def test_a_credential_that_was_disabled_by_hand_is_written_down() -> None:
    """The time until its deletion begins now."""
    observed = observe(current(9 * DAY), OLD, disabled=frozenset({"old"}))
    assert retire(observed) == ([("disable", "old")], [])


def test_a_credential_that_no_longer_exists_is_left_out() -> None:
    """And so is a foreign one, which is never touched."""
    observed = observe(current(9 * DAY), OLD, listed=("new", "foreign"), limit=5)
    assert retire(observed) == ([], [])


def test_each_old_credential_is_decided_on_its_own() -> None:
    """One that no longer exists, or that stays, does not stop those after it."""
    gone, enabled = previous("gone", 60 * DAY), previous("enabled", 50 * DAY, disabled=20 * DAY)
    observed = observe(current(9 * DAY), gone, enabled, OLD, listed=("enabled", "old", "new"))
    decision = decide_generation(observed, NOW)

    planned, notes = plan_retirement(observed, decision, [UNCHANGED], None, NOW)

    assert [(change.action, change.id) for change in planned] == [("disable", "old")]
    assert planned[0].reason == "replaced everywhere 9d ago"
    assert notes == [
        Note(
            "warning",
            "REG: enabled was disabled and is enabled again, so it is not deleted; disable it at "
            "the issuer when nothing uses it",
            observed.where,
        )
    ]


def test_the_warning_about_a_kept_credential_is_at_its_registry() -> None:
    """In the spec."""
    observed = observe(current(9 * DAY), OLD)
    decision = decide_generation(observed, NOW)

    _, notes = plan_retirement(observed, decision, [UNCHANGED], "a/b can still have it", NOW)

    assert [note.where for note in notes] == [observed.where]


def test_the_reasons_have_the_times() -> None:
    """Since the disabling, and of an outside one what happens now."""
    disabled = previous("old", 40 * DAY, disabled=3 * DAY)
    for old, reason in (
        (disabled, "disabled 3d ago"),
        (OLD, "was disabled outside of this Action, which is written down now"),
    ):
        observed = observe(current(9 * DAY), old, disabled=frozenset({"old"}))
        decision = decide_generation(observed, NOW)
        planned, _ = plan_retirement(observed, decision, [], None, NOW)
        assert [change.reason for change in planned] == [reason]
