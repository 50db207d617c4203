"""Parsing a shard, splitting targets into shards, and the number of shards a plan needs."""

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
    """Repositories with numbered names."""
    return [Repository(f"octo-org/svc-{number:05}") for number in range(count)]


def plan(targets: list[Target], steps: tuple[Step, ...] = VALUES) -> Plan:
    """The same change at each target."""
    return Plan(tuple(Change(target, "ACR", "create", "", steps=steps) for target in targets))


def matrix(sharded: Plan, writes_per_minute: int = 60) -> list[str]:
    """The shards in the matrix, as text."""
    return [str(shard) for shard in shard_matrix(sharded, writes_per_minute)]


@pytest.mark.parametrize("text", ["1/1", "2/5", "256/256", "7/12"])
def test_a_shard_is_parsed_and_formatted(text: str) -> None:
    """In the form of the input and the output."""
    assert str(parse_shard(text)) == text


@pytest.mark.parametrize(
    "text", ["0/1", "2/1", "1/257", "257/257", "1", "1/", "/2", "1/2/3", "-1/2", "1 / 2", "01/2"]
)
def test_an_invalid_shard_is_none(text: str) -> None:
    """Numbers start at 1, and a matrix has at most 256 jobs."""
    assert parse_shard(text) is None


def test_every_spelling_of_a_target_is_in_the_same_shard() -> None:
    """GitHub's names ignore case; `@me` and a login are the same user."""
    for target, other in [
        (Repository("Octo-Org/App"), Repository("octo-org/app")),
        (User(ME), User("octocat")),
    ]:
        shards = [[n for n in range(1, 8) if Shard(n, 7).has(t)] for t in (target, other)]
        assert shards[0] == shards[1]
        assert len(shards[0]) == 1


def test_the_shard_depends_on_the_scope() -> None:
    """Targets of one name but different scopes can be in different shards."""
    targets = [Organization(f"name-{n}") for n in range(50)]
    others = [Repository(f"name-{n}") for n in range(50)]

    assert [Shard(1, 2).has(t) for t in targets] != [Shard(1, 2).has(t) for t in others]


def test_shards_are_about_even() -> None:
    """Even if names differ only in a digit."""
    targets = repositories(5000)

    sizes = [sum(Shard(n, 8).has(target) for target in targets) for n in range(1, 9)]

    assert sum(sizes) == 5000
    assert max(sizes) < 1.15 * 5000 / 8


def test_an_unresolved_glob_is_in_every_shard() -> None:
    """A shard must not succeed if its repositories could not be listed."""
    glob = Repository("octo-org/svc-*")
    triplet = Desired(glob, "ACR", None, RotationPolicy(), None, None, Location())

    assert [split_by_shard([triplet], Shard(n, 9), {glob})[0] for n in range(1, 10)] == [
        (triplet,)
    ] * 9
    assert sum(len(split_by_shard([triplet], Shard(n, 9), ())[0]) for n in range(1, 10)) == 1
    assert split_by_shard([triplet], None, ()) == ((triplet,), ())


def test_a_small_plan_is_one_shard() -> None:
    """It fits one job."""
    assert matrix(plan(repositories(600))) == ["1/1"]


def test_a_shard_keeps_to_the_requests_of_a_token() -> None:
    """5,000 repositories with one triplet are 30,000 requests: each writes three and reads three."""
    shards = shard_matrix(plan(repositories(5000)), 60)

    assert 8 <= len(shards) <= 10
    for shard in shards:
        assert 6 * sum(shard.has(target) for target in repositories(5000)) <= MAX_REQUESTS_PER_JOB


def test_a_shard_keeps_to_the_minutes_of_a_job() -> None:
    """With one write a minute, 600 repositories would take 30 hours."""
    shards = shard_matrix(plan(repositories(600)), 1)

    assert 6 < len(shards) <= 9
    for shard in shards:
        assert 3.2 * sum(shard.has(target) for target in repositories(600)) <= MAX_JOB_MINUTES


def test_reading_counts_too_with_a_low_rate() -> None:
    """With one write a minute, 15 reads fit in a minute: 4,500 targets take a job's five hours."""
    idle = plan(repositories(3800), ())

    assert matrix(Plan((*idle.changes, *plan([Organization("octo-org")]).changes)), 1) == ["1/1"]
    busy = plan(repositories(5000)[3800:3880])
    assert len(matrix(Plan((*idle.changes, *busy.changes)), 1)) > 1


def test_a_shard_without_writes_is_left_out() -> None:
    """A plan without writes has no shards."""
    assert matrix(plan(repositories(50), ())) == []
    assert matrix(Plan(())) == []
    idle = plan(repositories(9000), ())
    busy = plan([Organization("octo-org")])
    (shard,) = shard_matrix(Plan((*idle.changes, *busy.changes)), 60)
    assert shard.of > 1
    assert shard.has(Organization("octo-org"))


def test_a_target_that_exceeds_the_limits_is_in_one_shard() -> None:
    """A list that needs 20,000 requests belongs to one target, which cannot be split."""
    adding = (Step(Part.PASSWORD, value=False, add=tuple(range(20_000))),)

    assert matrix(plan([Organization("octo-org")], adding)) == ["1/1"]


def test_a_matrix_has_at_most_256_jobs() -> None:
    """With more work, the jobs exceed the rate limit and wait."""
    shards = shard_matrix(plan(repositories(3000)), 1)
    huge = Plan(
        tuple(
            replace_registry(change, n)
            for change in plan(repositories(3000)).changes
            for n in range(11)
        )
    )

    assert len(shards) < 256
    assert {shard.of for shard in shard_matrix(huge, 1)} == {256}


def replace_registry(change: Change, number: int) -> Change:
    """The same change for another registry."""
    return Change(change.target, f"R{number}", change.action, "", steps=change.steps)


def adding(target: Target, repositories: int, registry: str = "ACR") -> Change:
    """A change that sends so many requests."""
    steps = (Step(Part.PASSWORD, value=False, add=tuple(range(repositories))),)
    return Change(target, registry, "access", "", steps=steps)


@pytest.mark.parametrize(
    ("requests", "writes_per_minute", "one"),
    [
        # Two targets, which read three times each: 4,000 requests in all.
        ((1997, 1997), 1000, True),
        ((1997, 1998), 1000, False),
        # Five targets: 4,500 points in all, 15 for each write and 3 for the reads of each target.
        ((60, 60, 60, 60, 59), 1, True),
        ((60, 60, 60, 60, 60), 1, False),
    ],
)
def test_a_shard_can_use_its_limits_up(
    requests: tuple[int, ...], writes_per_minute: int, *, one: bool
) -> None:
    """To the last request of an hour, and the last point of a job."""
    targets = repositories(len(requests))
    changes = tuple(map(adding, targets, requests))

    assert (len(matrix(Plan(changes), writes_per_minute)) == 1) == one


def test_all_changes_of_a_target_count() -> None:
    """Two registries at a target need twice the writes."""
    changes = [
        adding(target, 999, registry) for target in repositories(2) for registry in ("A", "B")
    ]

    assert len(matrix(Plan(tuple(changes)), 1000)) == 2
