"""A cancelled run reports what it did, and the next run completes the changes."""

from __future__ import annotations

import re
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from busy_machine import stretched
from github_sandbox import Fault, Sandbox, World
from sandboxed_action import TRIPLET, Action, stored_triplet

TARGETS = 60
NAMES = [f"octo-org/svc-{number:03}" for number in range(TARGETS)]
# The runner first sends SIGINT to a cancelled job. Source: "Canceling a workflow", docs.github.com.
SIGNALS = (signal.SIGINT, signal.SIGTERM)
MAX_SECONDS = 5.0
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {source}
    targets:
""" + "".join(f"      - repository: {name}\n" for name in NAMES)
ROTATE_CHANGED = SPEC.replace("{source}", "{secret: ACR_PASSWORD}")
ROTATE_MISSING = ROTATE_CHANGED.replace("targets", "rotate: missing\n    targets")
ROTATE_MISSING_WITHOUT_AGE = ROTATE_MISSING.replace("secret:", "env:")
ENVIRONMENT = {"ACR_PASSWORD": "new"}


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """As slow as GitHub, so that a run takes a while. The password was changed five minutes ago."""
    changed = datetime.now(UTC) - timedelta(minutes=5)
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD", updated_at=changed)
    with Sandbox(world, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def outdated(world: World) -> World:
    """All repositories have a triplet that is older than the password."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    for name in NAMES:
        stored_triplet(world, f"repository:{name}", updated_at=yesterday)
    return world


def wait_for_writes(sandbox: Sandbox, count: int) -> None:
    """Wait until GitHub has responded to `count` writes."""
    wait_until(lambda: len(sandbox.writes) >= count)


def wait_for_keys(sandbox: Sandbox, count: int) -> None:
    """Wait until GitHub has returned `count` public keys; a write follows each."""
    wait_until(
        lambda: sum("public-key" in exchange.path for exchange in sandbox.exchanges) >= count
    )


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "the condition does not hold after 30 s"
        time.sleep(0.01)


def count_writes(sandbox: Sandbox) -> Counter[str]:
    """Return how often each secret was written."""
    return Counter(exchange.path for exchange in sandbox.writes if exchange.status in {201, 204})


def assert_all_in_place(world: World) -> None:
    """Each repository has the new triplet."""
    for name in NAMES:
        values = [world.secrets(f"repository:{name}")[secret].value for secret in TRIPLET]
        assert values == [b"mycompany.azurecr.io", b"new", b"new"], name


@pytest.mark.parametrize("stop_signal", SIGNALS, ids=lambda stop_signal: stop_signal.name)
def test_a_cancelled_run_reports_what_it_did(
    sandbox: Sandbox, action: Action, stop_signal: signal.Signals
) -> None:
    """Writes in progress end, no others begin, and log, summary and outputs are consistent."""
    started = action.start(ROTATE_MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, 30)
    signalled_at = time.monotonic()
    started.process.send_signal(stop_signal)
    step = started.end()

    assert time.monotonic() - signalled_at < stretched(MAX_SECONDS)
    assert step.exit_code == 1
    complete = sum(len(sandbox.world.secrets(f"repository:{name}")) == 3 for name in NAMES)
    assert 10 < complete < TARGETS
    assert f"Apply incomplete: {complete} created, {TARGETS - complete} not started." in step.stdout
    assert len(count_writes(sandbox)) == 3 * complete
    assert f"Stopped by {stop_signal.name}. It is safe to re-run" in step.annotations("error")[-1]
    assert step.summary.count("`+` created<br>") == complete
    assert step.summary.count("`+` not created<br>") == TARGETS - complete
    assert (step.outputs["created"], step.outputs["changed"]) == (str(complete), "true")


@pytest.mark.parametrize(
    "stop_signal", [*SIGNALS, signal.SIGKILL], ids=lambda stop_signal: stop_signal.name
)
@pytest.mark.parametrize("after", [1, 44, 100])
def test_the_next_run_creates_what_is_missing(
    sandbox: Sandbox, action: Action, stop_signal: signal.Signals, after: int
) -> None:
    """With `rotate: missing` no secret is written twice, for any signal at any time.

    The secrets of the first run are newer than their source.
    """
    started = action.start(ROTATE_MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, after)
    started.process.send_signal(stop_signal)
    assert started.end().exit_code != 0

    assert action.step(ROTATE_MISSING, ENVIRONMENT).exit_code == 0

    assert_all_in_place(sandbox.world)
    assert set(count_writes(sandbox).values()) == {1}


def test_the_next_run_writes_incomplete_triplets_again_without_the_age_of_the_source(
    sandbox: Sandbox, action: Action
) -> None:
    """Their members could be from different credentials. Complete triplets stay unchanged."""
    started = action.start(ROTATE_MISSING_WITHOUT_AGE, ENVIRONMENT)
    wait_for_writes(sandbox, 44)
    started.process.send_signal(signal.SIGKILL)
    started.end()
    time.sleep(0.5)  # GitHub executes requests that were already sent
    incomplete = {
        name
        for name in NAMES
        if 0 < len(sandbox.world.secrets(f"repository:{name}")) < len(TRIPLET)
    }

    assert action.step(ROTATE_MISSING_WITHOUT_AGE, ENVIRONMENT).exit_code == 0

    assert_all_in_place(sandbox.world)
    twice = {path for path, times in count_writes(sandbox).items() if times == 2}
    assert {path.split("/codespaces")[0].removeprefix("/repos/") for path in twice} == incomplete


@pytest.mark.parametrize(
    "stop_signal", [signal.SIGTERM, signal.SIGKILL], ids=lambda stop_signal: stop_signal.name
)
def test_the_next_run_rotates_the_remaining_triplets(
    outdated: World, sandbox: Sandbox, action: Action, stop_signal: signal.Signals
) -> None:
    """It writes no secret twice, because those of the first run are newer than their source."""
    started = action.start(ROTATE_CHANGED, ENVIRONMENT)
    wait_for_writes(sandbox, 50)
    started.process.send_signal(stop_signal)
    assert started.end().exit_code != 0

    assert action.step(ROTATE_CHANGED, ENVIRONMENT).exit_code == 0

    assert_all_in_place(outdated)
    assert set(count_writes(sandbox).values()) == {1}


@pytest.mark.parametrize("path", ["secrets[?]", "REGISTRY_PASSWORD$"], ids=["reading", "writing"])
def test_a_cancelled_run_does_not_wait_for_a_hanging_request(
    sandbox: Sandbox, action: Action, path: str
) -> None:
    """The run ends without its response, and reports that the outcome is unknown."""
    sandbox.fail(Fault(path=path, times=None, status=None, delay=60))
    started = action.start(ROTATE_MISSING, ENVIRONMENT)
    if path == "REGISTRY_PASSWORD$":
        wait_for_keys(sandbox, 20)
        time.sleep(0.5)
    else:
        time.sleep(2.5)
    signalled_at = time.monotonic()
    started.process.send_signal(signal.SIGTERM)
    step = started.end()

    assert time.monotonic() - signalled_at < stretched(MAX_SECONDS)
    assert step.exit_code == 1
    assert "Stopped by SIGTERM" in step.summary + step.stdout
    if path == "REGISTRY_PASSWORD$":
        assert step.outputs["failed"] == "20"
        assert "was in progress when the run was stopped" in step.stdout
    else:
        assert "Nothing was written." in step.summary
        assert sandbox.writes == []


def test_a_cancelled_run_does_not_wait_for_a_rate_limit(sandbox: Sandbox, action: Action) -> None:
    """A wait of ten minutes ends at once."""
    headers = {"retry-after": "600"}
    sandbox.fail(Fault(method="PUT", nth=31, times=None, status=429, headers=headers))
    started = action.start(ROTATE_MISSING, ENVIRONMENT)
    wait_for_writes(sandbox, 31)
    time.sleep(0.5)
    signalled_at = time.monotonic()
    started.process.send_signal(signal.SIGINT)
    step = started.end()

    assert time.monotonic() - signalled_at < stretched(MAX_SECONDS)
    assert step.exit_code == 1
    assert re.search(r"Apply incomplete: .*\d+ not started", step.stdout)
    sandbox.clear_faults()
    assert action.step(ROTATE_MISSING, ENVIRONMENT).exit_code == 0
    assert_all_in_place(sandbox.world)
    assert set(count_writes(sandbox).values()) == {1}
