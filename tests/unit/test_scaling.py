"""The estimates for large numbers of targets, compared with simulated runs and with docs/scaling.md."""

from __future__ import annotations

import math

import pytest
from github import GithubException

from benchmarks.report import Part, render_markdown
from benchmarks.scaling import WORKLOADS, Limits, Workload, estimate
from benchmarks.scaling_runs import LIMITS, TARGETS, TOLERANCE, estimated_row, simulate
from benchmarks.simulated_github import SimulatedGitHub, VirtualClock
from codespaces_registry_secrets.model.targets import Repository
from repo.documents import PAGES

TARGET = Repository("octo-org/app")
MAX_JOB_SECONDS = 6 * 3600
USER = Limits(5_000)
by_name = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


def assert_close(workload: Workload, targets: int, limits: Limits) -> None:
    """The simulated run costs what is estimated, no limit of a minute is hit, and each job ends."""
    expected, run = estimate(workload, targets, limits), simulate(workload, targets, limits)
    for name in ("requests", "jobs", "seconds"):
        figure, bound = getattr(run.estimate, name), getattr(expected, name)
        assert math.isclose(figure, bound, rel_tol=TOLERANCE), name
    assert run.estimate.writes == expected.writes
    assert run.rejections == 0
    assert max(run.seconds_of_jobs) < MAX_JOB_SECONDS


@by_name
@pytest.mark.parametrize("limits", LIMITS, ids=str)
def test_the_estimate_for_1_000_targets_is_close(workload: Workload, limits: Limits) -> None:
    """Within 10 %, under each limit."""
    assert_close(workload, 1_000, limits)


@by_name
def test_the_estimate_for_10_000_targets_is_close(workload: Workload) -> None:
    """Within 10 %, with several shards that wait for the limit of an hour."""
    assert_close(workload, 10_000, USER)


@pytest.mark.slow
@by_name
def test_the_estimate_for_100_000_targets_is_close(workload: Workload) -> None:
    """Within 10 %, with several specs."""
    assert_close(workload, 100_000, USER)


def test_the_page_has_the_estimates() -> None:
    """Each row of the table, in this order."""
    rows = [estimated_row(workload, targets) for workload in WORKLOADS for targets in TARGETS]
    lines = render_markdown(Part("", rows)).splitlines()
    table = "\n".join(line for line in lines if line.startswith("|"))
    assert table in PAGES["scaling.md"]


@by_name
def test_more_targets_never_cost_less(workload: Workload) -> None:
    """Around the numbers where another spec or shard is needed, too."""
    counts = [*range(100, 2_000, 90), *range(9_000, 16_000, 250), *range(90_000, 120_000, 5_000)]
    costs = [estimate(workload, count, USER) for count in counts]
    for name in ("requests", "specs", "jobs", "seconds"):
        figures = [getattr(cost, name) for cost in costs]
        assert figures == sorted(figures), name


def test_the_simulated_github_has_the_limit_of_writes() -> None:
    """80 in a minute; the next one is rejected, until the first is a minute old."""
    clock = VirtualClock()
    github = SimulatedGitHub(USER, clock)
    for _ in range(80):
        github.put_secret(TARGET, "A")
    with pytest.raises(GithubException):
        github.put_secret(TARGET, "A")
    clock.now += 60
    github.put_secret(TARGET, "A")
    assert (github.writes, github.rejections) == (81, 1)


def test_the_simulated_github_has_the_limit_of_points() -> None:
    """900 in a minute: one for a read, five for a write."""
    github = SimulatedGitHub(USER, VirtualClock())
    for _ in range(80):
        github.put_secret(TARGET, "A")
    for _ in range(500):
        github.list_secrets(TARGET)
    with pytest.raises(GithubException):
        github.list_secrets(TARGET)


def test_the_simulated_github_has_the_limits_of_an_hour() -> None:
    """Of requests, and of writes of content; the response says when the hour ends."""
    clock = VirtualClock()
    github = SimulatedGitHub(Limits(requests=3, content=1), clock)
    github.put_secret(TARGET, "A")
    with pytest.raises(GithubException) as content:
        github.put_secret(TARGET, "A")
    github.list_page()
    github.list_page()
    with pytest.raises(GithubException) as requests:
        github.list_page()
    assert content.value.headers
    assert requests.value.headers
    assert 3590 < int(content.value.headers["retry-after"]) <= 3601
    assert 3590 < int(requests.value.headers["x-ratelimit-reset"]) - clock() <= 3600
    clock.now += 3600
    github.list_page()
