"""Which tests run, and fixtures of every tier: a world, its sandbox, and clients of the sandbox.

A folder or a file that needs another world overrides `world` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from contract.sandbox_client import Client, client_of, small_world
from github_sandbox import Sandbox, World
from sandboxed_action import Action

# A test that takes this long on an idle machine is marked `slow`.
SLOW_SECONDS = 10
# On a busy machine a test may take several times as long as on an idle one: only this fails a run.
LONGEST_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`."""
    parser.addoption("--all", action="store_true", help="run the tests that are marked slow, too")


def pytest_configure(config: pytest.Config) -> None:
    """Choose how many examples Hypothesis tries."""
    # Both extend the profile that Hypothesis chose, which is its own on CI.
    settings.register_profile("quick", settings(), max_examples=50, deadline=None)
    settings.register_profile("all", settings(), max_examples=200, deadline=None)
    settings.load_profile("all" if config.getoption("--all") else "quick")
    if not hasattr(config, "workerinput"):  # with xdist, the workers send their reports here
        config.pluginmanager.register(LongTests())


class LongTests:
    """Lists tests that need the mark `slow`, and fails the run for those that take far too long."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note the duration of a test, without its fixtures: others may share them."""
        if report.when == "call" and "slow" not in report.keywords:
            self._seconds[report.nodeid] = report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail a run that passed otherwise."""
        if session.exitstatus == pytest.ExitCode.OK and self._over(LONGEST_SECONDS):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write a line for each such test."""
        for seconds, nodeid in self._over(SLOW_SECONDS):
            limit = f", more than {LONGEST_SECONDS} s fail" if seconds > LONGEST_SECONDS else ""
            terminalreporter.write_line(
                f"{nodeid} took {seconds:.0f} s{limit}: make it faster, or mark it `slow`"
            )

    def _over(self, limit: float) -> list[tuple[float, str]]:
        return sorted((s, nodeid) for nodeid, s in self._seconds.items() if s > limit)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect slow tests, except with `--all` and in a file that the command line names."""
    if config.getoption("--all"):
        return
    named = {
        (config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args
    }
    slow = [item for item in items if item.get_closest_marker("slow") and item.path not in named]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture
def world() -> World:
    """`octo-org` with four repositories."""
    return small_world()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """The API of that world."""
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the token of the organization's owner."""
    with client_of(sandbox) as client:
        yield client


@pytest.fixture
def action(sandbox: Sandbox, tmp_path: Path) -> Action:
    """The Action, ready to run against the sandbox."""
    return Action(sandbox, tmp_path)
