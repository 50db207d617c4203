"""Properties of sharding that hold for any plan."""

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
# From no writes to more than fit in a job.
writes = st.one_of(st.just(0), st.integers(1, 50), st.integers(51, 6000))
plans = st.dictionaries(targets, writes, max_size=40)
# Some plans try hundreds of shard counts, which is slow on a busy machine.
no_deadline = settings(deadline=None)
rates = st.sampled_from([1, 3, 10, 60, 600])


def plan(writes_by_target: Mapping[Target, int]) -> Plan:
    """A change at each target with this number of writes."""
    return Plan(
        tuple(
            Change(target, "ACR", "access", "", steps=(_step(number),) if number else ())
            for target, number in writes_by_target.items()
        )
    )


def _step(number: int) -> Step:
    return Step(Part.USER, value=False, add=tuple(range(number)))


def requests(writes_by_target: Mapping[Target, int]) -> int:
    """The estimated number of requests for these targets."""
    return sum(n + (READS_BEFORE_WRITES if n else READS) for n in writes_by_target.values())


def minutes(writes_by_target: Mapping[Target, int], writes_per_minute: int) -> Fraction:
    """The estimated time; 15 reads take as long as one write."""
    reads = requests(writes_by_target) - sum(writes_by_target.values())
    return (sum(writes_by_target.values()) + Fraction(reads, 15)) / writes_per_minute


def fits(writes_by_target: Mapping[Target, int], writes_per_minute: int) -> bool:
    """Whether the targets fit in one job."""
    return (
        requests(writes_by_target) <= MAX_REQUESTS_PER_JOB
        and minutes(writes_by_target, writes_per_minute) <= MAX_JOB_MINUTES
    )


def targets_of(shard: Shard, writes_by_target: Mapping[Target, int]) -> dict[Target, int]:
    """The targets that belong to a shard."""
    return {target: n for target, n in writes_by_target.items() if shard.has(target)}


def desired(target: Target) -> Desired:
    """A triplet at a target."""
    return Desired(target, "ACR", None, RotationPolicy(), None, None, Location())


@no_deadline
@given(targets, counts)
def test_a_target_is_in_exactly_one_shard(target: Target, count: int) -> None:
    """No target is skipped, and none is processed twice."""
    assert sum(Shard(number, count).has(target) for number in range(1, count + 1)) == 1


@no_deadline
@given(st.lists(targets, max_size=30), counts)
def test_the_shards_have_every_triplet(listed: list[Target], count: int) -> None:
    """Each triplet once, in the original order."""
    triplets = [desired(target) for target in listed]

    both = [split_by_shard(triplets, Shard(number, count), ()) for number in range(1, count + 1)]
    parts = [own for own, _ in both]

    for own, others in both:
        assert sorted(map(id, (*own, *others))) == sorted(map(id, triplets))
    assert sorted(map(id, (t for part in parts for t in part))) == sorted(map(id, triplets))
    for part in parts:
        places = [next(n for n, t in enumerate(triplets) if t is u) for u in part]
        assert all(before < after for before, after in pairwise(places))


@no_deadline
@given(st.lists(targets, max_size=30), targets, counts)
def test_a_new_target_moves_no_other(listed: list[Target], new: Target, count: int) -> None:
    """A repository can be created between the plan and its shards."""
    triplets = [desired(target) for target in listed]
    more = [desired(new), *triplets]

    for number in range(1, count + 1):
        before, after = (
            split_by_shard(listed_triplets, Shard(number, count), ())[0]
            for listed_triplets in (triplets, more)
        )
        assert after in (before, (more[0], *before))


@no_deadline
@given(plans, rates)
def test_the_matrix_has_every_written_target_once(
    writes_by_target: dict[Target, int], writes_per_minute: int
) -> None:
    """Every shard has one."""
    shards = shard_matrix(plan(writes_by_target), writes_per_minute)

    assert len({shard.of for shard in shards}) <= 1
    for target, number in writes_by_target.items():
        containing = [shard for shard in shards if shard.has(target)]
        assert len(containing) == 1 or (number == 0 and not containing)
    assert all(any(targets_of(shard, writes_by_target).values()) for shard in shards)


@no_deadline
@given(plans, rates)
def test_a_shard_keeps_to_the_limits_of_a_job_and_a_token(
    writes_by_target: dict[Target, int], writes_per_minute: int
) -> None:
    """Except for a target that exceeds them alone, and if 256 shards are too few."""
    fitting = {t: n for t, n in writes_by_target.items() if fits({t: n}, writes_per_minute)}

    for shard in shard_matrix(plan(writes_by_target), writes_per_minute):
        assert fits(targets_of(shard, fitting), writes_per_minute) or shard.of == MAX_SHARDS


@no_deadline
@given(plans, rates)
def test_there_are_no_more_shards_than_needed(
    writes_by_target: dict[Target, int], writes_per_minute: int
) -> None:
    """With fewer shards, one of them would exceed the limits."""
    fitting = {t: n for t, n in writes_by_target.items() if fits({t: n}, writes_per_minute)}
    shards = shard_matrix(plan(writes_by_target), writes_per_minute)

    for count in range(1, shards[0].of if shards else 1):
        parts = [targets_of(Shard(number, count), fitting) for number in range(1, count + 1)]
        assert not all(fits(part, writes_per_minute) for part in parts)


@no_deadline
@given(plans, rates)
def test_the_same_plan_has_the_same_matrix(
    writes_by_target: dict[Target, int], writes_per_minute: int
) -> None:
    """In any order of its changes, so that every job computes the same shards."""
    backwards = dict(reversed(writes_by_target.items()))

    assert shard_matrix(plan(writes_by_target), writes_per_minute) == shard_matrix(
        plan(backwards), writes_per_minute
    )
