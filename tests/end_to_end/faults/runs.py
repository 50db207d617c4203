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

MAX_SECONDS = 40.0  # far more than on an idle machine, so that only a run that hangs exceeds it
ROUTES = tuple(
    (route.method, route.path)
    for module in (routes_apps, routes_accounts, routes_secrets, routes_actions)
    for route in module.routes()
)
NO_FAULT = Fault(nth=10**9)
# States that a next run repaired. The next run depends only on the state, so it is not repeated.
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
        """Whether its pages have the total number of items, and a run needs all items."""
        return "/codespaces/secrets" in self.route

    @property
    def optional(self) -> bool:
        """Whether a run continues without it, with a warning: it returns the age of a source."""
        return "/actions/" in self.route


@dataclass(frozen=True)
class Case:
    """A run of a scenario, alone or among other targets, with a fault.

    `outcome` is the expected outcome; `limited` is a failure of all targets.
    """

    scenario: Scenario
    fault: Fault = NO_FAULT
    endpoint: Endpoint | None = None
    outcome: Literal["succeeds", "fails", "limited"] = "succeeds"
    many: bool = False
    small_pages: bool = False

    @classmethod
    def failing(
        cls, scenario: Scenario, fault: Fault, endpoint: Endpoint, *, small_pages: bool = False
    ) -> Case:
        """Return a case with a fault that fails the run, unless the endpoint is optional."""
        outcome: Literal["succeeds", "fails"] = "succeeds" if endpoint.optional else "fails"
        return cls(scenario, fault, endpoint, outcome, small_pages=small_pages)

    @property
    def others(self) -> Sequence[str]:
        """The other targets of the run."""
        return others(self.scenario) if self.many else ()

    def __str__(self) -> str:
        request = (
            f"{self.endpoint.method} {self.endpoint.route}" if self.endpoint else "each request"
        )
        return f"{self.scenario.name}: {request} from {self.fault.nth} on"


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
    state: State
    next_code: int = 0
    next_state: State | None = None


@cache
def baseline(scenario: Scenario, *, many: bool = False, small_pages: bool = False) -> Baseline:
    """Run a scenario without a fault."""
    case = Case(scenario, many=many, small_pages=small_pages)
    before = read_state(build_world(scenario, case.others), scenario, case.others)
    run = run_case(case, None)
    assert run.code == 0, run.printed
    assert run.state == expected_state(scenario, case.others) != before
    return Baseline(before, run.state, tuple(_endpoints(run.exchanges)))


def _endpoints(exchanges: Sequence[Exchange]) -> Iterator[Endpoint]:
    times = Counter((exchange.method, route_of(exchange)) for exchange in exchanges)
    for method, route in sorted(times):
        paths = {
            exchange.path
            for exchange in exchanges
            if (exchange.method, route_of(exchange)) == (method, route)
        }
        yield Endpoint(method, route, tuple(sorted(paths)), times[method, route])


def route_of(exchange: Exchange) -> str:
    """Return the route of a request."""
    for method, route in ROUTES:
        if method == exchange.method and re.fullmatch(
            re.sub(r"{\w+}", "[^/]+", route), exchange.path
        ):
            return str(route)
    raise AssertionError(f"the sandbox has no {exchange.method} {exchange.path}")


def run_case(case: Case, expected: Baseline | None) -> Run:
    """Run a case, and run again without the fault if the first run changed anything."""
    world = build_world(case.scenario, case.others)
    world.max_per_page = 2 if case.small_pages else 100
    with Sandbox(world) as sandbox, tempfile.TemporaryDirectory() as folder:
        action = Action(sandbox, Path(folder))
        action.timeouts = TIMEOUTS
        sandbox.fail(case.fault)
        timer = Timer(MAX_SECONDS, sandbox.clear_faults)  # ends a run that hangs
        timer.start()
        run = _run(action, case, sandbox, world)
        timer.cancel()
        if expected is None or _is_repaired(case, run, expected):
            return run
        sandbox.clear_faults()
        next_run = _run(action, case, sandbox, world)
    if (next_run.code, next_run.state) == (0, expected.after):
        REPAIRED[case.scenario].append(run.state)
    return replace(run, next_code=next_run.code, next_state=next_run.state)


def _is_repaired(case: Case, run: Run, expected: Baseline) -> bool:
    """Whether an earlier case had the same next run: its state is the first one or a repaired one."""
    before, after = expected.before, expected.after
    keys = {*before, *after, *run.state}
    first = {key: (before if key[0] in case.scenario.at else after).get(key) for key in keys}
    seen = (before, {k: v for k, v in first.items() if v}, *REPAIRED[case.scenario])
    return run.state in seen


def _run(action: Action, case: Case, sandbox: Sandbox, world: World) -> Run:
    out = io.StringIO()
    began = time.monotonic()
    with redirect_stdout(out):
        text = spec(case.scenario, case.others)
        code = action.run_in_process(text, ENVIRONMENT, **inputs(case.scenario))
    seconds = time.monotonic() - began
    state = read_state(world, case.scenario, case.others)
    return Run(code, out.getvalue(), seconds, sandbox.exchanges, state)
