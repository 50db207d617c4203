"""When a stored credential is due, by its policy and the ages that are known."""

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
    """The change for a source that was changed, and members that were stored, at these times."""
    times = {part: others.get(part.lower(), stored) for part in Part}
    names = {part: secret_name("ACR", part) for part in Part}
    secrets = {names[part]: ObservedSecret(names[part], times[part]) for part in Part}
    changed = {"ACR_PASSWORD": source} if source else {}
    observed = Observed({TARGET: ObservedTarget(secrets, NOW)}, {}, {}, changed)
    (change,) = compute_plan([desired], observed, 0.3).changes
    return change


def policy(when: str = "changed", days: int | None = None) -> Desired:
    """The same triplet under another policy."""
    text = {"when": when} | ({"max-age": timedelta(days=days)} if days else {})
    return replace(DESIRED, rotate=RotationPolicy.model_validate(text))


def test_a_source_that_is_newer_is_stored_again() -> None:
    """As `make` would, and this is drift."""
    change = planned(STORED + timedelta(days=1))

    assert (change.action, change.drift, len(change.steps)) == ("rotate", True, 3)
    assert change.reason == ("its source was changed at 2026-10-13 03:00 UTC")


def test_a_source_that_is_older_is_left() -> None:
    """Nothing is written night after night."""
    assert planned(STORED - timedelta(seconds=1)).action == "none"


@pytest.mark.parametrize(("seconds", "action"), [(0, "none"), (9, "none"), (11, "rotate")])
def test_two_clocks_of_github_need_not_agree_to_the_second(seconds: int, action: str) -> None:
    """Both were written in one go; a lagging `updated_at` must not rotate for ever."""
    assert planned(STORED + timedelta(seconds=seconds)).action == action


def test_a_rotation_that_broke_off_goes_on_where_it_stopped() -> None:
    """What was written after the source changed is not written again."""
    change = planned(STORED + timedelta(days=1), password=STORED + timedelta(days=2))

    assert [step.part for step in change.steps] == [Part.USER, Part.SERVER]


def test_an_unknown_age_writes_to_be_safe() -> None:
    """Which is no drift."""
    change = planned(None)

    assert (change.action, change.drift) == ("rotate", False)


@pytest.mark.parametrize("username", [Source(env="ACR_USER"), Source(secret="ACR_USER")])
def test_one_source_of_unknown_age_is_enough_to_write(username: Source) -> None:
    """A new user name or password must not be missed because the other is old."""
    credential = replace(DESIRED.credential, username=username) if DESIRED.credential else None

    change = planned(STORED - timedelta(days=1), desired=replace(DESIRED, credential=credential))

    assert (change.action, change.drift) == ("rotate", False)


@pytest.mark.parametrize(("days", "action"), [(19, "rotate"), (20, "none"), (21, "none")])
def test_max_age_rotates_besides(days: int, action: str) -> None:
    """A password that is older than that is written again, its source changed or not."""
    assert planned(STORED - timedelta(days=1), desired=policy(days=days)).action == action


def test_the_reason_of_max_age_gives_both_numbers() -> None:
    """How old it is, and how old it may be."""
    change = planned(None, desired=policy("missing", days=10))

    assert change.reason == "the stored password is 20d old, and `max-age` is 10d"
    assert change.drift


def test_missing_never_overwrites() -> None:
    """Whatever the ages say."""
    assert planned(NOW, desired=policy("missing")).action == "none"


def test_always_writes() -> None:
    """Whatever the ages say."""
    assert planned(STORED - timedelta(days=1), desired=policy("always")).action == "rotate"
