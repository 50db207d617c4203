"""Ctrl-C while `apply` writes: it reports what it did, and the next run writes the rest."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from command_line import CommandLine
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Sandbox, World
from sandboxed_action import TRIPLET

TARGETS = 60
NAMES = [f"octo-org/svc-{number:03}" for number in range(TARGETS)]
SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    rotate: missing
    targets:
""" + "".join(f"      - repository: {name}\n" for name in NAMES)
OPTIONS = ("--spec-file", "spec.yml", "--verify", "off", "--writes-per-minute", "100000")
VARIABLES = {"ACR_PASSWORD": "correct-horse"}
MAX_SECONDS = 5.0
WRITES = 30  # of 180, when the signal is sent


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """As slow as GitHub, so that a run takes a while."""
    for name in NAMES:
        world.add_repository(name)
    with Sandbox(world, latency=0.05) as sandbox:
        yield sandbox


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    (cli.folder / "spec.yml").write_text(SPEC)
    environ = {"GH_TOKEN": OWNER_TOKEN, "GITHUB_API_URL": sandbox.url, **VARIABLES}
    return CommandLine(cli.command, cli.folder, environ)


def wait_for_writes(sandbox: Sandbox) -> None:
    """Wait until GitHub has responded to some of the writes."""
    deadline = time.monotonic() + 30
    while len(sandbox.writes) < WRITES:
        assert time.monotonic() < deadline, f"{len(sandbox.writes)} writes after 30 s"
        time.sleep(0.01)


def count_complete(world: World) -> int:
    """The number of repositories with all three secrets."""
    return sum(world.secrets(f"repository:{name}").keys() == set(TRIPLET) for name in NAMES)


def assert_the_next_run_writes_the_rest(github: CommandLine, sandbox: Sandbox) -> None:
    """No secret is written twice."""
    missing = TARGETS - count_complete(sandbox.world)
    result = github.run("apply", "--yes", *OPTIONS)
    assert result.code == 0, result.err
    assert f"Apply complete: {missing} created" in result.out
    assert count_complete(sandbox.world) == TARGETS
    paths = Counter(exchange.path for exchange in sandbox.writes)
    assert (len(paths), set(paths.values())) == (3 * TARGETS, {1})


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM], ids=lambda item: item.name)
def test_an_interrupted_apply_reports_what_it_did(
    github: CommandLine, sandbox: Sandbox, stop_signal: signal.Signals
) -> None:
    """It ends within five seconds, after the changes in progress."""
    process = subprocess.Popen(
        [github.command, "apply", "--yes", *OPTIONS],
        cwd=github.folder,
        env=github.variables({}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_writes(sandbox)
    signalled_at = time.monotonic()
    process.send_signal(stop_signal)
    out, err = process.communicate(timeout=30)

    assert time.monotonic() - signalled_at < MAX_SECONDS
    assert process.returncode == 1
    complete = count_complete(sandbox.world)
    assert WRITES // 3 <= complete < TARGETS
    assert out.count("created: ACR at") == complete
    assert f"Apply incomplete: {complete} created, {TARGETS - complete} not started." in out
    assert f"Stopped by {stop_signal.name}. It is safe to re-run" in err
    assert "Traceback" not in out + err
    assert len(sandbox.writes) == 3 * complete
    assert_the_next_run_writes_the_rest(github, sandbox)


def test_an_interrupt_on_a_terminal_removes_the_bar(github: CommandLine, sandbox: Sandbox) -> None:
    """The outcome is below the place where the bar was."""
    session = github.on_terminal("apply", "--yes", *OPTIONS)
    session.wait_for("━")
    wait_for_writes(sandbox)
    session.process.send_signal(signal.SIGINT)
    result = session.end()

    complete = count_complete(sandbox.world)
    assert result.code == 1
    last = result.out.rpartition("━")[2]
    assert f"Apply incomplete: {complete} created, {TARGETS - complete} not started." in last
    assert "Stopped by SIGINT" in last
    assert re.search("\\x1b\\[2K", last), "the line of the bar is erased"
    assert last.endswith("\n")
    assert_the_next_run_writes_the_rest(github, sandbox)
