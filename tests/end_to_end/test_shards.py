"""Shards together do what one run does, and nothing besides."""

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

# So slow that the plan's 2,100 writes are too many for the five hours of one job.
SLOW = "6"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[State, Counter[tuple[str, str]]]:
    """What one run makes of the many repositories, and the requests with which it does."""
    with Sandbox(make_world()) as sandbox:
        step = Action(sandbox, tmp_path_factory.mktemp("once")).step(
            SPEC, ENVIRONMENT, prune="true"
        )
        assert step.exit_code == 0, step.stdout
        return state(sandbox.world), requests(sandbox.writes)


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """The same world again."""
    with Sandbox(make_world()) as sandbox:
        yield sandbox


@pytest.fixture
def actions(sandbox: Sandbox, tmp_path: Path) -> Callable[[], Action]:
    """Jobs, each with folders of its own."""
    folders = (tmp_path / str(number) for number in count())

    def job() -> Action:
        folder = next(folders)
        folder.mkdir()
        return Action(sandbox, folder)

    return job


def shards(action: Action, **inputs: str) -> list[str]:
    """What `mode: plan` gives for the matrix."""
    step = action.step(SPEC, ENVIRONMENT, mode="plan", shard="1/1", prune="true", **inputs)
    assert step.exit_code == 0, step.stdout
    matrix = step.outputs["matrix"]
    return list(json.loads(matrix)["shard"]) if matrix else []


def test_shards_in_turn_do_what_one_run_does(
    sandbox: Sandbox,
    actions: Callable[[], Action],
    once: tuple[State, Counter[tuple[str, str]]],
) -> None:
    """The same requests, to a target from one shard alone; after them there is no more to do."""
    parts = shards(actions(), writes_per_minute=SLOW)
    assert sandbox.writes == []
    assert len(parts) >= 3
    targets: list[set[str]] = []
    made: Counter[tuple[str, str]] = Counter()
    for shard in parts:
        sandbox.clear_exchanges()
        step = actions().step(SPEC, ENVIRONMENT, shard=shard, prune="true")
        assert step.exit_code == 0, step.stdout
        targets.append(written(sandbox.writes))
        made += requests(sandbox.writes)

    assert made == once[1]
    assert sum(map(len, targets)) == len(set().union(*targets))
    assert all(targets)
    assert state(sandbox.world) == once[0]
    assert shards(actions()) == []


def test_shards_beside_each_other_do_what_one_run_does(
    sandbox: Sandbox,
    actions: Callable[[], Action],
    once: tuple[State, Counter[tuple[str, str]]],
) -> None:
    """As with a `max-parallel` of more than one."""
    with ExitStack() as stack:
        started = [
            actions().start(SPEC, ENVIRONMENT, shard=f"{number}/4", prune="true")
            for number in range(1, 5)
        ]
        for one in started:
            stack.callback(one.process.kill)
        steps = [one.end() for one in started]

    assert [step.exit_code for step in steps] == [0] * 4
    assert requests(sandbox.writes) == once[1]
    assert state(sandbox.world) == once[0]


def test_a_shard_without_targets_is_a_run_with_nothing_to_do(
    sandbox: Sandbox, actions: Callable[[], Action]
) -> None:
    """It says so, with outputs as usual; its summary is left to who puts the shards together."""
    spec = SPEC.partition("  - id: LISTED")[0].replace("svc-*", "svc-00")
    results = {
        shard: actions().step(spec, ENVIRONMENT, shard=shard, mode="check")
        for shard in ("1/5", "2/5", "3/5", "4/5", "5/5")
    }

    idle = {shard: step for shard, step in results.items() if step.exit_code == 0}
    assert len(idle) >= 3
    for step in idle.values():
        assert "Targets in shard" in step.stdout
        assert ": 0." in step.stdout
        assert step.outputs["drift"] == "false"
        assert json.loads(step.outputs["plan"])["changes"] == []
        assert step.summary == ""
        assert step.commands == [one for one in step.commands if one.name == "add-mask"]
    assert actions().step(spec, ENVIRONMENT, shard=next(iter(idle))).exit_code == 0
    assert sandbox.writes == []
    changes = [
        (change["target"], change["registry"])
        for step in results.values()
        for change in json.loads(step.outputs["plan"])["changes"]
    ]
    assert sorted(changes) == [
        ("organization:octo-org", "ACR"),
        ("repository:octo-org/svc-00", "ACR"),
        ("repository:octo-org/svc-00", "GHCR"),
    ]


def test_a_repository_that_comes_or_goes_moves_no_other(
    sandbox: Sandbox, actions: Callable[[], Action]
) -> None:
    """Shards that see another world than the plan did still do each target once."""
    spec = SPEC.partition("  - id: GHCR")[0]
    assert actions().step(spec, ENVIRONMENT, shard="1/3").exit_code == 0
    sandbox.world.add_repository("octo-org/svc-000")
    assert actions().step(spec, ENVIRONMENT, shard="2/3").exit_code == 0
    sandbox.world.rename("octo-org/svc-00", "octo-org/gone")
    assert actions().step(spec, ENVIRONMENT, shard="3/3").exit_code == 0

    assert set(requests(sandbox.writes).values()) == {1}
    for name in SERVICES[1:]:
        assert set(TRIPLET) <= set(sandbox.world.secrets(f"repository:{name}")), name


def test_repositories_that_cannot_be_listed_fail_every_shard(
    sandbox: Sandbox, actions: Callable[[], Action]
) -> None:
    """None may take targets that it did not find for targets that are not its own."""
    sandbox.fail(Fault(path="/orgs/octo-org/repos", status=403, times=None))

    for shard in ("1/2", "2/2"):
        step = actions().step(SPEC, ENVIRONMENT, shard=shard)
        assert step.exit_code == 1
        assert "ACR at repository:octo-org/svc-* is blocked: GitHub denied" in step.stdout


@pytest.mark.parametrize(("shard", "waits"), [("1/1", True), ("", False)])
def test_a_shard_waits_for_the_limit_of_an_hour(
    sandbox: Sandbox, actions: Callable[[], Action], shard: str, waits: bool
) -> None:
    """The shard before it has used that up; any other run ends where it would wait so long."""
    sandbox.fail(Fault(status=429, headers={"retry-after": "3000"}, times=None))

    started = actions().start(SPEC, ENVIRONMENT, shard=shard)
    while not sandbox.exchanges:
        time.sleep(0.05)
    time.sleep(1)
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    assert step.exit_code == 1
    assert ("GitHub's rate limit: no request until" in step.stdout) == waits
    assert ("GitHub's rate limit is used up" in step.stdout) == (not waits)
