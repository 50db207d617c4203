"""Part (g): large numbers of targets, estimated, and simulated with the Action's own decisions.

A simulated run uses the rate limiter, the planner and the shards of the Action, with a GitHub that
has its rate limits on a virtual clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from benchmarks.progress import log_progress
from benchmarks.report import Goal, Part, Row
from benchmarks.scaling import (
    CREATE,
    HOUR,
    SECONDS_TO_START,
    WORKLOADS,
    WRITES_PER_MINUTE,
    Estimate,
    Limits,
    Workload,
    count_pages,
    count_specs,
    estimate,
    split_evenly,
)
from benchmarks.simulated_github import SimulatedGitHub, VirtualClock
from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.github.rate_limiter import MAX_SHARD_WAIT_SECONDS, RateLimiter
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.state import MemberRecord, Records, State
from codespaces_registry_secrets.model.targets import Repository, Shard
from codespaces_registry_secrets.model.triplet import Part as Member
from codespaces_registry_secrets.model.triplet import secret_name
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.sharding import shard_matrix, split_by_shard
from codespaces_registry_secrets.runtime.cancellation import Cancellation

TARGETS = (1_000, 10_000, 100_000, 1_000_000)
MAX_SIMULATED = 10_000
LIMITS = (Limits(5_000), Limits(12_500), Limits(15_000), Limits(5_000, content=500))
NIGHT_HOURS = 8
TOLERANCE = 0.1
PASSWORD = Source(secret="ACR_PASSWORD")  # noqa: S106 - a name
CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", PASSWORD)
NAMES = tuple(secret_name("ACR", member) for member in Member)
NOTE = (
    "`5,000`, `12,500` and `15,000`: hours with one App or token of that many requests an hour. "
    "`500 writes`: hours with 5,000 requests, if writing a secret counts as creating content. "
    "`Apps`: how many Apps of 12,500 finish in a night of 8 hours. `simulated`: hours with 5,000 "
    "requests on a virtual clock, up to 10,000 targets."
)
OLD, NEW = b"old" * 4, b"new" * 4


@dataclass(frozen=True)
class SimulatedRun:
    """What a run cost. `seconds_of_jobs` has the duration of each job, in order."""

    estimate: Estimate
    rejections: int
    seconds_of_jobs: Sequence[float]


def run_part() -> Part:
    """Estimate each workload for each number of targets, and simulate the smaller ones."""
    rows: list[Row] = []
    goals: list[Goal] = []
    for workload in WORKLOADS:
        for targets in TARGETS:
            simulated = None
            if targets <= MAX_SIMULATED:
                log_progress(f"(g) {workload.name}, {targets:,} targets")
                simulated = simulate(workload, targets, LIMITS[0]).estimate
                expected = estimate(workload, targets, LIMITS[0]).seconds
                error = abs(simulated.seconds / expected - 1)
                goals.append(Goal(f"{workload.name}, {targets:,}: error", error, TOLERANCE))
            hours = simulated.seconds / HOUR if simulated else None
            rows.append({**estimated_row(workload, targets), "simulated": hours})
    return Part("(g) Large numbers of targets", rows, goals, NOTE)


def estimated_row(workload: Workload, targets: int) -> Row:
    """A row of the table in docs/scaling.md."""
    user, app, enterprise, content = (estimate(workload, targets, limits) for limits in LIMITS)
    return {
        "workload": workload.name,
        "targets": targets,
        "requests": app.requests,
        "writes": app.writes,
        "specs": app.specs,
        "jobs": app.jobs,
        "5,000": user.seconds / HOUR,
        "12,500": app.seconds / HOUR,
        "15,000": enterprise.seconds / HOUR,
        "500 writes": content.seconds / HOUR,
        "Apps": app.apps(NIGHT_HOURS),
    }


def simulate(workload: Workload, targets: int, limits: Limits) -> SimulatedRun:
    """Simulate a run of the reusable workflow over all targets."""
    return _Simulation(workload, targets, limits).run()


class _Simulation:
    def __init__(self, workload: Workload, targets: int, limits: Limits) -> None:
        self._clock = VirtualClock()
        self._github = SimulatedGitHub(limits, self._clock)
        self._workload = workload
        self._specs = count_specs(workload, targets, limits)
        self._pages = count_pages(targets)
        self._desired = [_create_desired(number) for number in range(targets)]
        self._stored_at = self._clock.time() - timedelta(days=30)
        self._seconds_of_jobs: list[float] = []
        if workload != CREATE:
            for triplet in self._desired:
                self._github.store(triplet.target, NAMES, self._stored_at)

    def run(self) -> SimulatedRun:
        """Run all calls of the workflow, one after another."""
        start = self._clock()
        for desired in _split(self._desired, self._specs):
            plan = self._run_job(desired, None)
            for shard in shard_matrix(plan, WRITES_PER_MINUTE):
                self._run_job(desired, shard)
        self._check_stored()
        github, jobs = self._github, len(self._seconds_of_jobs)
        seconds = self._clock() - start
        cost = Estimate(github.requests, github.writes, self._specs, jobs, seconds)
        return SimulatedRun(cost, github.rejections, self._seconds_of_jobs)

    def _run_job(self, desired: Sequence[Desired], shard: Shard | None) -> Plan:
        """Plan all targets, or apply the plan of a shard."""
        if self._seconds_of_jobs:
            self._clock.now += SECONDS_TO_START
        start = self._clock()
        limiter = RateLimiter(
            WRITES_PER_MINUTE,
            _ignore,
            Cancellation(),
            MAX_SHARD_WAIT_SECONDS,
            clock=self._clock,
            sleep=self._clock.sleep,
        )
        plan = self._plan(limiter, desired, shard)
        if shard:
            self._apply(limiter, plan)
        self._seconds_of_jobs.append(self._clock() - start)
        return plan

    def _plan(self, limiter: RateLimiter, desired: Sequence[Desired], shard: Shard | None) -> Plan:
        for _ in range(self._pages):
            limiter.send("GET", self._github.list_page)
        triplets, others = split_by_shard(desired, shard, ())
        observed = {
            triplet.target: limiter.send("GET", partial(self._github.list_secrets, triplet.target))
            for triplet in triplets
        }
        changed_at = {"ACR_PASSWORD": self._stored_at - timedelta(days=1)}
        state = self._state(triplets) if self._workload.state else None
        return compute_plan(
            triplets, Observed(observed, {}, {}, changed_at, state=state), 1.0, "ignored", others
        )

    def _apply(self, limiter: RateLimiter, plan: Plan) -> None:
        for change in plan.changes:
            if change.steps:
                limiter.send("GET", self._github.list_page)  # the public key
            for step in change.steps:
                name = secret_name(change.registry, step.part)
                limiter.send("PUT", partial(self._github.put_secret, change.target, name))

    def _state(self, triplets: Iterable[Desired]) -> State:
        """The records of a run that stored another password."""
        records: Records = {
            (triplet.target, triplet.registry): {
                member: MemberRecord(NEW if member != Member.PASSWORD else OLD, self._stored_at)
                for member in Member
            }
            for triplet in triplets
        }
        return State("STATE", records, {CREDENTIAL: dict.fromkeys(Member, NEW)})

    def _check_stored(self) -> None:
        """Every target must have its triplet, with a new password if the run writes one."""
        password = secret_name("ACR", Member.PASSWORD)
        for triplet in self._desired:
            secrets = self._github.secrets[triplet.target]
            is_new = secrets[password].updated_at != self._stored_at
            if secrets.keys() != set(NAMES) or is_new != bool(self._workload.writes):
                raise RuntimeError(f"{triplet.target} was not written as planned")


def _create_desired(number: int) -> Desired:
    target = Repository(f"octo-org/repo-{number:06}")
    policy = RotationPolicy()
    return Desired(target, "ACR", CREDENTIAL, policy, None, None, Location("spec.yml", number))


def _split(desired: Sequence[Desired], parts: int) -> Iterator[Sequence[Desired]]:
    start = 0
    for length in split_evenly(len(desired), parts):
        yield desired[start : start + length]
        start += length


def _ignore(_message: str) -> None:
    """Log nothing: a run of days waits thousands of times."""
