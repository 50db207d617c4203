"""An organization for the tests in the sandbox, and a run against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from github_sandbox import Sandbox, World
from live.run import run_checks, select_checks
from live.settings import ORGANIZATION, REPO_TOKEN, TOKEN, read_settings
from sandboxed_action import Clock

LOGIN = "octo-live-tests"
TARGET = f"organization:{LOGIN}"
ALL_SCOPES = ("repo", "delete_repo", "admin:org")


@dataclass
class Runs:
    """Runs of the checks against a sandbox; `said` are the lines that they print, `waits` the seconds
    of each pause.

    A pause takes no time: it only moves the clock of the sandbox.
    """

    sandbox: Sandbox
    clock: Clock
    said: list[str] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)

    def environ(self, login: str = LOGIN) -> dict[str, str]:
        """The variables of a run."""
        return {
            ORGANIZATION: login,
            TOKEN: "ghp_live",
            REPO_TOKEN: "ghp_repo",
            "GITHUB_API_URL": self.sandbox.url,
        }

    def run(self, *names: str, login: str = LOGIN) -> int:
        """Run checks, and return the exit code."""
        checks, settings = select_checks(names), read_settings(self.environ(login))
        return run_checks(settings, checks, wait=self._wait, say=self.said.append)

    def row(self, name: str) -> Sequence[str]:
        """The cells of a check in the table that the run prints last."""
        (row,) = [row for row in self.said[-1].splitlines() if row.startswith(f"| `{name}`")]
        return row.strip("| ").split(" | ")

    def _wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.clock.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    """GitHub's clock."""
    return Clock(datetime(2026, 11, 20, tzinfo=UTC))


@pytest.fixture
def world(clock: Clock) -> World:
    """An empty organization, and tokens of its owner with all scopes and with `repo` only."""
    world = World(clock)
    world.add_user("octocat")
    world.add_organization(LOGIN, owners=("octocat",))
    world.add_token("ghp_live", user="octocat", scopes=ALL_SCOPES)
    world.add_token("ghp_repo", user="octocat", scopes=("repo",))
    return world


@pytest.fixture
def runs(sandbox: Sandbox, clock: Clock) -> Runs:
    """Runs against the sandbox."""
    return Runs(sandbox, clock)


def leftovers(world: World, login: str = LOGIN) -> list[str]:
    """The repositories, teams and secrets of the organization."""
    account = world.account(login)
    names = [repository.name for repository in world.repositories(account)]
    return [*names, *world.teams(account), *world.secrets(f"organization:{login}")]
