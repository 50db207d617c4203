"""When a credential is created, to the second, and what takes its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.generation import GenerationDecision, ObservedGeneration
from codespaces_registry_secrets.planning.generation import (
    credential_lives,
    decide_generation,
)
from generation_cases import DAY, NOW, SECOND, current, observe, previous

MONTHLY = RotationPolicy.model_validate({"max-age": "30d"})
ALWAYS, MISSING = RotationPolicy(when="always"), RotationPolicy(when="missing")


def decide(observed: ObservedGeneration) -> tuple[str, list[tuple[str, str | None]]]:
    """The status, and each change with its id."""
    decision = decide_generation(observed, NOW)
    return decision.status, [(change.action, change.id) for change in decision.changes]


def reason(observed: ObservedGeneration) -> str:
    """The reason of the last change."""
    return decide_generation(observed, NOW).changes[-1].reason


NEW = ("new", [("generate", None)])
NONE = ("current", [("none", "new")])


@pytest.mark.parametrize(
    ("age", "expected"), [(30 * DAY, NONE), (30 * DAY + SECOND, NEW), (29 * DAY, NONE)]
)
def test_max_age_is_exceeded_after_it(age: timedelta, expected: object) -> None:
    """A credential of exactly `max-age` stays."""
    assert decide(observe(current(age), rotate=MONTHLY)) == expected


@pytest.mark.parametrize(("age", "expected"), [(60 * DAY - SECOND, NONE), (60 * DAY, NEW)])
def test_a_credential_is_renewed_at_two_thirds_of_its_life(
    age: timedelta, expected: object
) -> None:
    """From that second on."""
    assert decide(observe(current(age, lifetime=90 * DAY))) == expected


def test_the_earlier_of_two_times_counts() -> None:
    """And it is shown as the next one."""
    observed = observe(current(lifetime=90 * DAY), rotate=MONTHLY)
    assert "the next one is due at 2026-03-30 03:00 UTC" in reason(observed)
    observed = observe(current(lifetime=30 * DAY), rotate=MONTHLY)
    assert "the next one is due at 2026-03-20 03:00 UTC" in reason(observed)


def test_without_a_time_it_is_never_due() -> None:
    """Which the reason says."""
    assert decide(observe(current(1000 * DAY))) == NONE
    assert "never replaced without `rotate: {max-age: …}`" in reason(observe(current()))


def test_the_policy_always_finishes_first() -> None:
    """A new one in each run, but not before the last one is everywhere."""
    assert decide(observe(current(SECOND), rotate=ALWAYS)) == NEW
    unfinished = observe(current(SECOND, stored=False), rotate=ALWAYS)
    assert decide(unfinished) == ("unfinished", [("none", "new")])


def test_the_policy_missing_creates_only_the_first() -> None:
    """It never replaces one."""
    assert decide(observe(None, rotate=MISSING)) == NEW
    assert decide(observe(current(1000 * DAY, lifetime=1001 * DAY), rotate=MISSING)) == NONE


@pytest.mark.parametrize("stored", [True, False])
def test_a_dead_credential_is_replaced(*, stored: bool) -> None:
    """Disabled or deleted by hand, or expired."""
    disabled = observe(current(stored=stored), disabled=frozenset({"new"}))
    deleted = observe(current(stored=stored), listed=())
    expired = observe(current(30 * DAY, lifetime=30 * DAY, stored=stored))
    assert [decide(one) for one in (disabled, deleted, expired)] == [NEW] * 3
    assert "new was disabled outside of this Action" in reason(disabled)
    assert "new was deleted outside of this Action" in reason(deleted)
    assert "new expired at 2026-03-01 03:00 UTC" in reason(expired)


def test_a_full_issuer_waits_for_an_own_old_credential() -> None:
    """With the time of its deletion, and never before now."""
    observed = observe(current(SECOND), previous("old", 40 * DAY), rotate=ALWAYS)
    assert decide(observed) == ("current", [("none", None)])
    assert "waits until 2026-03-03 02:59 UTC" in reason(observed)
    late = observe(current(40 * DAY), previous("old", 80 * DAY), rotate=MONTHLY)
    assert "waits until 2026-03-02 03:00 UTC" in reason(late)
    disabled = observe(
        current(40 * DAY),
        previous("old", 80 * DAY, disabled=DAY / 2),
        disabled=frozenset({"old"}),
        rotate=MONTHLY,
    )
    assert "waits until 2026-03-01 15:00 UTC" in reason(disabled)
    cannot = replace(late, can_disable=False)
    assert "waits until 2026-03-01 03:00 UTC" in reason(cannot)


def test_an_own_old_credential_is_waited_for_beside_foreign_ones() -> None:
    """People have to delete one only if none of the Action's own leaves by itself."""
    listed = ("foreign", "old", "new")
    observed = observe(
        current(40 * DAY), previous("old", 80 * DAY), listed=listed, limit=3, rotate=MONTHLY
    )
    assert decide(observed) == ("current", [("none", None)])


def test_foreign_credentials_block() -> None:
    """They are named, and the current one stays at the targets."""
    observed = observe(current(40 * DAY), listed=("foreign", "new"), rotate=MONTHLY)
    assert decide(observed) == ("current", [("blocked", None)])
    assert "foreign is not of this Action; delete one that is not used" in reason(observed)
    first = observe(None, listed=("a", "b"))
    assert decide(first) == ("unavailable", [("blocked", None)])
    assert "a, b is not of this Action" in reason(first)


def test_a_dead_credential_that_has_to_wait_is_an_error() -> None:
    """Its targets are rejected until the old one has made place."""
    observed = observe(
        current(), previous("old", 40 * DAY), disabled=frozenset({"new"}), rotate=MONTHLY
    )
    assert decide(observed) == ("unavailable", [("blocked", None)])
    assert "new was disabled outside of this Action, and all 2 credentials" in reason(observed)
    assert "waits until 2026-03-02 03:00 UTC" in reason(observed)


def test_an_expired_credential_whose_place_can_be_taken_takes_none() -> None:
    """As a password of a registry at Azure."""
    observed = observe(
        current(30 * DAY, lifetime=30 * DAY),
        previous("old", 40 * DAY),
        replaceable=frozenset({"new"}),
    )
    assert decide(observed) == NEW
    foreign = observe(
        current(40 * DAY),
        listed=("foreign", "new"),
        replaceable=frozenset({"foreign"}),
        rotate=MONTHLY,
    )
    assert decide(foreign) == NEW


def test_orphans_are_deleted_first() -> None:
    """They take no place, and are only what appeared after an intent."""
    observed = observe(None, listed=("before", "orphan"), intent=frozenset({"before"}))
    assert decide(observed) == ("new", [("delete", "orphan"), ("generate", None)])
    without = observe(None, listed=("before", "unknown"), limit=3)
    assert decide(without) == NEW


def test_a_replaceable_orphan_is_counted_once() -> None:
    """Neither as an orphan nor as expired it takes a place."""
    observed = observe(
        current(40 * DAY),
        listed=("foreign", "orphan", "new"),
        intent=frozenset({"foreign"}),
        replaceable=frozenset({"orphan"}),
        rotate=MONTHLY,
    )
    assert decide(observed)[0] == "current"
    assert decide(observed)[1] == [("delete", "orphan"), ("blocked", None)]


def test_a_shard_stores_and_changes_nothing() -> None:
    """Whatever is due."""
    observed = replace(observe(current(40 * DAY), rotate=MONTHLY), listed=None)
    decision = decide_generation(observed, NOW, stores_only=True)
    assert (decision.status, decision.changes) == ("current", ())


def test_a_new_credential_knows_the_time_of_the_last_one() -> None:
    """With it, a triplet of two credentials is found, so that it is finished first."""
    decision = decide_generation(observe(current(40 * DAY), rotate=MONTHLY), NOW)
    assert decision == GenerationDecision("new", decision.reason, NOW - 40 * DAY, decision.changes)


def test_a_shard_without_a_credential_is_an_error() -> None:
    """It cannot create one."""
    decision = decide_generation(observe(None), NOW, stores_only=True)
    assert decision.status == "unavailable"
    assert [change.action for change in decision.changes] == ["blocked"]
    assert decision.reason == "there is no credential yet; run without `shard` first"


def test_a_dead_credential_is_stored_nowhere() -> None:
    """With the policy `missing`, which creates no new one, and in a shard."""
    deleted = observe(current(), listed=(), rotate=MISSING)
    assert decide(deleted) == ("unavailable", [("none", None)])
    expected = "new was deleted outside of this Action, and this run creates no new one"
    assert reason(deleted) == expected
    shard = decide_generation(replace(deleted, rotate=MONTHLY), NOW, stores_only=True)
    assert (shard.status, shard.reason, shard.changes) == ("unavailable", expected, ())


def test_a_full_issuer_waits_until_the_current_one_is_everywhere() -> None:
    """Only then the time of the old one begins."""
    observed = observe(
        current(80 * DAY, lifetime=90 * DAY, stored=False), previous("old", 90 * DAY)
    )
    assert decide(observed) == ("unfinished", [("none", None)])
    assert "waits until every target has the current credential" in reason(observed)


@pytest.mark.parametrize(
    ("must_see", "expected"), [(True, ("current", [("blocked", None)])), (False, NEW)]
)
def test_an_issuer_that_cannot_be_read_is_an_error_only_if_the_run_creates(
    *, must_see: bool, expected: object
) -> None:
    """A plan can have less permissions, and shows what is due."""
    due = observe(current(40 * DAY), rotate=MONTHLY)
    unread = replace(due, listed=None, issuer_error="no ID token", must_see=must_see)
    assert decide(unread) == expected


def test_a_full_issuer_waits_for_one_that_is_enabled_again() -> None:
    """Only people disable it, so it has no time."""
    observed = observe(
        current(40 * DAY), previous("old", 80 * DAY, disabled=30 * DAY), rotate=MONTHLY
    )
    assert decide(observed) == ("current", [("none", None)])
    assert reason(observed).endswith("; waits until somebody disables old at the issuer")


def test_a_credential_that_is_enabled_again_has_no_end() -> None:
    """Nobody knows when it is disabled again."""
    observed = observe(current(), previous("old", 40 * DAY, disabled=DAY))
    assert [(life.id, life.ends) for life in credential_lives(observed)] == [
        ("new", None),
        ("old", None),
    ]
