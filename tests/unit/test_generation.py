"""When a credential is created, to the second, and what takes its place."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.generation import (
    CredentialChange,
    CredentialLife,
    GenerationDecision,
    ObservedGeneration,
)
from codespaces_registry_secrets.planning.generation import (
    credential_change,
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


def test_an_error_of_the_journal_blocks_everything() -> None:
    """The change says why, at the place of the registry."""
    observed = replace(observe(current()), error="the journal is damaged")
    decision = decide_generation(observed, NOW)
    assert (decision.status, decision.reason) == ("unavailable", "the journal is damaged")
    assert decision.changes == (credential_change(observed, "blocked", "the journal is damaged"),)
    assert decision.changes[0] == CredentialChange(
        registry="REG",
        kind="aws-iam-access-key",
        store="STORE",
        action="blocked",
        reason="the journal is damaged",
        where=observed.where,
    )


def test_a_shard_without_a_credential_is_blocked() -> None:
    """Only a run without a shard creates one, and deletes orphans."""
    observed = observe(None, listed=("orphan",), intent=frozenset())
    decision = decide_generation(observed, NOW, stores_only=True)
    message = "there is no credential yet; run without `shard` first"
    assert decision.status == "unavailable"
    assert [(change.action, change.reason) for change in decision.changes] == [("blocked", message)]


@pytest.mark.parametrize("stored", [True, False])
def test_the_status_says_whether_every_target_has_it(*, stored: bool) -> None:
    """With the time of its creation; also if a new one is due that cannot be created."""
    status = "current" if stored else "unfinished"
    kept = decide_generation(observe(current(stored=stored)), NOW)
    assert (kept.status, kept.created) == (status, NOW - DAY)
    observed = observe(
        current(20 * DAY, lifetime=21 * DAY, stored=stored), listed=("foreign", "new")
    )
    waiting = decide_generation(observed, NOW)
    assert (waiting.status, waiting.created) == (status, NOW - 20 * DAY)
    assert [change.action for change in waiting.changes] == ["blocked"]


def test_a_dead_credential_with_the_policy_missing_deletes_orphans() -> None:
    """And is not stored."""
    observed = observe(current(), listed=("orphan",), intent=frozenset(), rotate=MISSING)
    assert decide(observed) == ("unavailable", [("delete", "orphan"), ("none", None)])
    assert "deleted outside of this Action, and this run creates no new one" in reason(observed)


def test_the_lives_of_credentials() -> None:
    """The newest first, each with the time and the kind of its end, if that is known."""
    newest = current(9 * DAY)
    disabled = previous("disabled", 60 * DAY, disabled=SECOND)
    enabled = previous("enabled", 50 * DAY, disabled=DAY)
    replaced = previous("replaced", 40 * DAY)
    observed = observe(newest, disabled, enabled, replaced, disabled=frozenset({"disabled"}))

    assert list(credential_lives(observed)) == [
        CredentialLife("REG", "new", newest.created, newest.stored),
        CredentialLife(
            "REG", "replaced", replaced.created, replaced.stored, NOW - 8 * DAY, "is disabled"
        ),
        CredentialLife("REG", "enabled", enabled.created, enabled.stored),
        CredentialLife(
            "REG", "disabled", disabled.created, disabled.stored, NOW - SECOND + DAY, "is deleted"
        ),
    ]
    assert reason(observed).endswith(
        "; replaced is disabled after 2026-02-21 03:00 UTC"
        "; disabled is deleted after 2026-03-02 02:59 UTC"
    )


def test_the_life_of_a_credential_with_an_expiry() -> None:
    """One that nothing replaced has no other end."""
    newest = current(stored=False, lifetime=30 * DAY)
    old = previous("old", 40 * DAY)
    assert list(credential_lives(observe(newest, old, can_disable=False))) == [
        CredentialLife("REG", "new", newest.created, None, NOW + 29 * DAY, "expires"),
        CredentialLife("REG", "old", old.created, old.stored),
    ]
    assert list(credential_lives(observe(None))) == []
    (life,) = list(credential_lives(observe(current(DAY), old, can_disable=False)))[1:]
    assert (life.ends, life.end) == (NOW, "is deleted")


def test_a_full_issuer_waits_for_one_that_is_enabled_again() -> None:
    """Only people disable it, so it has no time."""
    observed = observe(
        current(40 * DAY), previous("old", 80 * DAY, disabled=30 * DAY), rotate=MONTHLY
    )
    assert decide(observed) == ("current", [("none", None)])
    assert reason(observed).endswith("; waits until somebody disables old at the issuer")
