"""20,000 targets at a GitHub that fails, limits, hangs, and with runs that are killed."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from disturbances import LIMITS, TRANSIENT, UNEXPECTED, Disturbances
from github_sandbox import Fault, Sandbox, World
from process_watch import ProcessWatch
from runner import Started, Step
from sandboxed_action import TOKEN, TRIPLET, Action, stored_triplet

TARGETS = 20_000
MAX_BYTES = 200_000_000
MAX_SECONDS = 3600.0  # of a run
HOME = "octo-org/infra"
ENVIRONMENT = {"ACR_PASSWORD": "new"}
VALUES = (b"mycompany.azurecr.io", b"me", b"new")
# The Action has ten requests that read and twenty targets that it writes to at the same time, each
# with a connection, and a thread.
AT_ONCE = 20
SPARE_DESCRIPTORS = 5  # standard streams, and files that are read or written
# The list of repositories fails only in ways that pass, because all targets need it: otherwise most
# of the runs would end before they write.
OF_A_TARGET = {name: replace(fault, path="/codespaces/") for name, fault in UNEXPECTED.items()}
WAYS: Mapping[str, Fault] = {**TRANSIENT, **OF_A_TARGET}
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {secret: ACR_PASSWORD}
    targets: [{repository: "octo-org/svc-*"}]
"""


def service(number: int) -> str:
    """A target."""
    return f"repository:octo-org/svc-{number:05}"


@pytest.fixture
def world() -> World:
    """20,000 services: some have an old triplet, or secrets of others, which other places have too."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    yesterday = world.now() - timedelta(days=1)
    for name in (HOME, "octo-org/library"):
        world.add_repository(name)
    for number in range(TARGETS):
        world.add_repository(service(number).removeprefix("repository:"))
        if number % 10 == 0:
            stored_triplet(world, service(number), updated_at=yesterday - timedelta(days=1))
        if number % 100 == 0:
            stored_triplet(world, service(number), registry="OTHER")
            world.put_secret(service(number), "NPM_TOKEN", b"theirs")
    stored_triplet(world, "organization:octo-org")
    stored_triplet(world, "repository:octo-org/library")
    world.put_actions_secret(f"repository:{HOME}", "ACR_PASSWORD", updated_at=yesterday)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


@dataclass
class Runs:
    """Runs of the Action, each in a process that is watched."""

    sandbox: Sandbox
    action: Action
    running: Started | None = None
    watches: list[ProcessWatch] = field(default_factory=list)
    carried_out: int = 0

    def run(self) -> Step:
        """Run to the end, or until the run is killed."""
        self.sandbox.clear_exchanges()
        self.running = self.action.start(SPEC, ENVIRONMENT)
        with (
            ThreadPoolExecutor(1) as pool,
            ProcessWatch(self.running.process.pid) as watch,
        ):
            self.watches.append(watch)
            step = pool.submit(self.running.end, MAX_SECONDS).result()
        self.carried_out += sum(write.status in {201, 204} for write in self.sandbox.writes)
        return step

    def kill(self) -> None:
        """Kill the run that is in progress."""
        assert self.running
        self.running.process.send_signal(signal.SIGKILL)


@pytest.fixture
def runs(sandbox: Sandbox, action: Action) -> Iterator[Runs]:
    """Runs in the repository that has the Actions secret."""
    action.run_in(HOME, None)
    runs = Runs(sandbox, action)
    yield runs
    with suppress(ProcessLookupError):
        runs.kill()


def others(world: World) -> Mapping[str, object]:
    """All secrets that are not of the triplet in the spec, with their times."""
    targets = [
        "organization:octo-org",
        "repository:octo-org/library",
        *map(service, range(TARGETS)),
    ]
    return {
        f"{target} {name}": secret
        for target in targets
        for name, secret in world.secrets(target).items()
        if name not in TRIPLET or not target.startswith("repository:octo-org/svc-")
    }


def count_wrong(world: World) -> int:
    """The number of targets without the right triplet."""
    stored = (world.secrets(service(number)) for number in range(TARGETS))
    return sum(
        tuple(secrets[name].value for name in TRIPLET if name in secrets) != VALUES
        for secrets in stored
    )


def run_to_the_end(runs: Runs) -> list[int]:
    """Run until a run is not killed, and return the exit codes."""
    codes = [runs.run().exit_code]
    while codes[-1] < 0:
        codes.append(runs.run().exit_code)
    return codes


@pytest.mark.slow
def test_20_000_targets_get_their_triplet(world: World, sandbox: Sandbox, runs: Runs) -> None:
    """With 1 % of all requests failing in every way, three limits, and two runs that are killed.

    After that, one run without failures finishes the rest, and the next one writes nothing. A
    secret is written twice only if the response of a write was lost.
    """
    before = others(world)
    disturbances = Disturbances(
        seed=1,
        probability=0.01,
        ways=WAYS,
        hang_every=TARGETS // 4,
        limits={TARGETS // 2: "429", TARGETS * 3 // 2: "403", TARGETS * 11 // 2: "used up"},
        at_writes={TARGETS // 2 + 7: runs.kill, TARGETS * 5 // 4 + 13: runs.kill},
    )
    sandbox.choose_faults(disturbances)
    codes = run_to_the_end(runs)
    sandbox.choose_faults(lambda *_: None)

    assert codes == [-signal.SIGKILL, -signal.SIGKILL, 1]
    assert set(disturbances.met) == {*WAYS, *LIMITS, "hangs"}
    assert 0 < count_wrong(world) < TARGETS / 20
    assert runs.run().exit_code == 0
    assert count_wrong(world) == 0
    assert runs.carried_out - 3 * TARGETS <= disturbances.failed_writes
    assert runs.run().exit_code == 0
    assert sandbox.writes == []
    assert others(world) == before
    check_resources(runs.watches)


def check_resources(watches: list[ProcessWatch]) -> None:
    """No run takes too much memory, or keeps a thread or a connection that nothing uses."""
    assert max(watch.peak for watch in watches) < MAX_BYTES
    for watch in watches:
        first = watch.samples[0]
        assert max(sample.threads for sample in watch.samples) <= 1 + AT_ONCE
        descriptors = max(sample.descriptors for sample in watch.samples)
        assert descriptors <= first.descriptors + AT_ONCE + SPARE_DESCRIPTORS
    for watch in watches[-2:]:
        assert watch.samples[-1].threads == 1
