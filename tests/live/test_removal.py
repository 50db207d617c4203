"""A run removes what it has created, whatever happens, and what a killed run has left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from github_sandbox import Fault, Sandbox, World
from live.conftest import LOGIN, TARGET, Runs, leftovers

TESTS = Path(__file__).parents[1]
NAME = "secrets_of_a_repository"
CREATED = f"/orgs/{LOGIN}/repos"
DEADLINE_SECONDS = 60


def start(runs: Runs, name: str) -> subprocess.Popen[str]:
    """Start a run in a process of its own, with real pauses."""
    path = os.pathsep.join([str(TESTS), str(TESTS.parent / "src")])
    environ = {**os.environ, **runs.environ(), "PYTHONPATH": path}
    return subprocess.Popen(
        [sys.executable, "-m", "live", name], env=environ, stdout=subprocess.PIPE, text=True
    )


def wait_for_secrets(world: World, count: int) -> None:
    """Wait until the repository of the run has some secrets."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        repositories = world.repositories(world.account(LOGIN))
        if any(
            len(world.secrets(f"repository:{item.full_name}")) >= count for item in repositories
        ):
            return
        time.sleep(0.05)
    raise AssertionError("the run has written no secrets")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_an_interrupted_run_removes_what_it_created(
    number: signal.Signals, runs: Runs, world: World
) -> None:
    """It says that it was interrupted."""
    run = start(runs, NAME)
    wait_for_secrets(world, 1)
    run.send_signal(number)
    output, _ = run.communicate(timeout=DEADLINE_SECONDS)
    assert run.returncode == 130
    assert "interrupted" in output.splitlines()
    assert "ghp_" not in output
    assert leftovers(world) == []


def test_the_next_run_removes_what_a_killed_one_left(runs: Runs, world: World) -> None:
    """Repositories, teams and secrets, with a line for each."""
    run = start(runs, NAME)
    wait_for_secrets(world, 1)
    run.kill()
    run.communicate(timeout=DEADLINE_SECONDS)
    world.add_team(LOGIN, "crs-live-00000000-team")
    world.put_secret(TARGET, "CRS_LIVE_00000000_NAME", b"v")
    left = leftovers(world)
    assert len(left) == 3

    assert runs.run("list_of_a_private_secret") == 0

    removed = [line for line in runs.said if line.endswith("which an earlier run left behind")]
    assert len(removed) == 3
    assert all(any(name in line for line in removed) for name in left)
    assert leftovers(world) == []


def test_a_failed_check_ends_no_other(runs: Runs, sandbox: Sandbox, world: World) -> None:
    """Its row says so, and what it had created is removed."""
    sandbox.fail(Fault(method="PUT", path="EMPTIED/repositories", status=500, times=None))
    exit_code = runs.run("empty_list", "list_of_a_private_secret")
    assert runs.row("empty_list")[3] == "failed"
    assert runs.row("list_of_a_private_secret")[3] == "409"
    assert exit_code == 1
    assert leftovers(world) == []


def test_a_repository_is_removed_although_its_creation_had_no_response(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """GitHub can have created it."""
    sandbox.fail(Fault(method="POST", path=CREATED, when="after", drop=True))
    runs.run("deleted_repository")
    assert runs.row("deleted_repository")[3] == "failed"
    assert leftovers(world) == []


def test_a_resource_that_no_list_shows_is_removed(
    runs: Runs, sandbox: Sandbox, world: World
) -> None:
    """A list can lag behind."""
    sandbox.fail(Fault(path=rf"{CREATED}\?", status=200, body="[]", times=None))
    runs.run("lower_case_name")
    assert leftovers(world) == []


def test_what_cannot_be_removed_is_reported(runs: Runs, sandbox: Sandbox, world: World) -> None:
    """The run fails, although its check has not, and the next run removes it."""
    sandbox.fail(Fault(method="DELETE", path="/repos/", status=500, times=None))
    assert runs.run("lower_case_name") == 1
    assert any(line.startswith("Not everything could be removed") for line in runs.said)
    sandbox.clear_faults()
    assert runs.run("list_of_a_private_secret") == 0
    assert leftovers(world) == []
