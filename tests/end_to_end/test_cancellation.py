"""A run that is ended midway leaves what the next one finishes, and says what it did."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TRIPLET, Action

COUNT = 60
NAMES = [f"octo-org/svc-{number:03}" for number in range(COUNT)]
# A cancelled job gets SIGINT first. Source: "Canceling a workflow", docs.github.com.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOST_SECONDS = 5.0
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {source}
    targets:
""" + "".join(f"      - repository: {name}\n" for name in NAMES)
AGES = SPEC.replace("{source}", "{secret: ACR_PASSWORD}")
MISSING = AGES.replace("targets", "rotate: missing\n    targets")
AGELESS = MISSING.replace("secret:", "env:")
ENVIRONMENT = {"ACR_PASSWORD": "new"}


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """As slow as GitHub, so that a run lasts; the password was changed five minutes ago."""
    changed = datetime.now(UTC) - timedelta(minutes=5)
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD", updated_at=changed)
    with Sandbox(world, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def rotating(world: World) -> World:
    """Old triplets everywhere, older than the password."""
    now = datetime.now(UTC)
    for name in NAMES:
        for secret in TRIPLET:
            stored = now - timedelta(days=1)
            world.put_secret(f"repository:{name}", secret, b"old", updated_at=stored)
    return world


def wait_for_writes(sandbox: Sandbox, count: int) -> None:
    """Until so many writes were answered."""
    wait_until(lambda: len(sandbox.writes) >= count)


def wait_for_keys(sandbox: Sandbox, count: int) -> None:
    """Until so many public keys were answered, each of which a write follows."""
    wait_until(lambda: sum("public-key" in one.path for one in sandbox.exchanges) >= count)


def wait_until(condition: Callable[[], bool]) -> None:
    """Poll, for as long as a busy machine may need."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the run does not get that far"
        time.sleep(0.01)


def written(sandbox: Sandbox) -> Counter[str]:
    """How often each secret was written."""
    return Counter(one.path for one in sandbox.writes if one.status in {201, 204})


def assert_all_in_place(world: World) -> None:
    """The new triplet, at each of the repositories."""
    for name in NAMES:
        values = [world.secrets(f"repository:{name}")[secret].value for secret in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"], name


@pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
def test_a_cancelled_run_says_what_it_did(
    sandbox: Sandbox, action: Action, number: signal.Signals
) -> None:
    """What is under way ends, nothing else begins, and log, summary and outputs agree."""
    started = action.start(MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, 30)
    told = time.monotonic()
    started.process.send_signal(number)
    step = started.end()

    assert time.monotonic() - told < MOST_SECONDS
    assert step.exit_code == 1
    complete = sum(len(sandbox.world.secrets(f"repository:{name}")) == 3 for name in NAMES)
    assert 10 < complete < COUNT
    assert (
        f"Applied: {complete} done, 0 failed, 0 blocked, {COUNT - complete} not started."
        in step.stdout
    )
    assert len(written(sandbox)) == 3 * complete
    assert f"Stopped by {number.name}. It is safe to re-run" in step.annotations("error")[-1]
    assert step.summary.count("| applied |") == complete
    assert step.summary.count("| skipped |") == COUNT - complete
    assert (step.outputs["created"], step.outputs["changed"]) == (str(complete), "true")


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL], ids=lambda number: number.name)
@pytest.mark.parametrize("after", [1, 44, 100])
def test_the_next_run_creates_what_is_missing(
    sandbox: Sandbox, action: Action, number: signal.Signals, after: int
) -> None:
    """With `rotate: missing` no secret is written twice, however the first run ended.

    The age of the source tells that what is there was written by that run.
    """
    started = action.start(MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, after)
    started.process.send_signal(number)
    assert started.end().exit_code != 0

    assert action.step(MISSING, ENVIRONMENT).exit_code == 0

    assert_all_in_place(sandbox.world)
    assert set(written(sandbox).values()) == {1}


def test_the_next_run_writes_cut_triplets_again_where_no_age_tells(
    sandbox: Sandbox, action: Action
) -> None:
    """Their members could be another credential's. What is whole stays as it is."""
    started = action.start(AGELESS, ENVIRONMENT)
    wait_for_writes(sandbox, 44)
    started.process.send_signal(signal.SIGKILL)
    started.end()
    time.sleep(0.5)  # what was sent is carried out all the same
    cut = {
        name
        for name in NAMES
        if 0 < len(sandbox.world.secrets(f"repository:{name}")) < len(TRIPLET)
    }

    assert action.step(AGELESS, ENVIRONMENT).exit_code == 0

    assert_all_in_place(sandbox.world)
    twice = {path for path, times in written(sandbox).items() if times == 2}
    assert {path.split("/codespaces")[0].removeprefix("/repos/") for path in twice} == cut


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_the_next_run_rotates_what_is_old(
    rotating: World, sandbox: Sandbox, action: Action, number: signal.Signals
) -> None:
    """With the ages of `{secret: NAME}` neither: what was written is newer than its source."""
    started = action.start(AGES, ENVIRONMENT)
    wait_for_writes(sandbox, 50)
    started.process.send_signal(number)
    assert started.end().exit_code != 0

    assert action.step(AGES, ENVIRONMENT).exit_code == 0

    assert_all_in_place(rotating)
    assert set(written(sandbox).values()) == {1}


@pytest.mark.parametrize("path", ["secrets[?]", "REGISTRY_PASSWORD$"], ids=["looking", "writing"])
def test_a_request_that_hangs_does_not_keep_a_run(
    sandbox: Sandbox, action: Action, path: str
) -> None:
    """It is left behind, and the outcome says that nobody knows."""
    sandbox.fail(Fault(path=path, times=None, status=None, delay=60))
    started = action.start(MISSING, ENVIRONMENT)
    if path == "REGISTRY_PASSWORD$":
        wait_for_keys(sandbox, 20)
        time.sleep(0.5)
    else:
        time.sleep(2.5)
    told = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    step = started.end()

    assert time.monotonic() - told < MOST_SECONDS
    assert step.exit_code == 1
    assert "Stopped by SIGTERM" in step.summary + step.stdout
    if path == "REGISTRY_PASSWORD$":
        assert step.outputs["failed"] == "20"
        assert "was in progress when the run was stopped" in step.stdout
    else:
        assert "Nothing was written." in step.summary
        assert sandbox.writes == []


def test_a_wait_for_a_limit_does_not_keep_a_run(sandbox: Sandbox, action: Action) -> None:
    """Ten minutes of waiting end at once."""
    headers = {"retry-after": "600"}
    sandbox.fail(Fault(method="PUT", nth=31, times=None, status=429, headers=headers))
    started = action.start(MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, 31)
    time.sleep(0.5)
    told = time.monotonic()
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    assert time.monotonic() - told < MOST_SECONDS
    assert step.exit_code == 1
    assert re.search(r"Applied: \d+ done, \d+ failed, 0 blocked, \d+ not started\.", step.stdout)
    sandbox.clear_faults()
    assert action.step(MISSING, ENVIRONMENT).exit_code == 0
    assert_all_in_place(sandbox.world)
    assert set(written(sandbox).values()) == {1}
