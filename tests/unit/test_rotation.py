"""When a stored credential is rotated, by its policy and the ages of its sources."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Change
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan

NOW = datetime(2026, 11, 1, 3, 0, tzinfo=UTC)
STORED = NOW - timedelta(days=20)
TARGET = Repository("octo-org/app")
DESIRED = Desired(
    target=TARGET,
    registry="ACR",
    credential=Credential("ACR", "ghcr.io", "me", Source(secret="ACR_PASSWORD")),
    rotate=RotationPolicy(),
    visibility=None,
    selection=None,
    where=Location(),
)


def planned(
    source: datetime | None,
    stored: datetime = STORED,
    desired: Desired = DESIRED,
    **others: datetime,
) -> Change:
    """The change if the source was changed, and the members were stored, at these times."""
    times = {part: others.get(part.lower(), stored) for part in Part}
    names = {part: secret_name("ACR", part) for part in Part}
    secrets = {names[part]: ObservedSecret(names[part], times[part]) for part in Part}
    changed = {"ACR_PASSWORD": source} if source else {}
    observed = Observed({TARGET: ObservedTarget(secrets, NOW)}, {}, {}, changed)
    (change,) = compute_plan([desired], observed, 0.3).changes
    return change


def policy(when: str = "changed", days: int | None = None) -> Desired:
    """The same triplet with another policy."""
    text = {"when": when} | ({"max-age": timedelta(days=days)} if days else {})
    return replace(DESIRED, rotate=RotationPolicy.model_validate(text))


def test_a_newer_source_is_stored_again() -> None:
    """This is drift."""
    change = planned(STORED + timedelta(days=1))

    assert (change.action, change.drift, len(change.steps)) == ("rotate", True, 3)
    assert change.reason == ("its source was changed at 2026-10-13 03:00 UTC")


def test_an_older_source_is_not_stored_again() -> None:
    """A nightly run writes nothing."""
    assert planned(STORED - timedelta(seconds=1)).action == "none"


@pytest.mark.parametrize(("seconds", "action"), [(0, "none"), (9, "none"), (11, "rotate")])
def test_clocks_of_github_can_differ_by_seconds(seconds: int, action: str) -> None:
    """Otherwise a late `updated_at` would cause a rotation in every run."""
    assert planned(STORED + timedelta(seconds=seconds)).action == action


def test_an_interrupted_rotation_continues_where_it_stopped() -> None:
    """Members written after the source changed are not written again."""
    change = planned(STORED + timedelta(days=1), password=STORED + timedelta(days=2))

    assert [step.part for step in change.steps] == [Part.USER, Part.SERVER]


def test_a_source_of_unknown_age_is_stored_again() -> None:
    """This is no drift."""
    change = planned(None)

    assert (change.action, change.drift) == ("rotate", False)


@pytest.mark.parametrize("username", [Source(env="ACR_USER"), Source(secret="ACR_USER")])
def test_one_source_of_unknown_age_is_enough(username: Source) -> None:
    """The user name or the password can be new although the other is old."""
    credential = replace(DESIRED.credential, username=username) if DESIRED.credential else None

    change = planned(STORED - timedelta(days=1), desired=replace(DESIRED, credential=credential))

    assert (change.action, change.drift) == ("rotate", False)


@pytest.mark.parametrize(("days", "action"), [(19, "rotate"), (20, "none"), (21, "none")])
def test_max_age_rotates_an_old_password(days: int, action: str) -> None:
    """Even if its source did not change."""
    assert planned(STORED - timedelta(days=1), desired=policy(days=days)).action == action


def test_the_reason_of_max_age_has_both_ages() -> None:
    """The age of the password, and `max-age`."""
    change = planned(None, desired=policy("missing", days=10))

    assert change.reason == "the stored password is 20d old, and `max-age` is 10d"
    assert change.drift


def test_max_age_finishes_a_rotation_that_was_interrupted() -> None:
    """All members are written again: the source can have changed since PASSWORD was written."""
    change = planned(None, desired=policy("missing", days=10), password=NOW - timedelta(days=1))

    assert [step.part for step in change.steps] == list(Part)
    assert change.reason == "the stored USER is 20d old, and `max-age` is 10d"


def test_with_the_other_policies_max_age_is_that_of_the_password() -> None:
    """They see for each member whether it is current, and often write PASSWORD alone."""
    desired = policy("changed", days=10)
    source = NOW - timedelta(days=30)

    change = planned(source, desired=desired, password=NOW - timedelta(days=1))

    assert change.action == "none"


def test_missing_never_overwrites() -> None:
    """Ages do not matter."""
    assert planned(NOW, desired=policy("missing")).action == "none"


def test_always_writes() -> None:
    """Ages do not matter."""
    assert planned(STORED - timedelta(days=1), desired=policy("always")).action == "rotate"
