"""Run one case of the fault matrix: a run with a fault, and the next run without it."""

from __future__ import annotations

import io
import re
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from threading import Timer
from typing import Any, Literal

from end_to_end.faults.scenarios import ENVIRONMENT, TIMEOUTS, Scenario, inputs, others, spec
from end_to_end.faults.state import State, build_world, expected_state, read_state
from github_sandbox import (
    Exchange,
    Fault,
    Sandbox,
    World,
    routes_accounts,
    routes_actions,
    routes_apps,
    routes_secrets,
)
from sandboxed_action import Action

MOST_SECONDS = 15.0
ROUTES = tuple(
    (route.method, route.path)
    for module in (routes_apps, routes_accounts, routes_secrets, routes_actions)
    for route in module.routes()
)
NEVER = Fault(nth=10**9)
# States that a next run repaired. It depends on nothing else, so each is run once.
REPAIRED: defaultdict[Scenario, list[State]] = defaultdict(list)


@dataclass(frozen=True)
class Endpoint:
    """A method and a route with its paths, and how often a run of the scenario alone requests it."""

    method: str
    route: str
    paths: tuple[str, ...]
    times: int

    def fails(self, fault: Fault, **changes: Any) -> Fault:
        """Return the fault, limited to this endpoint."""
        paths = "|".join(map(re.escape, self.paths))
        return replace(fault, method=self.method, path=rf"^({paths})(\?|$)", **changes)

    @property
    def pattern_of_further_pages(self) -> str:
        """A pattern for all pages except the first."""
        paths = "|".join(map(re.escape, self.paths))
        return rf"^({paths})\?(.*&)?page=[2-9]"

    @property
    def counted(self) -> bool:
        """Whether a page of it tells how many items there are on all, and a run needs each."""
        return "/codespaces/secrets" in self.route

    @property
    def optional(self) -> bool:
        """Whether a run goes on without it, with a warning: it tells the age of a source."""
        return "/actions/" in self.route


@dataclass(frozen=True)
class Case:
    """A run of a scenario, alone or among other targets, with a fault.

    `outcome` is what it must come to; `limited` is red for all targets.
    """

    scenario: Scenario
    fault: Fault = NEVER
    endpoint: Endpoint | None = None
    outcome: Literal["green", "red", "limited"] = "green"
    many: bool = False
    small_pages: bool = False

    @classmethod
    def red(
        cls, scenario: Scenario, fault: Fault, endpoint: Endpoint, *, small_pages: bool = False
    ) -> Case:
        """A case whose fault a run cannot get around."""
        outcome: Literal["green", "red"] = "green" if endpoint.optional else "red"
        return cls(scenario, fault, endpoint, outcome, small_pages=small_pages)

    @property
    def others(self) -> Sequence[str]:
        """The other targets of the run."""
        return others(self.scenario) if self.many else ()

    def __str__(self) -> str:
        what = f"{self.endpoint.method} {self.endpoint.route}" if self.endpoint else "each request"
        return f"{self.scenario.name}: {what} from {self.fault.nth} on"


@dataclass(frozen=True)
class Baseline:
    """A run without a fault: the secrets before and after it, and the endpoints that it requested."""

    before: State
    after: State
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class Run:
    """The exit code, output and secrets of a run, and exit code and secrets of the next one."""

    code: int
    printed: str
    seconds: float
    exchanges: Sequence[Exchange]
    left: State
    next_code: int = 0
    next_left: State | None = None


@cache
def baseline(scenario: Scenario, *, many: bool = False, small_pages: bool = False) -> Baseline:
    """Run a scenario without a fault."""
    case = Case(scenario, many=many, small_pages=small_pages)
    before = read_state(build_world(scenario, case.others), scenario, case.others)
    run = run_case(case, None)
    assert run.code == 0, run.printed
    assert run.left == expected_state(scenario, case.others) != before
    return Baseline(before, run.left, tuple(_endpoints(run.exchanges)))


def _endpoints(exchanges: Sequence[Exchange]) -> Iterator[Endpoint]:
    times = Counter((one.method, route_of(one)) for one in exchanges)
    for method, route in sorted(times):
        paths = {one.path for one in exchanges if (one.method, route_of(one)) == (method, route)}
        yield Endpoint(method, route, tuple(sorted(paths)), times[method, route])


def route_of(one: Exchange) -> str:
    """Return the route of a request."""
    for method, route in ROUTES:
        if method == one.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route), one.path):
            return str(route)
    raise AssertionError(f"the sandbox has no {one.method} {one.path}")


def run_case(case: Case, expected: Baseline | None) -> Run:
    """Run a case, and run again without the fault if the first run changed anything."""
    world = build_world(case.scenario, case.others)
    world.max_per_page = 2 if case.small_pages else 100
    with Sandbox(world) as sandbox, tempfile.TemporaryDirectory() as folder:
        action = Action(sandbox, Path(folder))
        action.timeouts = TIMEOUTS
        sandbox.fail(case.fault)
        let_go = Timer(MOST_SECONDS, sandbox.clear_faults)  # ends a run that hangs
        let_go.start()
        run = _run(action, case, sandbox, world)
        let_go.cancel()
        if expected is None or _is_repaired(case, run, expected):
            return run
        sandbox.clear_faults()
        then = _run(action, case, sandbox, world)
    if (then.code, then.left) == (0, expected.after):
        REPAIRED[case.scenario].append(run.left)
    return replace(run, next_code=then.code, next_left=then.left)


def _is_repaired(case: Case, run: Run, expected: Baseline) -> bool:
    """Whether an earlier case had the same next run: its state is the first one or a repaired one."""
    before, after = expected.before, expected.after
    keys = {*before, *after, *run.left}
    first = {key: (before if key[0] in case.scenario.at else after).get(key) for key in keys}
    seen = (before, {k: v for k, v in first.items() if v}, *REPAIRED[case.scenario])
    return run.left in seen


def _run(action: Action, case: Case, sandbox: Sandbox, world: World) -> Run:
    out = io.StringIO()
    began = time.monotonic()
    with redirect_stdout(out):
        text = spec(case.scenario, case.others)
        code = action.here(text, ENVIRONMENT, **inputs(case.scenario))
    seconds = time.monotonic() - began
    left = read_state(world, case.scenario, case.others)
    return Run(code, out.getvalue(), seconds, sandbox.exchanges, left)
