"""All shards together do the same as one run."""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox
from many_repositories import (
    ENVIRONMENT,
    SERVICES,
    SPEC,
    State,
    make_world,
    requests,
    state,
    written,
)
from sandboxed_action import TRIPLET, Action

# With so few writes per minute, the plan's 2,100 writes take more than five hours, the limit of one job.
WRITES_PER_MINUTE = "6"


@pytest.fixture(scope="module")
def single_run(tmp_path_factory: pytest.TempPathFactory) -> tuple[State, Counter[tuple[str, str]]]:
    """The state after a single run, and its requests that write."""
    with Sandbox(make_world()) as sandbox:
        step = Action(sandbox, tmp_path_factory.mktemp("single")).step(
            SPEC, ENVIRONMENT, prune="true"
        )
        assert step.exit_code == 0, step.stdout
        return state(sandbox.world), requests(sandbox.writes)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A sandbox with 280 repositories."""
    with Sandbox(make_world()) as sandbox:
        yield sandbox


@pytest.fixture
def new_job(sandbox: Sandbox, tmp_path: Path) -> Callable[[], Action]:
    """A function that returns the Action with a new workspace, as each job has."""
    folders = (tmp_path / str(number) for number in count())

    def job() -> Action:
        folder = next(folders)
        folder.mkdir()
        return Action(sandbox, folder)

    return job


def shards(action: Action, **inputs: str) -> list[str]:
    """Return the matrix of `mode: plan`."""
    step = action.step(SPEC, ENVIRONMENT, mode="plan", shard="1/1", prune="true", **inputs)
    assert step.exit_code == 0, step.stdout
    matrix = step.outputs["matrix"]
    return list(json.loads(matrix)["shard"]) if matrix else []


def test_shards_in_sequence_do_the_same_as_one_run(
    sandbox: Sandbox,
    new_job: Callable[[], Action],
    single_run: tuple[State, Counter[tuple[str, str]]],
) -> None:
    """The requests are the same, only one shard writes to a target, and nothing is left to do."""
    matrix = shards(new_job(), writes_per_minute=WRITES_PER_MINUTE)
    assert sandbox.writes == []
    assert len(matrix) >= 3
    targets: list[set[str]] = []
    total: Counter[tuple[str, str]] = Counter()
    for shard in matrix:
        sandbox.clear_exchanges()
        step = new_job().step(SPEC, ENVIRONMENT, shard=shard, prune="true")
        assert step.exit_code == 0, step.stdout
        targets.append(written(sandbox.writes))
        total += requests(sandbox.writes)

    assert total == single_run[1]
    assert sum(map(len, targets)) == len(set().union(*targets))
    assert all(targets)
    assert state(sandbox.world) == single_run[0]
    assert shards(new_job()) == []


def test_concurrent_shards_do_the_same_as_one_run(
    sandbox: Sandbox,
    new_job: Callable[[], Action],
    single_run: tuple[State, Counter[tuple[str, str]]],
) -> None:
    """As in a workflow with `max-parallel` over one."""
    with ExitStack() as stack:
        started = [
            new_job().start(SPEC, ENVIRONMENT, shard=f"{number}/4", prune="true")
            for number in range(1, 5)
        ]
        for step in started:
            stack.callback(step.process.kill)
        steps = [step.end() for step in started]

    assert [step.exit_code for step in steps] == [0] * 4
    assert requests(sandbox.writes) == single_run[1]
    assert state(sandbox.world) == single_run[0]


def test_a_shard_without_targets_succeeds_without_changes(
    sandbox: Sandbox, new_job: Callable[[], Action]
) -> None:
    """It writes its outputs. The summary is written by the job that merges the shards."""
    spec = SPEC.partition("  - id: LISTED")[0].replace("svc-*", "svc-00")
    steps = {
        shard: new_job().step(spec, ENVIRONMENT, shard=shard, mode="check")
        for shard in ("1/5", "2/5", "3/5", "4/5", "5/5")
    }

    empty = {shard: step for shard, step in steps.items() if step.exit_code == 0}
    assert len(empty) >= 3
    for step in empty.values():
        assert "Targets in shard" in step.stdout
        assert ": 0." in step.stdout
        assert step.outputs["drift"] == "false"
        assert json.loads(step.outputs["plan"])["changes"] == []
        assert step.summary == ""
        assert {command.name for command in step.commands} <= {"add-mask", "group", "endgroup"}
    assert new_job().step(spec, ENVIRONMENT, shard=next(iter(empty))).exit_code == 0
    assert sandbox.writes == []
    changes = [
        (change["target"], change["registry"])
        for step in steps.values()
        for change in json.loads(step.outputs["plan"])["changes"]
    ]
    assert sorted(changes) == [
        ("organization:octo-org", "ACR"),
        ("repository:octo-org/svc-00", "ACR"),
        ("repository:octo-org/svc-00", "GHCR"),
    ]


def test_a_repository_that_is_added_or_renamed_does_not_change_the_shards_of_others(
    sandbox: Sandbox, new_job: Callable[[], Action]
) -> None:
    """If repositories changed since the plan, the shards still write to each target once."""
    spec = SPEC.partition("  - id: GHCR")[0]
    assert new_job().step(spec, ENVIRONMENT, shard="1/3").exit_code == 0
    sandbox.world.add_repository("octo-org/svc-000")
    assert new_job().step(spec, ENVIRONMENT, shard="2/3").exit_code == 0
    sandbox.world.rename("octo-org/svc-00", "octo-org/gone")
    assert new_job().step(spec, ENVIRONMENT, shard="3/3").exit_code == 0

    assert set(requests(sandbox.writes).values()) == {1}
    for name in SERVICES[1:]:
        assert set(TRIPLET) <= set(sandbox.world.secrets(f"repository:{name}")), name


def test_repositories_that_cannot_be_listed_fail_all_shards(
    sandbox: Sandbox, new_job: Callable[[], Action]
) -> None:
    """Otherwise a shard would ignore targets that it cannot list."""
    sandbox.fail(Fault(path="/orgs/octo-org/repos", status=403, times=None))

    for shard in ("1/2", "2/2"):
        step = new_job().step(SPEC, ENVIRONMENT, shard=shard)
        assert step.exit_code == 1
        assert "ACR at repository:octo-org/svc-* is blocked: GitHub denied" in step.stdout


@pytest.mark.parametrize(("shard", "waits"), [("1/1", True), ("", False)])
def test_a_shard_waits_for_the_hourly_rate_limit(
    sandbox: Sandbox, new_job: Callable[[], Action], shard: str, waits: bool
) -> None:
    """An earlier shard can have used it up. A run without shards ends instead."""
    sandbox.fail(Fault(status=429, headers={"retry-after": "3000"}, times=None))

    started = new_job().start(SPEC, ENVIRONMENT, shard=shard)
    while not sandbox.exchanges:
        time.sleep(0.05)
    time.sleep(1)
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    assert step.exit_code == 1
    assert ("GitHub's rate limit: no request until" in step.stdout) == waits
    assert ("GitHub's rate limit is used up" in step.stdout) == (not waits)
