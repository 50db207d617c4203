"""Parts of all targets: which target belongs to which, and how many parts a plan needs. Pure.

Sources: "Rate limits for the REST API" and "Usage limits, billing, and administration" of GitHub
Actions, docs.github.com: 5,000 requests an hour for a user, 6 hours for a job, 256 jobs a matrix.

An assumption: writing secrets does not count as creating content, of which GitHub allows about 500
requests an hour. GitHub does not say so. Where it counts, a shard is refused, and waits.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import compress

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import POINTS_PER_WRITE, Plan
from codespaces_registry_secrets.model.targets import MAX_SHARDS, Shard, Target, target_hash

# The rest of the 5,000 is for walks over repositories and for who else uses the token, the rest of
# the 360 for looking and for waits.
REQUESTS = 4000
MINUTES = 300
# What it takes to look at a target: a page of its secrets; before it is written to, its public key
# and a list besides.
READS, READS_BEFORE_WRITES = 1, 3


@dataclass(frozen=True)
class _Load:
    """What a target or a job takes: requests, and time of the pace, where a read takes 1."""

    requests: int = 0
    time: int = 0

    def __add__(self, other: _Load) -> _Load:
        return _Load(self.requests + other.requests, self.time + other.time)

    def __le__(self, other: _Load) -> bool:
        return self.requests <= other.requests and self.time <= other.time


def split_by_shard(
    desired: Sequence[Desired], shard: Shard | None, unsettled: Collection[Target]
) -> tuple[tuple[Desired, ...], tuple[Desired, ...]]:
    """The triplets at the targets of a shard, or all where it is None; and all others.

    `unsettled` are globs of which nobody knows what they match: they are everybody's, for a shard
    without them would take its targets for none, and end well.
    """
    here = [not shard or t.target in unsettled or shard.has(t.target) for t in desired]
    others = (not belongs for belongs in here)
    return tuple(compress(desired, here)), tuple(compress(desired, others))


def shard_matrix(plan: Plan, writes_per_minute: int) -> tuple[Shard, ...]:
    """The shards that have something to write; of as few as keep each within a job's limits.

    A target that is too much for a job by itself is so in any number of shards, and not counted.
    """
    most = _Load(REQUESTS, MINUTES * writes_per_minute * POINTS_PER_WRITE)
    written: Counter[Target] = Counter()
    for change in plan.changes:
        written[change.declared or change.target] += change.writes
    loads = [(target_hash(target), _load(writes)) for target, writes in written.items()]
    fitting = [(place, load) for place, load in loads if load <= most]
    of = next((n for n in range(1, MAX_SHARDS) if _fit(fitting, n, most)), MAX_SHARDS)
    places = {target_hash(target) % of for target, writes in written.items() if writes}
    return tuple(Shard(place + 1, of) for place in sorted(places))


def _load(writes: int) -> _Load:
    reads = READS_BEFORE_WRITES if writes else READS
    return _Load(reads + writes, reads + writes * POINTS_PER_WRITE)


def _fit(loads: Iterable[tuple[int, _Load]], of: int, most: _Load) -> bool:
    """Whether each of so many shards keeps to `most`."""
    shards: defaultdict[int, _Load] = defaultdict(_Load)
    for number, load in loads:
        shards[number % of] += load
    return all(shard <= most for shard in shards.values())
