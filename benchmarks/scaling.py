"""Estimate requests, jobs and time of a run from the number of targets and GitHub's limits. Pure.

Sources, all docs.github.com: "Rate limits for the REST API" (requests an hour, points a minute,
content), "Actions limits" (6 hours for a job, 256 jobs a matrix), "Repository limits" (100,000
repositories of an owner). docs/scaling.md explains the columns.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from codespaces_registry_secrets.model.plan import POINT_BUDGET_PER_WRITE
from codespaces_registry_secrets.model.targets import MAX_SHARDS
from codespaces_registry_secrets.planning.sharding import MAX_REQUESTS_PER_JOB, READS_BEFORE_WRITES

WRITES_PER_MINUTE = 60  # the default of the input
READS_PER_MINUTE = WRITES_PER_MINUTE * POINT_BUDGET_PER_WRITE
HOUR, MINUTE = 3600.0, 60.0
PER_PAGE = 100
MAX_REPOSITORIES_OF_OWNER = 100_000
# A plan reads all targets in one job, which waits for the limit of an hour at most five times.
MAX_PLAN_HOURS = 5
# What a state holds with names of 20 characters: see docs/rotation.md.
MAX_TRIPLETS_IN_STATE = 12_000
# From the end of a job to the first request of the next one: a runner, a checkout, the image.
SECONDS_TO_START = 60.0
# Ten reads of 100 ms are in progress at a time, until the points of a minute are used up.
SECONDS_PER_READ = 0.01
EPSILON = 1e-6  # of rounding


@dataclass(frozen=True)
class Workload:
    """What a run does at each target: the number of `writes`, and whether it keeps a state."""

    name: str
    writes: int
    state: bool


@dataclass(frozen=True)
class Limits:
    """The limits of one token or installation: requests, and writes of content, in an hour.

    `content` is None if writing a secret does not count as creating content.
    """

    requests: int
    content: int | None = None


@dataclass(frozen=True)
class Estimate:
    """The cost of one run over all targets, with one App.

    `specs` are the calls of the workflow that share the targets, one after another. `jobs` are
    those of all calls, without the summaries. `seconds` is from the first request to the last
    response.
    """

    requests: int
    writes: int
    specs: int
    jobs: int
    seconds: float

    def apps(self, hours: float) -> int:
        """The Apps that finish within some hours, each with its own part of the targets."""
        return math.ceil(self.seconds / HOUR / hours)


CREATE = Workload("create", 3, state=False)
ROTATE = Workload("rotate, with `state`", 1, state=True)
NIGHT = Workload("night without changes", 0, state=False)
WORKLOADS = (CREATE, ROTATE, NIGHT)


def estimate(workload: Workload, targets: int, limits: Limits) -> Estimate:
    """Estimate a run of the reusable workflow with one App, or one token.

    The targets are repositories with one triplet, which a glob names, so each job lists the
    repositories of their owner. In each call of the workflow, one job plans and reads every target.
    Each shard then reads its targets again, fetches the key of each, and writes.
    """
    specs = count_specs(workload, targets, limits)
    pages = count_pages(targets)
    clock = _Clock(limits)
    jobs = requests = 0
    for part in split_evenly(targets, specs):
        shards = count_shards(workload, part)
        jobs += 1 + shards
        requests += part + pages
        clock.run_job(reads=part + pages, writes=0, keys=0)
        for share in split_evenly(part, shards) if shards else ():
            writes = share * workload.writes
            requests += pages + 2 * share + writes
            clock.run_job(reads=share + pages, writes=writes, keys=share)
    return Estimate(requests, targets * workload.writes, specs, jobs, clock.seconds)


def count_pages(targets: int) -> int:
    """The pages of the repositories of one owner."""
    return math.ceil(min(targets, MAX_REPOSITORIES_OF_OWNER) / PER_PAGE)


def count_specs(workload: Workload, targets: int, limits: Limits) -> int:
    """The smallest number of specs that the limits of one call of the workflow permit.

    The plan of each must fit into its job, its shards into a matrix, and its records into a state.
    """
    readable = MAX_PLAN_HOURS * limits.requests - count_pages(targets)
    permitted = [readable, MAX_TRIPLETS_IN_STATE] if workload.state else [readable]
    specs = max(math.ceil(targets / most) for most in permitted)
    while count_shards(workload, math.ceil(targets / specs)) > MAX_SHARDS:
        specs += 1
    return specs


def count_shards(workload: Workload, targets: int) -> int:
    """The number of shards that the planner needs, which spreads targets by their hash.

    The largest of `n` shards with `m` targets on average has about `m + sqrt(2 * m * ln(n))`.
    """
    if not workload.writes:
        return 0
    most = MAX_REQUESTS_PER_JOB // (READS_BEFORE_WRITES + workload.writes)
    shards = math.ceil(targets / most)
    while shards > 1 and _largest_share(targets, shards) > most:
        shards += 1
    return shards


def _largest_share(targets: int, shards: int) -> float:
    mean = targets / shards
    return mean + math.sqrt(2 * mean * math.log(shards))


def split_evenly(total: int, parts: int) -> Iterator[int]:
    """`total` in `parts` whole numbers that differ by at most one."""
    for index in range(parts):
        yield total * (index + 1) // parts - total * index // parts


class _Clock:
    """Advances by the time that jobs take under the limits of an hour."""

    def __init__(self, limits: Limits) -> None:
        self.seconds = 0.0
        self._requests = _HourlyBudget(limits.requests)
        self._content = _HourlyBudget(limits.content) if limits.content else None

    def run_job(self, *, reads: int, writes: int, keys: int) -> None:
        """Reads come first, at the rate of the points a minute; then writes, at their rate."""
        if self.seconds:
            self.seconds += SECONDS_TO_START
        minutes, rest = divmod(reads, READS_PER_MINUTE)
        self._send(reads, minutes * MINUTE + rest * SECONDS_PER_READ, content=0)
        if writes:
            self._send(keys + writes, writes / WRITES_PER_MINUTE * MINUTE, content=writes)

    def _send(self, requests: int, seconds: float, content: int) -> None:
        """Send requests evenly over some seconds, and wait whenever a budget is used up."""
        budgets = [(self._requests, requests)]
        if self._content and content:
            budgets.append((self._content, content))
        remaining = 1.0
        while remaining > EPSILON:
            share = min(remaining, *(one.share(self.seconds, amount) for one, amount in budgets))
            for budget, amount in budgets:
                budget.spend(amount * share)
            remaining -= share
            self.seconds += seconds * share
            if remaining > EPSILON:
                resets = [budget.resets_at for budget, _ in budgets if budget.is_used_up]
                self.seconds = max(self.seconds, *resets)


class _HourlyBudget:
    """A budget that is full again an hour after its first use."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._used = 0.0
        self.resets_at = 0.0

    @property
    def is_used_up(self) -> bool:
        return self._used >= self._limit - EPSILON

    def share(self, now: float, wanted: int) -> float:
        """The share of `wanted` that is available."""
        if now >= self.resets_at:
            self._used, self.resets_at = 0.0, now + HOUR
        return (self._limit - self._used) / wanted

    def spend(self, amount: float) -> None:
        """Count requests."""
        self._used += amount
