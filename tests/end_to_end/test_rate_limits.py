"""Writes and concurrent requests are limited, and runs wait for GitHub's rate limits."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from github_sandbox import Exchange, Fault, Sandbox, World
from sandboxed_action import ACR_SPEC, TRIPLET, Action, stored_triplet

ENVIRONMENT = {"ACR_PASSWORD": "new"}
SPEC = ACR_SPEC + "    rotate: missing\n    targets:\n"
# How late a request reaches the sandbox on a busy machine.
MAX_LAG_SECONDS = 0.5
SECONDARY_LIMIT = '{"message": "You have exceeded a secondary rate limit."}'


def repositories(count: int) -> list[str]:
    """Return the names of the first `count` repositories."""
    return [f"octo-org/svc-{number:03}" for number in range(count)]


def spec(count: int) -> str:
    """Return a spec with the triplet at `count` repositories."""
    return SPEC + "".join(f"      - repository: {name}\n" for name in repositories(count))


def assert_in_place(world: World, count: int) -> None:
    """The first `count` repositories have the triplet."""
    for name in repositories(count):
        assert set(world.secrets(f"repository:{name}")) == set(TRIPLET), name


def max_concurrency(exchanges: Sequence[Exchange]) -> int:
    """Return the largest number of requests in progress at the same time."""
    starts = [(exchange.began, 1) for exchange in exchanges]
    ends = [(exchange.ended, -1) for exchange in exchanges]
    in_progress = maximum = 0
    for _, difference in sorted(starts + ends):
        in_progress += difference
        maximum = max(maximum, in_progress)
    return maximum


def limited(sandbox: Sandbox) -> list[Exchange]:
    """Return the requests that GitHub answered with a rate limit."""
    return [exchange for exchange in sandbox.exchanges if exchange.status in {403, 429}]


def split_at_wait(
    sandbox: Sandbox, rejected: Exchange, seconds: float
) -> tuple[list[Exchange], list[Exchange]]:
    """The requests that began within the seconds after a rejection, and those that began later.

    The first ones were sent before the Action read the rejection: at most one of each thread.
    """
    later = sorted(
        (exchange for exchange in sandbox.exchanges if exchange.began > rejected.ended),
        key=lambda exchange: exchange.began,
    )
    in_flight = [exchange for exchange in later if exchange.began < rejected.ended + seconds]
    return in_flight, later[len(in_flight) :]


def test_writes_stay_within_writes_per_minute(sandbox: Sandbox, action: Action) -> None:
    """A burst of 20, then as many per minute as the input says, in any period."""
    step = action.step(spec(15), ENVIRONMENT, writes_per_minute="600")

    assert step.exit_code == 0
    assert_in_place(sandbox.world, 15)
    times = sorted(exchange.began for exchange in sandbox.writes)
    assert len(times) == 45
    assert times[-1] - times[0] >= (45 - 20) / 10 - MAX_LAG_SECONDS
    for first, began in enumerate(times):
        for last in range(first, len(times)):
            assert last - first <= 20 + (times[last] - began + MAX_LAG_SECONDS) * 10


def test_ten_reads_and_twenty_writes_run_concurrently(world: World, action: Action) -> None:
    """The writes of one target are in sequence, SERVER last."""
    with Sandbox(world, latency=0.05) as sandbox:
        action.step(spec(40), ENVIRONMENT, api_url=sandbox.url)
        exchanges = sandbox.exchanges

    reads = [exchange for exchange in exchanges if exchange.method == "GET"]
    writes = [exchange for exchange in exchanges if exchange.method == "PUT"]
    assert 5 < max_concurrency(reads) <= 10
    assert 10 < max_concurrency(writes) <= 20
    for name in repositories(40):
        own = [exchange for exchange in writes if f"/{name}/" in exchange.path]
        assert [exchange.path.rpartition("_")[2] for exchange in own] == [
            "PASSWORD",
            "USER",
            "SERVER",
        ]
        assert all(before.ended <= after.began for before, after in pairwise(own))


def test_the_pages_of_a_list_are_read_concurrently(world: World, action: Action) -> None:
    """All pages except the first, and at most ten of all lists at the same time."""
    for number in range(1200):
        world.add_repository(f"octo-org/many-{number:04}")
    names = [f"octo-org/many-{number:04}" for number in range(1200)]
    stored_triplet(world, "organization:octo-org", visibility="selected", repositories=names)
    glob = '      - {organization: octo-org, repositories: ["many-*"]}\n'
    with Sandbox(world, latency=0.05) as sandbox:
        step = action.step(SPEC + glob, ENVIRONMENT, api_url=sandbox.url)
        exchanges = sandbox.exchanges

    assert (step.exit_code, step.outputs["unchanged"]) == (0, "1")
    pages = Counter(
        exchange.path for exchange in exchanges if exchange.path.endswith(("repositories", "repos"))
    )
    assert sorted(pages.values()) == [12, 12, 12, 15]
    assert 5 < max_concurrency(exchanges) <= 10


@pytest.mark.parametrize("status", [403, 429])
def test_a_rate_limit_stops_all_requests(sandbox: Sandbox, action: Action, status: int) -> None:
    """They wait as long as `retry-after` says. Then one request is sent, and after it the others."""
    headers = {"retry-after": "2"}
    fault = Fault(method="PUT", nth=8, status=status, headers=headers, body=SECONDARY_LIMIT)
    sandbox.fail(fault)

    step = action.step(spec(20), ENVIRONMENT)

    assert step.exit_code == 0
    assert_in_place(sandbox.world, 20)
    (rejected,) = limited(sandbox)
    in_flight, resumed = split_at_wait(sandbox, rejected, 1.9)
    probe, *later = resumed
    assert len(in_flight) < 20  # of each other target, one that was sent before the rejection
    assert all(exchange.began >= probe.ended for exchange in later)
    messages = re.findall(
        r"GitHub's rate limit: no request until .* \(2 s\), according to `retry-after`\.",
        step.stdout,
    )
    assert len(messages) == 1


def test_a_run_waits_for_the_reset_of_the_primary_rate_limit(
    sandbox: Sandbox, action: Action
) -> None:
    """If no requests remain, the run waits until `x-ratelimit-reset`."""
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 3)}
    sandbox.fail(Fault(method="GET", path="svc-002", status=403, headers=reset))

    step = action.step(spec(5), ENVIRONMENT)

    assert step.exit_code == 0
    (rejected,) = limited(sandbox)
    in_flight, resumed = split_at_wait(sandbox, rejected, 1)
    assert len(in_flight) < 10
    assert resumed[0].began - rejected.ended < 30
    assert "according to `x-ratelimit-reset`." in step.stdout


def test_repeated_rate_limits_double_the_wait(sandbox: Sandbox, action: Action) -> None:
    """Each further rejection at least doubles the wait, and only one request is sent after it."""
    headers = {"retry-after": "1"}
    sandbox.fail(Fault(method="GET", path="secrets", status=429, headers=headers, times=3))

    step = action.step(spec(1), ENVIRONMENT)

    assert step.exit_code == 0
    rejections = limited(sandbox)
    first, second = (after.began - before.ended for before, after in pairwise(rejections))
    assert first >= 1
    assert second >= 2
    assert re.findall(r"\((\d) s\)", step.stdout) == ["1", "2", "4"]


def test_a_long_rate_limit_ends_the_run(world: World, sandbox: Sandbox, action: Action) -> None:
    """At once, with the time of the reset. The next run does the rest, and writes nothing twice."""
    changed = datetime.now(UTC) - timedelta(minutes=5)
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD", updated_at=changed)
    spec_with_age = spec(30).replace("env:", "secret:")
    headers = {"retry-after": "3600"}
    fault = Fault(
        method="PUT", nth=10, status=403, headers=headers, body=SECONDARY_LIMIT, times=None
    )
    sandbox.fail(fault)
    began = time.monotonic()

    step = action.step(spec_with_age, ENVIRONMENT)

    assert step.exit_code == 1
    assert time.monotonic() - began < 60
    message = r"GitHub's rate limit is used up until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, for 1h \(according to `[a-z-]+`\); run again after that"
    assert re.search(message, step.stdout)
    assert len(limited(sandbox)) <= 20  # those that were in progress
    assert int(step.outputs["created"]) + int(step.outputs["failed"]) < 30
    assert re.search(r"Apply incomplete: .*\d+ not started\.", step.stdout)
    first = [exchange.path for exchange in sandbox.writes if exchange.status == 201]
    sandbox.clear_faults()
    sandbox.clear_exchanges()

    assert action.step(spec_with_age, ENVIRONMENT).exit_code == 0

    assert_in_place(sandbox.world, 30)
    second = [exchange.path for exchange in sandbox.writes]
    assert sorted(first + second) == sorted(set(first + second))
    assert len(first + second) == 90


def test_a_long_rate_limit_while_reading_ends_the_run_before_any_write(
    sandbox: Sandbox, action: Action
) -> None:
    """There is one error for the run, and none for the targets."""
    headers = {"retry-after": "901"}
    sandbox.fail(Fault(nth=5, status=429, headers=headers, times=None))

    step = action.step(spec(30), ENVIRONMENT)

    (message,) = step.annotations("error")
    assert message.startswith("GitHub's rate limit is used up until")
    assert (step.exit_code, sandbox.writes) == (1, [])
    assert len(sandbox.exchanges) <= 4 + 10


@pytest.mark.slow
def test_a_long_run_logs_its_progress(sandbox: Sandbox, action: Action) -> None:
    """A line for each target when it is written, and every ten seconds a count with an estimate."""
    step = action.step(spec(28), ENVIRONMENT, writes_per_minute="300")

    assert step.exit_code == 0
    lines = step.stdout.splitlines()
    written = [
        line for line in lines if line.startswith("  ✓ created: ACR at repository:octo-org/svc-")
    ]
    (progress,) = [line for line in lines if "targets done" in line]
    assert (len(written), len(set(written))) == (28, 28)
    assert re.fullmatch(r"\d\d of 28 targets done; about \d+ s left", progress)
    assert written[0] in lines[: lines.index(progress)]
    assert written[-1] in lines[lines.index(progress) :]


def test_the_log_folds_the_lines_of_a_thousand_targets(world: World, action: Action) -> None:
    """The lines of the targets are in collapsed groups; fewer than 40 lines are outside them."""
    for number in range(1000):
        world.add_repository(f"octo-org/many-{number:04}")
    many_targets = SPEC + '      - repository: "octo-org/many-*"\n'

    step = action.step(many_targets, ENVIRONMENT)

    assert step.exit_code == 0
    assert step.outputs["created"] == "1000"
    parts = re.split(r"^::(?:end)?group::.*$", step.stdout, flags=re.MULTILINE)
    assert [part.count("at repository:octo-org/many-") for part in parts] == [
        0,
        0,
        0,
        1000,
        0,
        1000,
        0,
    ]
    assert sum(part.count("\n") for part in parts[::2]) < 40
    assert "Apply complete: 1000 created." in parts[-1]
