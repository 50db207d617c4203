"""What a check is: an assumption about GitHub, what the sandbox does, and how to observe it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from live.api import Api
from live.organization import Resources
from runner import Runner

ACTION_YML = Path(__file__).parents[2] / "action.yml"


@dataclass(frozen=True)
class Live:
    """What a check works with.

    `api` has a token with all scopes, `repo_api` one with the scope `repo` only. `token` is the
    first one, for the Action. `workspace` is an empty folder for its runs.
    """

    organization: str
    api: Api
    repo_api: Api
    token: str
    resources: Resources
    workspace: Path

    def run_action(self, spec: str, env: Mapping[str, str]) -> int:
        """Run a step of the Action without a login, and return its exit code."""
        runner = Runner(ACTION_YML, self.workspace, {"api_url": self.api.url})
        return runner.run({"token": self.token, "spec": spec, "verify": "off"}, env).exit_code


@dataclass(frozen=True)
class Check:
    """One fact about GitHub.

    `observe` sees it and returns it as text. `expected` is what the sandbox does, and what the
    Action relies on.
    """

    name: str
    assumption: str
    expected: str
    observe: Callable[[Live], str]


def check(assumption: str, expected: str) -> Callable[[Callable[[Live], str]], Check]:
    """Make a check of a function, which gives it its name."""

    def make(observe: Callable[[Live], str]) -> Check:
        return Check(observe.__name__, assumption, expected, observe)

    return make
