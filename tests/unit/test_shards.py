"""A shard is read, has its targets, and there are as many as a plan needs."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.plan import Change, Plan, Step
from codespaces_registry_secrets.model.targets import (
    ME,
    Organization,
    Repository,
    Shard,
    Target,
    User,
    parse_shard,
)
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.sharding import (
    MAX_JOB_MINUTES,
    MAX_REQUESTS_PER_JOB,
    shard_matrix,
    split_by_shard,
)

VALUES = tuple(Step(part, value=True) for part in Part)


def repositories(count: int) -> list[Target]:
    """Names like those of an organization with a scheme."""
    return [Repository(f"octo-org/svc-{number:05}") for number in range(count)]


def plan(targets: list[Target], steps: tuple[Step, ...] = VALUES) -> Plan:
    """The same change at each target."""
    return Plan(tuple(Change(target, "ACR", "create", "", steps=steps) for target in targets))


def told(found: Plan, writes_per_minute: int = 60) -> list[str]:
    """The matrix, as the output has it."""
    return [str(one) for one in shard_matrix(found, writes_per_minute)]


@pytest.mark.parametrize("text", ["1/1", "2/5", "256/256", "7/12"])
def test_a_shard_reads_as_it_is_written(text: str) -> None:
    """As inputs and outputs have it."""
    assert str(parse_shard(text)) == text


@pytest.mark.parametrize(
    "text", ["0/1", "2/1", "1/257", "257/257", "1", "1/", "/2", "1/2/3", "-1/2", "1 / 2", "01/2"]
)
def test_what_is_no_shard_is_none(text: str) -> None:
    """Counted from one on, at most as many as a matrix has jobs."""
    assert parse_shard(text) is None


def test_a_target_is_in_the_same_shard_however_it_is_written() -> None:
    """GitHub's names ignore case; `@me` and a login are one user, the token's."""
    for one, other in [
        (Repository("Octo-Org/App"), Repository("octo-org/app")),
        (User(ME), User("octocat")),
    ]:
        homes = [[n for n in range(1, 8) if Shard(n, 7).has(target)] for target in (one, other)]
        assert homes[0] == homes[1]
        assert len(homes[0]) == 1


def test_scopes_of_one_name_are_different_targets() -> None:
    """Otherwise an organization would share its shard with a user of its name for no reason."""
    targets = [Organization(f"name-{n}") for n in range(50)]
    others = [Repository(f"name-{n}") for n in range(50)]

    assert [Shard(1, 2).has(t) for t in targets] != [Shard(1, 2).has(t) for t in others]


def test_shards_are_about_even() -> None:
    """Names that differ in a digit are spread as well as any."""
    targets = repositories(5000)

    sizes = [sum(Shard(n, 8).has(target) for target in targets) for n in range(1, 9)]

    assert sum(sizes) == 5000
    assert max(sizes) < 1.15 * 5000 / 8


def test_a_glob_of_which_nothing_is_known_is_in_every_shard() -> None:
    """A shard that could not list the repositories must not end well."""
    glob = Repository("octo-org/svc-*")
    one = Desired(glob, "ACR", None, RotationPolicy(), None, None, Location())

    assert [split_by_shard([one], Shard(n, 9), {glob})[0] for n in range(1, 10)] == [(one,)] * 9
    assert sum(len(split_by_shard([one], Shard(n, 9), ())[0]) for n in range(1, 10)) == 1
    assert split_by_shard([one], None, ()) == ((one,), ())


def test_a_small_plan_is_one_shard() -> None:
    """What one job can do needs no more."""
    assert told(plan(repositories(600))) == ["1/1"]


def test_a_token_has_so_many_requests() -> None:
    """5,000 repositories with one triplet are 30,000 requests: each writes three and reads three."""
    shards = shard_matrix(plan(repositories(5000)), 60)

    assert 8 <= len(shards) <= 10
    for one in shards:
        assert 6 * sum(one.has(target) for target in repositories(5000)) <= MAX_REQUESTS_PER_JOB


def test_a_job_has_so_many_minutes() -> None:
    """With one write a minute, 600 repositories would take 30 hours."""
    shards = shard_matrix(plan(repositories(600)), 1)

    assert 6 < len(shards) <= 9
    for one in shards:
        assert 3.2 * sum(one.has(target) for target in repositories(600)) <= MAX_JOB_MINUTES


def test_reading_takes_time_too_where_the_pace_is_slow() -> None:
    """Fifteen reads a minute for each write: 4,500 targets to look at are a job's five hours."""
    idle = plan(repositories(3800), ())

    assert told(Plan((*idle.changes, *plan([Organization("octo-org")]).changes)), 1) == ["1/1"]
    busy = plan(repositories(5000)[3800:3880])
    assert len(told(Plan((*idle.changes, *busy.changes)), 1)) > 1


def test_nothing_to_apply_is_no_shard() -> None:
    """Nor are shards whose targets need nothing."""
    assert told(plan(repositories(50), ())) == []
    assert told(Plan(())) == []
    idle = plan(repositories(9000), ())
    one = plan([Organization("octo-org")])
    (only,) = shard_matrix(Plan((*idle.changes, *one.changes)), 60)
    assert only.of > 1
    assert only.has(Organization("octo-org"))


def test_what_no_job_can_take_is_taken_by_one() -> None:
    """A list that needs 20,000 requests is the work of one target, and splits in no way."""
    adding = (Step(Part.PASSWORD, value=False, add=tuple(range(20_000))),)

    assert told(plan([Organization("octo-org")], adding)) == ["1/1"]


def test_a_matrix_has_at_most_256_jobs() -> None:
    """More than that go over their limits, which a run waits for."""
    shards = shard_matrix(plan(repositories(3000)), 1)
    huge = Plan(
        tuple(
            replace_registry(one, n) for one in plan(repositories(3000)).changes for n in range(11)
        )
    )

    assert len(shards) < 256
    assert {one.of for one in shard_matrix(huge, 1)} == {256}


def replace_registry(change: Change, number: int) -> Change:
    """The same change for another registry."""
    return Change(change.target, f"R{number}", change.action, "", steps=change.steps)
