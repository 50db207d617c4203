"""Select the tests to run, and define fixtures for all tiers: a world, its sandbox, and clients.

A folder or a file that needs another world overrides the fixture `world`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from contract.sandbox_client import Client, client_of, small_world
from github_sandbox import Sandbox, World
from sandboxed_action import Action

# A test that takes longer than this on an idle machine needs the mark `slow`.
SLOW_SECONDS = 10
# Much higher than SLOW_SECONDS, because a test can take several times as long on a busy machine.
MAX_SECONDS = 60


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--all`."""
    parser.addoption("--all", action="store_true", help="also run the tests that are marked slow")


def pytest_configure(config: pytest.Config) -> None:
    """Set the number of examples that Hypothesis tries."""
    # Both extend the current profile: Hypothesis selects another one on CI.
    settings.register_profile("quick", settings(), max_examples=50, deadline=None)
    settings.register_profile("all", settings(), max_examples=200, deadline=None)
    run_all = config.getoption("--all")
    settings.load_profile("all" if run_all else "quick")
    # With `--all`, tests have more examples; measuring coverage also makes them take longer.
    longer = run_all or config.getoption("cov_source")
    if not longer and not hasattr(config, "workerinput"):  # with xdist, workers report to here
        config.pluginmanager.register(LongTests())


class LongTests:
    """Report tests that need the mark `slow`, and fail the run if one exceeds MAX_SECONDS."""

    def __init__(self) -> None:
        self._seconds: dict[str, float] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Record the duration of a test, without its fixtures, because other tests can share them."""
        if report.when == "call" and "slow" not in report.keywords:
            self._seconds[report.nodeid] = report.duration

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run if a test took too long and no test failed."""
        if session.exitstatus == pytest.ExitCode.OK and self._slower_than(MAX_SECONDS):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Write a line for each test that needs the mark `slow`."""
        for seconds, nodeid in self._slower_than(SLOW_SECONDS):
            limit = f", the run fails above {MAX_SECONDS} s" if seconds > MAX_SECONDS else ""
            terminalreporter.write_line(
                f"{nodeid} took {seconds:.0f} s{limit}: make it faster, or mark it `slow`"
            )

    def _slower_than(self, limit: float) -> list[tuple[float, str]]:
        return sorted((s, nodeid) for nodeid, s in self._seconds.items() if s > limit)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect slow tests, except with `--all` and in a file that the command line names."""
    if config.getoption("--all"):
        return
    files_on_command_line = {
        (config.invocation_params.dir / arg.partition("::")[0]).resolve() for arg in config.args
    }
    slow = [
        item
        for item in items
        if item.get_closest_marker("slow") and item.path not in files_on_command_line
    ]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if item not in slow]


@pytest.fixture
def world() -> World:
    """`octo-org` with four repositories."""
    return small_world()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """The sandbox that serves the world."""
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
