"""One cell of the matrix of faults: a run with a fault, and the next one without it."""

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

from end_to_end.faults.scenes import ENVIRONMENT, PATIENCE, Scene, inputs, others, spec
from end_to_end.faults.worlds import State, state, wanted, world
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
# What the next run was seen to bring in order. It depends on nothing else.
MENDED: defaultdict[Scene, list[State]] = defaultdict(list)


@dataclass(frozen=True)
class Endpoint:
    """A method and a route, as a scene alone uses it: for these paths, so many times."""

    method: str
    route: str
    paths: tuple[str, ...]
    times: int

    def fails(self, fault: Fault, **changes: Any) -> Fault:
        """The fault, here."""
        paths = "|".join(map(re.escape, self.paths))
        return replace(fault, method=self.method, path=rf"^({paths})(\?|$)", **changes)

    @property
    def pattern_of_further_pages(self) -> str:
        """For all pages but the first."""
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
class Cell:
    """A run of a scene, alone or in a crowd, with a fault.

    `outcome` is what it must come to; `limited` is red for all targets.
    """

    scene: Scene
    fault: Fault = NEVER
    endpoint: Endpoint | None = None
    outcome: Literal["green", "red", "limited"] = "green"
    crowded: bool = False
    small_pages: bool = False

    @classmethod
    def red(
        cls, scene: Scene, fault: Fault, endpoint: Endpoint, *, small_pages: bool = False
    ) -> Cell:
        """A cell whose fault a run cannot get around."""
        outcome: Literal["green", "red"] = "green" if endpoint.optional else "red"
        return cls(scene, fault, endpoint, outcome, small_pages=small_pages)

    @property
    def others(self) -> Sequence[str]:
        """The other targets of the run."""
        return others(self.scene) if self.crowded else ()

    def __str__(self) -> str:
        what = f"{self.endpoint.method} {self.endpoint.route}" if self.endpoint else "each request"
        return f"{self.scene.name}: {what} from {self.fault.nth} on"


@dataclass(frozen=True)
class Clean:
    """A run without any fault: what stood before and after it, and what it asked for."""

    before: State
    after: State
    endpoints: tuple[Endpoint, ...]


@dataclass(frozen=True)
class Run:
    """How a run ended, what it printed and left; and how the next one ended, and what it left."""

    code: int
    printed: str
    seconds: float
    exchanges: Sequence[Exchange]
    left: State
    next_code: int = 0
    next_left: State | None = None


@cache
def clean(scene: Scene, *, crowded: bool = False, small_pages: bool = False) -> Clean:
    """The run that all others of the scene are measured by."""
    cell = Cell(scene, crowded=crowded, small_pages=small_pages)
    before = state(world(scene, cell.others), scene, cell.others)
    run = carried_out(cell, None)
    assert run.code == 0, run.printed
    assert run.left == wanted(scene, cell.others) != before
    return Clean(before, run.left, tuple(_endpoints(run.exchanges)))


def _endpoints(exchanges: Sequence[Exchange]) -> Iterator[Endpoint]:
    times = Counter((one.method, route_of(one)) for one in exchanges)
    for method, route in sorted(times):
        paths = {one.path for one in exchanges if (one.method, route_of(one)) == (method, route)}
        yield Endpoint(method, route, tuple(sorted(paths)), times[method, route])


def route_of(one: Exchange) -> str:
    """The route of a request."""
    for method, route in ROUTES:
        if method == one.method and re.fullmatch(re.sub(r"{\w+}", "[^/]+", route), one.path):
            return str(route)
    raise AssertionError(f"the sandbox has no {one.method} {one.path}")


def carried_out(cell: Cell, measure: Clean | None) -> Run:
    """The run of a cell, and one without the fault where it left anything else than there was."""
    made = world(cell.scene, cell.others)
    made.max_per_page = 2 if cell.small_pages else 100
    with Sandbox(made) as sandbox, tempfile.TemporaryDirectory() as folder:
        action = Action(sandbox, Path(folder))
        action.patience = PATIENCE
        sandbox.fail(cell.fault)
        let_go = Timer(MOST_SECONDS, sandbox.clear_faults)  # of a run that would hang
        let_go.start()
        run = _run(action, cell, sandbox, made)
        let_go.cancel()
        if measure is None or _known(cell, run, measure):
            return run
        sandbox.clear_faults()
        then = _run(action, cell, sandbox, made)
    if (then.code, then.left) == (0, measure.after):
        MENDED[cell.scene].append(run.left)
    return replace(run, next_code=then.code, next_left=then.left)


def _known(cell: Cell, run: Run, measure: Clean) -> bool:
    """Whether the next run has nothing to show: it begins with the scene as it was at first."""
    before, after = measure.before, measure.after
    keys = {*before, *after, *run.left}
    first = {key: (before if key[0] in cell.scene.at else after).get(key) for key in keys}
    seen = (before, {k: v for k, v in first.items() if v}, *MENDED[cell.scene])
    return run.left in seen


def _run(action: Action, cell: Cell, sandbox: Sandbox, made: World) -> Run:
    out = io.StringIO()
    began = time.monotonic()
    with redirect_stdout(out):
        text = spec(cell.scene, cell.others)
        code = action.here(text, ENVIRONMENT, **inputs(cell.scene))
    seconds = time.monotonic() - began
    left = state(made, cell.scene, cell.others)
    return Run(code, out.getvalue(), seconds, sandbox.exchanges, left)
