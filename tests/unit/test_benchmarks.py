"""The pure parts of script/bench: counting, rendering and goals."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import (
    dev_containers,
    gh_comparison,
    image_delivery,
    state_runs,
    workloads,
    write_limit,
)
from benchmarks.exchanges import (
    Exchange,
    RequestCount,
    compute_writing_seconds,
    count_by_kind,
    count_excess,
    find_avoidable_rejections,
    find_kind,
    find_rejected_writes,
)
from benchmarks.processes import Measurement
from benchmarks.report import Goal, Part, render_markdown, render_text, to_json
from benchmarks.sandbox import Run
from codespaces_registry_secrets.spec.yaml_document import parse

SECRETS = "/repos/octo-org/app/codespaces/secrets"
PART = Part(
    "(x) Made up",
    [
        {"work": "one", "seconds": 0.12345, "values": RequestCount(3, 100, 400), "runs": 5},
        {"work": "many more", "seconds": 1234.5, "values": RequestCount(), "runs": None},
    ],
    [Goal("quick", 0.5, 0.6, "s"), Goal("small", None, 40, "MB", "no docker")],
    "A note.",
)


def exchange(
    method: str, path: str, *, status: int = 200, began: float = 0.0, ended: float = 0.1
) -> Exchange:
    figures = {"status": status, "began": began, "ended": ended, "sent": 10, "received": 20}
    return Exchange.read({"method": method, "path": path, **figures})


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", SECRETS, "secrets"),
        ("GET", "/user/codespaces/secrets", "secrets"),
        ("GET", f"{SECRETS}/public-key", "keys"),
        ("GET", "/orgs/octo-org/codespaces/secrets/A_USER/repositories", "lists"),
        ("GET", "/repos/octo-org/app/actions/secrets/A", "ages"),
        ("GET", "/repos/octo-org/app/actions/organization-secrets", "ages"),
        ("GET", "/repos/octo-org/app/actions/variables/STATE_2", "state reads"),
        ("POST", "/repos/octo-org/app/actions/variables", "state writes"),
        ("PATCH", "/repos/octo-org/app/actions/variables/STATE_2", "state writes"),
        ("GET", "/orgs/octo-org/repos", "repositories"),
        ("GET", "/repos/octo-org/app", "repositories"),
        ("POST", "/graphql", "queries"),
        ("PUT", f"{SECRETS}/A_USER", "value writes"),
        ("PUT", "/orgs/octo-org/codespaces/secrets/A_USER/repositories", "list writes"),
        ("DELETE", "/orgs/octo-org/codespaces/secrets/A_USER/repositories/7", "list writes"),
        ("DELETE", f"{SECRETS}/A_USER", "other"),
        ("GET", "/user", "other"),
    ],
)
def test_requests_have_a_kind(method: str, path: str, expected: str) -> None:
    """By method and path."""
    assert find_kind(method, path) == expected


def test_requests_are_counted_with_their_bytes() -> None:
    """Requests beyond the allowed number of their kind are the excess."""
    counts = count_by_kind(
        [exchange("GET", SECRETS), exchange("GET", SECRETS), exchange("GET", "/user")]
    )
    assert counts["secrets"] == RequestCount(2, sent=20, received=40)
    assert counts["keys"] == RequestCount()
    assert count_excess(counts, {"secrets": 2, "other": 1, "keys": 1}) == 0
    assert count_excess(counts, {"secrets": 1}) == 2


def test_a_rejection_is_avoidable_after_the_first_response() -> None:
    """Requests in flight at the time of the first rejection are not avoidable."""
    writes = [
        exchange("PUT", f"{SECRETS}/A", status=201, began=0, ended=1),
        exchange("PUT", f"{SECRETS}/B", status=403, began=1, ended=2),
        exchange("PUT", f"{SECRETS}/C", status=429, began=1.5, ended=2.5),
        exchange("PUT", f"{SECRETS}/C", status=429, began=2.5, ended=3),
        exchange("GET", SECRETS, status=403, began=5, ended=6),
    ]
    assert len(find_rejected_writes(writes)) == 3
    assert [rejection.began for rejection in find_avoidable_rejections(writes)] == [2.5]
    assert find_avoidable_rejections(writes[:1]) == []
    assert compute_writing_seconds(writes) == 3
    assert compute_writing_seconds([]) == 0


@pytest.mark.parametrize(("writes", "seconds"), [(80, 0), (81, 6), (160, 6), (900, 66)])
def test_the_bound_follows_from_the_write_limit(writes: int, seconds: float) -> None:
    """80 writes pass immediately, and 80 more every 6 seconds."""
    assert write_limit.compute_bound(writes) == seconds


def test_the_bound_of_another_limit() -> None:
    """Part e has a longer time for the same number of writes."""
    assert write_limit.compute_bound(101, 12) == 12


def test_requests_belong_to_the_program_that_ran_at_their_time() -> None:
    """One sandbox records those of several programs."""
    requests = [exchange("GET", SECRETS, began=began) for began in (1, 3, 5)]
    run = Run(Measurement(began=0, seconds=2, peak=0), tuple(requests), {})
    assert run.exchanges_during(run.measurement) == (requests[0],)
    assert run.exchanges_during(Measurement(began=2.5, seconds=4, peak=0)) == tuple(requests[1:])


def test_the_goals_of_a_rotation_with_a_state() -> None:
    """Rejected writes do not count. A night has one request more than a run without a state."""
    state = "/repos/octo-org/app/actions/variables"
    values = [exchange("PUT", f"{SECRETS}/A", status=204)] * state_runs.TARGETS
    rejected = [exchange("PUT", f"{SECRETS}/A", status=403)]
    exchanges = {
        state_runs.ROTATION: [*values, *rejected, exchange("PATCH", f"{state}/S", status=204)],
        state_runs.NIGHT: [exchange("GET", SECRETS), exchange("GET", f"{state}/S")],
        state_runs.STATELESS_NIGHT: [exchange("GET", SECRETS)],
    }
    seconds = {state_runs.ROTATION: 3.0, state_runs.GH: 10.0}

    goals = list(state_runs.build_goals(exchanges, seconds))

    assert [goal.figure for goal in goals] == [0.3, 1.0, 1, 0, 1]
    assert all(goal.met for goal in goals)
    without_gh = list(state_runs.build_goals(exchanges, {state_runs.ROTATION: 3.0}))
    assert without_gh[0].verdict == "not measured"
    row = state_runs.build_row("a run", exchanges[state_runs.ROTATION], 3.0)
    assert (row["writes"], row["of the state"], row["rejections"]) == (101, 1, 1)


def test_a_table_is_aligned() -> None:
    """Names are left-aligned, figures right-aligned; goals have a verdict."""
    assert render_text(PART).splitlines() == [
        "(x) Made up",
        "",
        "work       seconds      values  runs",
        "---------  -------  ----------  ----",
        "one          0.123  3 (0.5 kB)     5",
        "many more  1,234.5           -     -",
        "",
        "A note.",
        "",
        "goal      figure  at most",
        "-----  ---------  -------  ------------",
        "quick    0.500 s  0.600 s           met",
        "small  no docker    40 MB  not measured",
    ]


def test_a_table_is_markdown() -> None:
    """In the format of docs/performance.md."""
    lines = render_markdown(PART).splitlines()
    assert lines[0] == "## (x) Made up"
    assert "| work | seconds | values | runs |" in lines
    assert "| --- | ---: | ---: | ---: |" in lines
    assert "| one | 0.123 | 3 (0.5 kB) | 5 |" in lines
    assert "| quick | 0.500 s | 0.600 s | met |" in lines


def test_figures_are_not_rounded_in_json() -> None:
    """Rows by column, and each goal with its verdict."""
    rendered = json.loads(json.dumps(to_json(PART)))
    assert rendered["rows"][0]["seconds"] == 0.12345
    assert rendered["rows"][0]["values"] == {"requests": 3, "sent": 100, "received": 400}
    assert [goal["met"] for goal in rendered["goals"]] == [True, None]


@pytest.mark.parametrize(("figure", "met"), [(1.0, True), (1.01, False)])
def test_a_goal_is_met_up_to_its_bound(figure: float, met: bool) -> None:
    """A figure equal to the bound meets the goal."""
    assert Goal("a share", figure, 1.0).met is met


def test_without_gh_its_goals_are_not_measured() -> None:
    """The row has no figures for gh."""
    ours = {"ours": 1.0, "times": 3}
    figures = {workloads.new_at_repositories(count).name: ours for count in (1, 100)}
    assert {goal.verdict for goal in gh_comparison.build_goals(figures)} == {"not measured"}
    assert gh_comparison.build_row("100", ours)["ours / gh"] is None


@pytest.mark.parametrize(
    "workload",
    [
        workloads.no_change(),
        workloads.list_change(),
        workloads.new_at_organization(),
        workloads.new_at_repositories(3),
        workloads.rotation_in_large(200),
        state_runs.create_workload(),
    ],
    ids=lambda workload: workload.name,
)
def test_the_spec_of_a_workload_is_yaml(workload: workloads.Workload) -> None:
    """It contains each target once."""
    document = parse(workload.spec, "spec.yml")
    assert document is not None
    assert all(workload.spec.count(target.replace(":", ": ")) == 1 for target in workload.targets)


def test_the_goals_for_dev_containers() -> None:
    """Queries for 1,000 repositories, and points for 5,000 if these were measured."""
    queries = tuple(exchange("POST", "/graphql") for _ in range(30))
    others = (exchange("GET", SECRETS),)
    run = Run(Measurement(began=0, seconds=2, peak=50_000_000), queries + others, {})
    row = dev_containers.build_row(1_000, run)
    assert (row["queries"], row["other requests"], row["file by file"]) == (30, 1, 3_000)
    few, many = dev_containers.build_goals({1_000: run, 5_000: run})
    assert (few.figure, few.met, many.figure, many.met) == (30, True, 30, True)
    assert next(reversed(list(dev_containers.build_goals({1_000: run})))).met is None


@pytest.mark.parametrize(
    ("programs", "quick", "reason"),
    [
        ({}, True, image_delivery.QUICK),
        ({}, False, image_delivery.NO_DOCKER),
        ({"docker": "exit 1"}, False, image_delivery.NO_DOCKER),
        ({"docker": "exit 0"}, False, image_delivery.NO_REGISTRY),
        ({"docker": "exit 0", "docker-registry": ""}, False, ""),
    ],
)
def test_why_the_image_cannot_be_pulled(
    programs: dict[str, str],
    quick: bool,
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, script in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert image_delivery.find_obstacle(quick=quick) == reason


def test_without_docker_the_rows_of_the_image_say_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    measured = list(image_delivery.measure_delivery(quick=False))

    assert [row["note"] for row, _ in measured] == [image_delivery.NO_DOCKER] * 4
    goals = [goal for _, goal in measured if goal]
    assert [goal.name for goal in goals] == [
        "pulled / built, base present",
        "pulled / built, base absent",
    ]
    assert [(goal.verdict, goal.reason) for goal in goals] == [
        ("not measured", image_delivery.NO_DOCKER)
    ] * 2
