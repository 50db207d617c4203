"""The laws of sharding, for any plan."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.plan import Change, Plan, Step
from codespaces_registry_secrets.model.targets import (
    MAX_SHARDS,
    ME,
    Organization,
    Repository,
    Shard,
    Target,
    User,
)
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.planning.sharding import (
    MAX_JOB_MINUTES,
    MAX_REQUESTS_PER_JOB,
    READS,
    READS_BEFORE_WRITES,
    shard_matrix,
    split_by_shard,
)

names = st.text("abcdefgh-0123456789", min_size=1, max_size=12)
targets: st.SearchStrategy[Target] = st.one_of(
    names.map(Organization),
    names.map(lambda name: Repository(f"octo-org/{name}")),
    st.sampled_from([User(ME), User("octocat")]),
)
counts = st.integers(1, MAX_SHARDS)
# From nothing to do to more than a job can take.
writes = st.one_of(st.just(0), st.integers(1, 50), st.integers(51, 6000))
plans = st.dictionaries(targets, writes, max_size=40)
# Hundreds of counts are tried for some plans, which takes a busy machine its time.
patient = settings(deadline=None)
paces = st.sampled_from([1, 3, 10, 60, 600])


def plan(given_writes: Mapping[Target, int]) -> Plan:
    """A change at each target with so many requests that write."""
    return Plan(
        tuple(
            Change(target, "ACR", "access", "", steps=(_step(number),) if number else ())
            for target, number in given_writes.items()
        )
    )


def _step(number: int) -> Step:
    return Step(Part.USER, value=False, add=tuple(range(number)))


def requests(given_writes: Mapping[Target, int]) -> int:
    """What a run with these targets sends, by the estimate."""
    return sum(n + (READS_BEFORE_WRITES if n else READS) for n in given_writes.values())


def minutes(given_writes: Mapping[Target, int], pace: int) -> Fraction:
    """How long it takes, with fifteen reads in the time of a write."""
    reads = requests(given_writes) - sum(given_writes.values())
    return (sum(given_writes.values()) + Fraction(reads, 15)) / pace


def fits(given_writes: Mapping[Target, int], pace: int) -> bool:
    """Whether one job can do it."""
    return (
        requests(given_writes) <= MAX_REQUESTS_PER_JOB
        and minutes(given_writes, pace) <= MAX_JOB_MINUTES
    )


def of(shard: Shard, given_writes: Mapping[Target, int]) -> dict[Target, int]:
    """What of it belongs to a shard."""
    return {target: n for target, n in given_writes.items() if shard.has(target)}


def desired(target: Target) -> Desired:
    """A triplet at a target."""
    return Desired(target, "ACR", None, RotationPolicy(), None, None, Location())


@patient
@given(targets, counts)
def test_a_target_is_in_exactly_one_shard(target: Target, count: int) -> None:
    """So that nothing is left out and nothing is done twice."""
    assert sum(Shard(number, count).has(target) for number in range(1, count + 1)) == 1


@patient
@given(st.lists(targets, max_size=30), counts)
def test_the_parts_are_the_whole(listed: list[Target], count: int) -> None:
    """Each triplet once, in the order that it had."""
    triplets = [desired(target) for target in listed]

    both = [split_by_shard(triplets, Shard(number, count), ()) for number in range(1, count + 1)]
    parts = [here for here, _ in both]

    for here, elsewhere in both:
        assert sorted(map(id, (*here, *elsewhere))) == sorted(map(id, triplets))
    assert sorted(map(id, (t for one in parts for t in one))) == sorted(map(id, triplets))
    for one in parts:
        places = [next(n for n, t in enumerate(triplets) if t is u) for u in one]
        assert all(before < after for before, after in pairwise(places))


@patient
@given(st.lists(targets, max_size=30), targets, counts)
def test_a_target_that_comes_or_goes_moves_no_other(
    listed: list[Target], new: Target, count: int
) -> None:
    """Between the plan and its shards a repository may appear."""
    triplets = [desired(target) for target in listed]
    more = [desired(new), *triplets]

    for number in range(1, count + 1):
        before, after = (
            split_by_shard(given_ones, Shard(number, count), ())[0]
            for given_ones in (triplets, more)
        )
        assert after in (before, (more[0], *before))


@patient
@given(plans, paces)
def test_the_matrix_has_every_target_that_is_written_once(
    given_writes: dict[Target, int], pace: int
) -> None:
    """And no shard without one."""
    shards = shard_matrix(plan(given_writes), pace)

    assert len({shard.of for shard in shards}) <= 1
    for target, number in given_writes.items():
        homes = [shard for shard in shards if shard.has(target)]
        assert len(homes) == 1 or (number == 0 and not homes)
    assert all(any(of(shard, given_writes).values()) for shard in shards)


@patient
@given(plans, paces)
def test_a_shard_keeps_to_what_a_job_and_a_token_can_do(
    given_writes: dict[Target, int], pace: int
) -> None:
    """But for a target that is too much by itself, and where 256 shards do not suffice."""
    fitting = {t: n for t, n in given_writes.items() if fits({t: n}, pace)}

    for shard in shard_matrix(plan(given_writes), pace):
        assert fits(of(shard, fitting), pace) or shard.of == MAX_SHARDS


@patient
@given(plans, paces)
def test_there_are_no_more_shards_than_needed(given_writes: dict[Target, int], pace: int) -> None:
    """With one fewer, or two, some shard would be too much."""
    fitting = {t: n for t, n in given_writes.items() if fits({t: n}, pace)}
    shards = shard_matrix(plan(given_writes), pace)

    for count in range(1, shards[0].of if shards else 1):
        parts = [of(Shard(number, count), fitting) for number in range(1, count + 1)]
        assert not all(fits(one, pace) for one in parts)


@patient
@given(plans, paces)
def test_the_same_plan_has_the_same_matrix(given_writes: dict[Target, int], pace: int) -> None:
    """Whatever the order of its changes: each run of each job comes to the same parts."""
    backwards = dict(reversed(given_writes.items()))

    assert shard_matrix(plan(given_writes), pace) == shard_matrix(plan(backwards), pace)
