"""Split the targets into shards, and compute how many shards a plan needs. Pure.

Sources: "Rate limits for the REST API" and "Usage limits, billing, and administration" of GitHub
Actions, docs.github.com: 5,000 requests an hour for a user, 6 hours for a job, 256 jobs a matrix.

Assumption: writing a secret does not count as creating content, which GitHub limits to about 500
requests an hour. GitHub's documentation does not say so. If it counts, GitHub rejects requests of a
shard for a while, and the shard waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import POINT_BUDGET_PER_WRITE, Change, Plan
from codespaces_registry_secrets.model.repositories import is_glob
from codespaces_registry_secrets.model.targets import (
    MAX_SHARDS,
    Shard,
    Target,
    target_hash,
)

# Less than GitHub's limits. The remaining 1,000 requests are for listing repositories and for other
# users of the token; the remaining 60 minutes are for building the plan and for waits.
MAX_REQUESTS_PER_JOB = 4000
MAX_JOB_MINUTES = 300
# Reading a target takes a page of its secrets. Writing also needs its public key and a list.
READS, READS_BEFORE_WRITES = 1, 3


def split_by_shard(
    desired: Sequence[Desired], shard: Shard | None, unresolved: Collection[Target]
) -> tuple[tuple[Desired, ...], tuple[Desired, ...]]:
    """The triplets that a shard acts on, and all others. Without a shard, it acts on all.

    `unresolved` are globs whose matches are unknown because a request failed. They belong to every
    shard: a shard without them would not know that it misses targets, and would succeed.
    """
    selected = [not shard or t.target in unresolved or shard.has(t.target) for t in desired]
    others = (not is_selected for is_selected in selected)
    return tuple(compress(desired, selected)), tuple(compress(desired, others))


def shard_matrix(plan: Plan, writes_per_minute: int) -> tuple[Shard, ...]:
    """The shards that have something to write, of the smallest number that fits a job's limits.

    A target that exceeds the limits alone does so with any number of shards, so it is not counted.
    """
    max_load = _Load(
        MAX_REQUESTS_PER_JOB, MAX_JOB_MINUTES * writes_per_minute * POINT_BUDGET_PER_WRITE
    )
    writes_by_target: Counter[Target] = Counter()
    for change in plan.changes:
        writes_by_target[change.declared or change.target] += change.writes
    loads = [(target_hash(target), _load(writes)) for target, writes in writes_by_target.items()]
    fitting = [(number, load) for number, load in loads if load <= max_load]
    counts = (count for count in range(1, MAX_SHARDS) if _fits(fitting, count, max_load))
    count = next(counts, MAX_SHARDS)
    written = (target for target, writes in writes_by_target.items() if writes)
    indexes = {target_hash(target) % count for target in written}
    return tuple(Shard(index + 1, count) for index in sorted(indexes))


def shard_digests(plan: Plan, shards: Iterable[Shard]) -> Mapping[Shard, str]:
    """The digest of the plan of each shard, if nothing changes until it runs.

    One of several shards changes no credential at its issuer.
    """
    hashes = [(target_hash(change.declared or change.target), change) for change in plan.changes]
    parts = {
        shard: tuple(
            change
            for number, change in hashes
            if number % shard.of == shard.number - 1 or _has_unresolved_glob(change)
        )
        for shard in shards
    }
    return {
        shard: replace(
            plan, changes=part, credentials=plan.credentials if shard.of == 1 else ()
        ).digest
        for shard, part in parts.items()
    }


def _has_unresolved_glob(change: Change) -> bool:
    """Whether the target is a glob whose matches are unknown, which is in every shard."""
    return is_glob(change.target.name)


@dataclass(frozen=True)
class _Load:
    """The cost of a target or a job: `requests`, and `points` of the rate limit (1 for a read)."""

    requests: int = 0
    points: int = 0

    def __add__(self, other: _Load) -> _Load:
        return _Load(self.requests + other.requests, self.points + other.points)

    def __le__(self, other: _Load) -> bool:
        return self.requests <= other.requests and self.points <= other.points


def _load(writes: int) -> _Load:
    reads = READS_BEFORE_WRITES if writes else READS
    return _Load(reads + writes, reads + writes * POINT_BUDGET_PER_WRITE)


def _fits(loads: Iterable[tuple[int, _Load]], count: int, max_load: _Load) -> bool:
    """Whether each of `count` shards stays within `max_load`; a load comes with its target hash."""
    shards: defaultdict[int, _Load] = defaultdict(_Load)
    for number, load in loads:
        shards[number % count] += load
    return all(shard <= max_load for shard in shards.values())
