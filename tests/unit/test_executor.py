"""Apply a plan to the sandbox: order, errors of one change and of all, and a cancelled run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Lock

import pytest

from codespaces_registry_secrets.apply.executor import GRACE_SECONDS, INTERRUPTED, apply
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.generator import GeneratedValue, Generator
from codespaces_registry_secrets.model.plan import Change, Outcome, Plan, Step
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Fault, Sandbox, World
from runner_environment import input_variables

API, DOCS, WEB = (Repository(f"octo-org/{name}") for name in ("api", "docs", "web"))
CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", Source(env="ACR_PASSWORD"))
LIFETIME = timedelta(days=1)
VALUES = tuple(Step(part, value=True) for part in Part)
CREATE = Change(API, "ACR", "create", "", credential=CREDENTIAL, steps=VALUES)
DELETE = Change(
    API,
    "ACR",
    "delete",
    "",
    steps=tuple(Step(part, value=False, delete=True) for part in reversed(Part)),
)
UNCHANGED = replace(CREATE, action="none", steps=())


def at(target: Target, change: Change = CREATE, **fields: object) -> Change:
    """The same change at another target."""
    return replace(change, target=target, **fields)  # type: ignore[arg-type] # fields of Change


class Runs:
    """Applies plans to the sandbox, and keeps the outcomes that each target reported."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.sandbox = sandbox
        self.cancellation = Cancellation()
        self.reported: list[list[Outcome]] = []
        self.ticks = 0
        self.sources = Sources({"ACR_PASSWORD": "p1"}, folder, lambda _: None)
        self._lock = Lock()

    def apply(
        self,
        *changes: Change,
        refused: bool = False,
        on_tick: Callable[[], None] = lambda: None,
        on_target: Callable[[], None] = lambda: None,
    ) -> list[Outcome]:
        """The outcomes of a plan with these changes."""
        environment = {"token": OWNER_TOKEN, "api-url": self.sandbox.url}
        inputs = read_inputs(input_variables(environment))
        limiter = RateLimiter(100_000, print, self.cancellation)
        clients = connect(inputs, limiter, TimeoutConfig(backoff=0), print)

        def report(outcomes: Sequence[Outcome]) -> None:
            with self._lock:
                self.reported.append(list(outcomes))
            on_target()

        def tick() -> None:
            self.ticks += 1
            on_tick()

        plan = Plan(changes, refused=refused)
        outcomes = apply(
            plan, clients, self.sources, self.cancellation, on_target=report, on_tick=tick
        )
        return list(outcomes)

    @property
    def written(self) -> list[str]:
        """The writes in their order, as `PUT api PASSWORD`."""
        paths = [(e.method, e.path.split("/")) for e in self.sandbox.writes]
        return [f"{method} {path[3]} {path[-1].rpartition('_')[2]}" for method, path in paths]


@pytest.fixture
def runs(sandbox: Sandbox, tmp_path: Path) -> Runs:
    """Runs against the sandbox."""
    return Runs(sandbox, tmp_path)


def statuses(outcomes: list[Outcome]) -> list[str]:
    """The status of each change."""
    return [outcome.status for outcome in outcomes]


def test_every_change_has_its_outcome(runs: Runs, world: World) -> None:
    """In the order of the plan, with its writes. One without steps is skipped and not reported."""
    created, unchanged, other = runs.apply(CREATE, at(DOCS, UNCHANGED), at(WEB))

    assert (created.change, created.status, created.error) == (CREATE, "applied", None)
    assert [write.part for write in created.writes] == list(Part)
    assert unchanged == Outcome(at(DOCS, UNCHANGED), "skipped")
    assert sorted(runs.reported, key=lambda outcomes: outcomes[0].change.target) == [
        [created],
        [other],
    ]
    assert world.secrets("repository:octo-org/api")["ACR_CONTAINER_REGISTRY_PASSWORD"].value == (
        b"p1"
    )
    assert runs.ticks > 0


def test_a_refused_plan_writes_nothing(runs: Runs) -> None:
    """Every change is skipped."""
    assert runs.apply(CREATE, refused=True) == [Outcome(CREATE, "skipped")]
    assert runs.written == []


def test_a_triplet_of_two_credentials_is_finished_first(runs: Runs) -> None:
    """Codespaces there cannot log in until then."""
    assert statuses(runs.apply(CREATE, at(DOCS), at(WEB, half_written=True))) == ["applied"] * 3

    assert runs.written[:3] == ["PUT web PASSWORD", "PUT web USER", "PUT web SERVER"]


def test_all_changes_of_a_target_are_one_report(runs: Runs) -> None:
    """In the order of the plan, and the target is written by one thread."""
    hub = at(API, registry="HUB", half_written=True)
    outcomes = runs.apply(CREATE, hub)

    assert runs.reported == [outcomes]
    assert len(runs.written) == 6


def test_deletions_come_last(runs: Runs) -> None:
    """The triplet to delete can be the one that another change replaces."""
    runs.apply(CREATE)
    runs.sandbox.clear_exchanges()

    assert statuses(runs.apply(DELETE, at(API, registry="HUB"))) == ["applied", "applied"]

    assert [line.split()[0] for line in runs.written] == ["PUT"] * 3 + ["DELETE"] * 3


def test_a_failed_change_holds_the_deletions_at_its_target(runs: Runs) -> None:
    """Those at other targets are carried out."""
    for target in (API, WEB):
        runs.apply(at(target))
    runs.sandbox.fail(Fault("PUT", "octo-org/api/.*HUB", status=422, times=None))

    outcomes = runs.apply(DELETE, at(API, registry="HUB"), at(WEB, DELETE))

    assert statuses(outcomes) == ["skipped", "failed", "applied"]
    assert outcomes[1].writes == ()


def test_a_rejected_token_ends_all_changes(runs: Runs) -> None:
    """GitHub locks out who sends many requests with it."""
    runs.sandbox.fail(Fault("PUT", "octo-org/api/", status=401, times=None))

    outcomes = runs.apply(
        at(API, half_written=True), at(API, registry="HUB", half_written=True), at(WEB)
    )

    assert statuses(outcomes) == ["failed", "skipped", "skipped"]
    assert "401" in str(outcomes[0].error)
    assert [outcome.error for outcome in outcomes[1:]] == [None, None]
    assert runs.reported == [outcomes[:2]]


def test_an_error_after_a_write_keeps_it(runs: Runs) -> None:
    """The outcome says what GitHub has, and the next change of the target is tried."""
    runs.sandbox.fail(Fault("PUT", "ACR_CONTAINER_REGISTRY_USER", status=422, times=None))

    failed, applied = runs.apply(CREATE, at(API, registry="HUB"))

    assert (failed.status, applied.status) == ("failed", "applied")
    assert failed.error not in {None, INTERRUPTED}
    assert [write.part for write in failed.writes] == [Part.PASSWORD]


def test_a_source_without_a_value_fails_its_change(runs: Runs) -> None:
    """Before a request. A change of the access alone reads no value."""
    missing = replace(CREDENTIAL, password=Source(env="MISSING"))
    access = Step(Part.PASSWORD, value=False, replace=())
    organization = Organization("octo-org")
    runs.apply(at(organization, steps=(replace(VALUES[0], visibility="selected", replace=()),)))
    runs.sandbox.clear_exchanges()

    outcomes = runs.apply(
        at(organization, credential=missing, steps=(access,)), at(API, credential=missing), at(WEB)
    )

    assert statuses(outcomes) == ["applied", "failed", "applied"]
    assert str(outcomes[1].error).startswith("environment variable MISSING is not set")
    assert not [line for line in runs.written if " api " in line]


def test_an_unexpected_error_fails_its_change(runs: Runs) -> None:
    """A generated credential without a value is a mistake of the plan."""
    generated = replace(
        CREDENTIAL,
        password=GeneratedValue("STORE", "harbor-robot", "password"),
        generator=Generator("harbor-robot", "STORE", LIFETIME),
    )

    failed, applied = runs.apply(at(API, credential=generated), at(WEB))

    assert (failed.status, applied.status) == ("failed", "applied")
    assert str(failed.error).startswith("KeyError at sources.py:")
    assert str(failed.error).endswith("an error in this Action, please report it")


def test_an_error_while_reporting_loses_no_outcome(runs: Runs) -> None:
    """The log is a pipe that the runner can close."""

    def close() -> None:
        raise BrokenPipeError

    assert statuses(runs.apply(CREATE, at(WEB), on_target=close)) == ["applied", "applied"]


def test_a_cancelled_run_starts_no_change(runs: Runs) -> None:
    """What is in progress ends, and no target is reported that has nothing."""
    runs.cancellation.requested = "SIGINT"

    assert statuses(runs.apply(CREATE, at(WEB))) == ["skipped", "skipped"]
    assert (runs.written, runs.reported) == ([], [])


def test_a_cancelled_run_finishes_a_change_in_progress(runs: Runs) -> None:
    """Within a few seconds. The next change of the target is not started."""
    runs.sandbox.fail(Fault("PUT", "USER", status=None, delay=0.5))

    def cancel() -> None:
        if runs.written:
            runs.cancellation.requested = "SIGINT"

    outcomes = runs.apply(CREATE, at(API, registry="HUB"), on_tick=cancel)

    assert statuses(outcomes) == ["applied", "skipped"]


def test_a_cancelled_run_does_not_wait_for_a_hanging_request(runs: Runs) -> None:
    """Its change was in progress, and the other targets have their outcomes."""
    runs.sandbox.fail(Fault("PUT", "octo-org/api/", status=None, delay=5))
    cancelled = 0.0

    def cancel() -> None:
        nonlocal cancelled
        if runs.reported and not cancelled:
            runs.cancellation.requested, cancelled = "SIGINT", time.monotonic()

    outcomes = runs.apply(CREATE, at(WEB), on_tick=cancel)
    waited = time.monotonic() - cancelled

    assert statuses(outcomes) == ["failed", "applied"]
    assert outcomes[0].error == INTERRUPTED
    assert GRACE_SECONDS <= waited < GRACE_SECONDS + 5
