"""GitHub's limits are kept where they are known, and obeyed where they are met."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from github_sandbox import Exchange, Fault, Sandbox, World
from sandboxed_action import TRIPLET, Action, stored_triplet

ENVIRONMENT = {"ACR_PASSWORD": "new"}
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {env: ACR_PASSWORD}
    rotate: missing
    targets:
"""
SECONDARY = '{"message": "You have exceeded a secondary rate limit."}'


def repositories(count: int) -> list[str]:
    """Names of the first services."""
    return [f"octo-org/svc-{number:03}" for number in range(count)]


def spec(count: int) -> str:
    """The triplet at so many repositories."""
    return SPEC + "".join(f"      - repository: {name}\n" for name in repositories(count))


def assert_in_place(world: World, count: int) -> None:
    """All three, at each of them."""
    for name in repositories(count):
        assert set(world.secrets(f"repository:{name}")) == set(TRIPLET), name


def most_at_once(exchanges: Sequence[Exchange]) -> int:
    """The largest number of requests that were under way at the same moment."""
    moments = [(one.began, 1) for one in exchanges] + [(one.ended, -1) for one in exchanges]
    under_way = most = 0
    for _, step in sorted(moments):
        under_way += step
        most = max(most, under_way)
    return most


def refused(sandbox: Sandbox) -> list[Exchange]:
    """What was sent over a limit."""
    return [one for one in sandbox.exchanges if one.status in {403, 429}]


def test_writes_keep_to_their_budget(sandbox: Sandbox, action: Action) -> None:
    """A burst of 20, then so many a minute as the input says, in any stretch of time."""
    step = action.step(spec(15), ENVIRONMENT, writes_per_minute="600")

    assert step.exit_code == 0
    assert_in_place(sandbox.world, 15)
    times = sorted(one.began for one in sandbox.writes)
    assert len(times) == 45
    assert times[-1] - times[0] >= (45 - 20) / 10 - 0.2
    for first, began in enumerate(times):
        for last in range(first, len(times)):
            # A tenth of a second is the unrest between our clock and the server's.
            assert last - first <= 20 + (times[last] - began + 0.1) * 10


def test_reads_are_ten_at_once_and_targets_are_written_beside_each_other(
    world: World, action: Action
) -> None:
    """With the writes of one target in order, SERVER last."""
    with Sandbox(world, latency=0.05) as sandbox:
        action.step(spec(40), ENVIRONMENT, api_url=sandbox.url)
        exchanges = sandbox.exchanges

    reads = [one for one in exchanges if one.method == "GET"]
    writes = [one for one in exchanges if one.method == "PUT"]
    assert 5 < most_at_once(reads) <= 10
    assert 10 < most_at_once(writes) <= 20
    for name in repositories(40):
        own = [one for one in writes if f"/{name}/" in one.path]
        assert [one.path.rpartition("_")[2] for one in own] == ["PASSWORD", "USER", "SERVER"]
        assert all(before.ended <= after.began for before, after in pairwise(own))


def test_the_pages_of_a_list_are_read_beside_each_other(world: World, action: Action) -> None:
    """All but the first, and ten at once, however many lists there are."""
    for number in range(1200):
        world.add_repository(f"octo-org/many-{number:04}")
    everyone = [f"octo-org/many-{number:04}" for number in range(1200)]
    stored_triplet(world, "organization:octo-org", visibility="selected", repositories=everyone)
    glob = '      - {organization: octo-org, repositories: ["many-*"]}\n'
    with Sandbox(world, latency=0.05) as sandbox:
        step = action.step(SPEC + glob, ENVIRONMENT, api_url=sandbox.url)
        exchanges = sandbox.exchanges

    assert (step.exit_code, step.outputs["unchanged"]) == (0, "1")
    pages = Counter(one.path for one in exchanges if one.path.endswith(("repositories", "repos")))
    assert sorted(pages.values()) == [12, 12, 12, 15]
    assert 5 < most_at_once(exchanges) <= 10


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_one_worker_hits_stops_all(
    sandbox: Sandbox, action: Action, status: int
) -> None:
    """For as long as `retry-after` says; then one request goes first, and the rest is done."""
    headers = {"retry-after": "2"}
    fault = Fault(method="PUT", nth=8, status=status, headers=headers, body=SECONDARY)
    sandbox.fail(fault)

    step = action.step(spec(20), ENVIRONMENT)

    assert step.exit_code == 0
    assert_in_place(sandbox.world, 20)
    (hit,) = refused(sandbox)
    later = [one for one in sandbox.exchanges if one.began > hit.ended + 0.05]
    assert min(one.began for one in later) >= hit.ended + 1.9
    probe = min(later, key=lambda one: one.began)
    assert all(one.began >= probe.ended for one in later if one is not probe)
    said = re.findall(
        r"GitHub's rate limit: no request until .* \(2 s\), according to `retry-after`\.",
        step.stdout,
    )
    assert len(said) == 1


def test_the_reset_of_the_primary_limit(sandbox: Sandbox, action: Action) -> None:
    """Where nothing remains, `x-ratelimit-reset` says when to go on."""
    reset = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(time.time()) + 3)}
    sandbox.fail(Fault(method="GET", path="svc-002", status=403, headers=reset))

    step = action.step(spec(5), ENVIRONMENT)

    assert step.exit_code == 0
    (hit,) = refused(sandbox)
    after = [one.began for one in sandbox.exchanges if one.began > hit.ended + 0.05]
    assert 1 <= min(after) - hit.ended <= 5
    assert "according to `x-ratelimit-reset`." in step.stdout


def test_a_limit_that_holds_grows_the_wait(sandbox: Sandbox, action: Action) -> None:
    """Each refusal in a row at least doubles it, and only one request asks each time."""
    headers = {"retry-after": "1"}
    sandbox.fail(Fault(method="GET", path="secrets", status=429, headers=headers, times=3))

    step = action.step(spec(1), ENVIRONMENT)

    assert step.exit_code == 0
    hits = refused(sandbox)
    assert [round(after.began - before.ended) for before, after in pairwise(hits)] == [1, 2]
    assert re.findall(r"\((\d) s\)", step.stdout) == ["1", "2", "4"]


def test_a_limit_that_holds_for_long_ends_the_run(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """At once, with the time to come back; the next run does what is left and nothing twice."""
    changed = datetime.now(UTC) - timedelta(minutes=5)
    world.put_actions_secret("repository:octo-org/app", "ACR_PASSWORD", updated_at=changed)
    dated = spec(30).replace("env:", "secret:")
    headers = {"retry-after": "3600"}
    fault = Fault(method="PUT", nth=10, status=403, headers=headers, body=SECONDARY, times=None)
    sandbox.fail(fault)
    began = time.monotonic()

    step = action.step(dated, ENVIRONMENT)

    assert step.exit_code == 1
    assert time.monotonic() - began < 20
    message = r"GitHub's rate limit is used up until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC, for 1h; run again then"
    assert re.search(message, step.stdout)
    assert len(refused(sandbox)) <= 20  # those that were under way already
    assert int(step.outputs["created"]) + int(step.outputs["failed"]) < 30
    assert re.search(r"Applied: \d+ done, \d+ failed, 0 blocked, \d+ not started\.", step.stdout)
    done = [one.path for one in sandbox.writes if one.status == 201]
    sandbox.clear_faults()
    sandbox.clear_exchanges()

    assert action.step(dated, ENVIRONMENT).exit_code == 0

    assert_in_place(sandbox.world, 30)
    again = [one.path for one in sandbox.writes]
    assert sorted(done + again) == sorted(set(done + again))
    assert len(done + again) == 90


def test_a_limit_while_looking_ends_the_run_before_it_writes(
    sandbox: Sandbox, action: Action
) -> None:
    """One error for the run, and none for each target."""
    headers = {"retry-after": "901"}
    sandbox.fail(Fault(nth=5, status=429, headers=headers, times=None))

    step = action.step(spec(30), ENVIRONMENT)

    (message,) = step.annotations("error")
    assert message.startswith("GitHub's rate limit is used up until")
    assert (step.exit_code, sandbox.writes) == (1, [])
    assert len(sandbox.exchanges) <= 4 + 10


@pytest.mark.slow
def test_a_long_run_says_how_far_it_is(sandbox: Sandbox, action: Action) -> None:
    """A line for each target when it is done, and a count with an estimate every ten seconds."""
    step = action.step(spec(28), ENVIRONMENT, writes_per_minute="300")

    assert step.exit_code == 0
    lines = step.stdout.splitlines()
    done = [line for line in lines if line.startswith("  ✓ create ACR at repository:octo-org/svc-")]
    (count,) = [line for line in lines if "targets done" in line]
    assert (len(done), len(set(done))) == (28, 28)
    assert re.fullmatch(r"\d\d of 28 targets done; about \d+ s left", count)
    assert done[0] in lines[: lines.index(count)]
    assert done[-1] in lines[lines.index(count) :]


def test_a_thousand_targets_do_not_flood_the_log(world: World, action: Action) -> None:
    """What is told of each is folded away; what stands open can be read at a glance."""
    for number in range(1000):
        world.add_repository(f"octo-org/many-{number:04}")
    many = SPEC + '      - repository: "octo-org/many-*"\n'

    step = action.step(many, ENVIRONMENT)

    assert step.exit_code == 0
    assert step.outputs["created"] == "1000"
    parts = re.split(r"^::(?:end)?group::.*$", step.stdout, flags=re.MULTILINE)
    assert [part.count("at repository:octo-org/many-") for part in parts] == [0, 1000, 0, 1000, 0]
    assert sum(part.count("\n") for part in parts[::2]) < 40
    assert "Applied: 1000 done, 0 failed, 0 blocked." in parts[-1]
