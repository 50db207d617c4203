"""What a run loads from the state, and what it records, at the sandbox."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from codespaces_registry_secrets.errors import SourceError, TokenRejectedError, input_location
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Write
from codespaces_registry_secrets.model.state import State
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.state.document import HEADER, parse_document
from codespaces_registry_secrets.state.recorder import SECONDS_AFTER_SIGNAL, StateRecorder
from contract.sandbox_client import OWNER_TOKEN, small_world
from github_sandbox import Fault, Sandbox, World
from runner_environment import input_variables
from sandboxed_action import Clock

HOME, NAME = "octo-org/api", "CRS_STATE"
NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
SECOND = timedelta(seconds=1)
APP, WEB = Repository("octo-org/app"), Repository("octo-org/web")
CREDENTIAL = Credential("ACR", "acr.io", "me", Source(env="P"))
CREATED = Change(APP, "ACR", "create", "", credential=CREDENTIAL)

Make = Callable[..., StateRecorder]


@pytest.fixture
def clock() -> Clock:
    """GitHub's clock."""
    return Clock(NOW)


@pytest.fixture
def world(clock: Clock) -> World:
    """The small world with the clock."""
    return small_world(clock)


@pytest.fixture
def make(sandbox: Sandbox, tmp_path: Path) -> Make:
    """Create the recorder of a run, whose password is in `P`."""

    def make(password: str | None = "p1", state: str = NAME) -> StateRecorder:
        variables = {"token": OWNER_TOKEN, "api-url": sandbox.url, "state": state}
        inputs = read_inputs({**input_variables(variables), "GITHUB_REPOSITORY": HOME})
        clients = connect(
            inputs, RateLimiter(100_000, print, Cancellation()), TimeoutConfig(backoff=0), print
        )
        environ = {"P": password} if password else {}
        return StateRecorder(inputs, clients, Sources(environ, tmp_path, lambda _: None))

    return make


def outcome(
    *parts: Part, change: Change = CREATED, at: datetime | None = NOW, deleted: bool = False
) -> Outcome:
    """A change that wrote or deleted these members."""
    writes = tuple(Write(part, value=not deleted, deleted=deleted, at=at) for part in parts)
    return Outcome(change, "applied", writes=writes)


def run(recorder: StateRecorder, *outcomes: Outcome) -> State:
    """Load, and save these outcomes without a warning."""
    state, notes = recorder.load([CREDENTIAL])
    assert state
    assert (notes, recorder.save(outcomes, Cancellation())) == ((), ())
    return state


def recorded(world: World) -> dict[str, list[Part]]:
    """The recorded members of each triplet."""
    records = parse_document(world.variables(HOME)[NAME]).records
    return {f"{target} {name}": list(members) for (target, name), members in records.items()}


ALL = tuple(Part)


def test_what_was_written_is_known_to_the_next_run(make: Make, world: World) -> None:
    """The values by fingerprints, which another password does not have."""
    first = run(make(), outcome(*ALL))
    assert (first.name, first.records, first.fingerprints) == (NAME, {}, {})
    assert "p1" not in world.variables(HOME)[NAME]

    same, other = run(make()), run(make("p2"))

    for state, password in ((same, "current"), (other, "differs")):
        found = [state.compare((APP, "ACR"), part, CREDENTIAL, NOW) for part in Part]
        assert found == [password, "current", "current"]


def test_only_credentials_with_records_have_fingerprints(make: Make) -> None:
    """One takes hundredths of a second, and its source must have a value."""
    run(make(), outcome(*ALL))
    hub = Credential("HUB", "hub.io", "me", Source(env="MISSING"))

    state, _ = make().load([CREDENTIAL, hub, CREDENTIAL])

    assert state
    assert list(state.fingerprints) == [CREDENTIAL]
    with pytest.raises(SourceError, match="P is not set"):
        make(None).load([CREDENTIAL])


def test_without_the_input_there_is_no_state(make: Make, sandbox: Sandbox) -> None:
    """And no request."""
    recorder = make(state="")

    assert recorder.load([CREDENTIAL]) == (None, ())
    assert recorder.save([outcome(*ALL)], Cancellation()) == ()
    assert sandbox.exchanges == []


def test_a_run_that_wrote_no_value_sends_no_request(make: Make, sandbox: Sandbox) -> None:
    """A change of the access leaves the records as they are."""
    recorder = make()
    recorder.load([])
    sandbox.clear_exchanges()
    access = Outcome(CREATED, "applied", writes=(Write(Part.USER, at=NOW),))

    assert recorder.save([access, Outcome(CREATED, "skipped")], Cancellation()) == ()

    assert sandbox.exchanges == []


def test_only_the_writes_of_values_are_recorded(make: Make, world: World) -> None:
    """In one change with others."""
    writes = (Write(Part.SERVER, value=True, at=NOW), Write(Part.USER, at=NOW))

    run(make(), Outcome(CREATED, "failed", writes=writes))

    assert recorded(world) == {"repository:octo-org/app ACR": [Part.SERVER]}


@pytest.mark.parametrize(
    ("change", "part"),
    [
        (outcome(Part.USER, at=None), Part.USER),
        (outcome(Part.USER, change=replace(CREATED, action="delete"), deleted=True), Part.USER),
        (outcome(Part.USER, change=replace(CREATED, credential=None)), Part.USER),
    ],
    ids=["unknown time", "deleted", "unknown value"],
)
def test_a_member_with_an_unknown_value_leaves_the_state(
    make: Make, world: World, change: Outcome, part: Part
) -> None:
    """The other members stay."""
    run(make(), outcome(*ALL), outcome(*ALL, change=replace(CREATED, target=WEB)))

    run(make(), change)

    assert recorded(world) == {
        "repository:octo-org/app ACR": [one for one in Part if one != part],
        "repository:octo-org/web ACR": list(Part),
    }


def test_a_triplet_and_a_registry_without_records_leave_the_state(make: Make, world: World) -> None:
    """With the salt."""
    hub = replace(CREATED, registry="HUB")
    run(make(), outcome(*ALL), outcome(*ALL, change=hub))
    assert set(parse_document(world.variables(HOME)[NAME]).salts) == {"ACR", "HUB"}

    run(make(), outcome(*ALL, change=replace(hub, action="delete"), deleted=True))

    document = parse_document(world.variables(HOME)[NAME])
    assert (set(document.salts), [name for _, name in document.records]) == ({"ACR"}, ["ACR"])


def test_targets_of_a_registry_share_its_salt(make: Make, world: World) -> None:
    """Also with a target that a later run adds, so that their fingerprints are equal."""
    run(make(), outcome(*ALL))
    run(make(), outcome(*ALL, change=replace(CREATED, target=WEB)))

    records = parse_document(world.variables(HOME)[NAME]).records
    assert records[APP, "ACR"] == records[WEB, "ACR"]
    fingerprints = {record.fingerprint for record in records[APP, "ACR"].values()}
    assert len(fingerprints) == 3


@pytest.mark.parametrize(
    ("seconds", "expected"), [(-20, "current"), (-5, "not recorded"), (20, "differs")]
)
def test_the_later_record_of_two_runs_counts(
    make: Make, clock: Clock, seconds: int, expected: str
) -> None:
    """Another run wrote another value so many seconds later, and saved it first.

    Within some seconds, the two writes can have been carried out in the other order.
    """
    clock.now = NOW + 60 * SECOND
    first, second = make(), make("p2")
    first.load([CREDENTIAL])
    run(second, outcome(*ALL, at=NOW + seconds * SECOND))

    assert first.save([outcome(*ALL)], Cancellation()) == ()

    state, _ = make().load([CREDENTIAL])
    assert state
    at = NOW + max(seconds, 0) * SECOND
    assert state.compare((APP, "ACR"), Part.PASSWORD, CREDENTIAL, at) == expected


def test_the_record_of_this_run_replaces_one_that_it_loaded(make: Make) -> None:
    """Even if that has a later time, by a clock that was wrong."""
    run(make("p2"), outcome(*ALL, at=NOW + SECOND))

    run(make(), outcome(*ALL))

    state, _ = make().load([CREDENTIAL])
    assert state
    assert state.compare((APP, "ACR"), Part.PASSWORD, CREDENTIAL, NOW) == "current"


def test_a_state_that_cannot_be_read_is_a_warning(make: Make, sandbox: Sandbox) -> None:
    """The run works without it, and saves nothing."""
    recorder = make()
    sandbox.fail(Fault("GET", NAME, status=403, times=None))

    state, (warning,) = recorder.load([CREDENTIAL])
    sandbox.clear_faults()

    assert state is None
    assert (warning.level, warning.where) == ("warning", input_location("state"))
    assert warning.message.startswith(
        "the state CRS_STATE cannot be read, so this run works without it: "
    )
    assert recorder.save([outcome(*ALL)], Cancellation()) == ()
    assert sandbox.writes == []


def test_a_rejected_token_ends_the_run(make: Make, sandbox: Sandbox) -> None:
    """More requests with it could lock its owner out."""
    sandbox.fail(Fault("GET", NAME, status=401, times=None))

    with pytest.raises(TokenRejectedError):
        make().load([])


def test_a_damaged_variable_is_a_warning(make: Make, world: World) -> None:
    """It is used all the same."""
    world.put_variable(HOME, NAME, HEADER)

    state, notes = make().load([])

    assert state == State(NAME, {}, {})
    message = (
        "the Actions variable CRS_STATE is empty or damaged, so its records are lost; the next run "
        "that writes values replaces it"
    )
    assert notes == (Note("warning", message, input_location("state")),)


def test_a_state_that_cannot_be_saved_is_a_warning(make: Make, sandbox: Sandbox) -> None:
    """With the reason. The report of the run is not lost."""
    recorder = make()
    recorder.load([])
    sandbox.fail(Fault("POST", "variables", status=403, times=None))

    (warning,) = recorder.save([outcome(*ALL)], Cancellation())

    assert (warning.level, warning.where) == ("warning", input_location("state"))
    assert warning.message.startswith(
        "the state CRS_STATE cannot be saved, so the next run writes some values again: "
    )
    assert "an error in this Action" not in warning.message


def test_an_unexpected_error_while_saving_is_a_warning(make: Make, tmp_path: Path) -> None:
    """Such as a member that the triplet does not have."""
    recorder = make()
    recorder.load([])
    broken = Outcome(CREATED, "applied", writes=(Write("OTHER", value=True, at=NOW),))  # type: ignore[arg-type] # no member

    (warning,) = recorder.save([broken], Cancellation())

    assert "writes some values again: KeyError at recorder.py:" in warning.message
    assert warning.message.endswith("an error in this Action, please report it")


@pytest.mark.parametrize(("seconds", "saved"), [(0, True), (SECONDS_AFTER_SIGNAL, False)])
def test_a_cancelled_run_saves_what_it_can(
    make: Make, sandbox: Sandbox, seconds: float, *, saved: bool
) -> None:
    """In the time that is left to it."""
    recorder = make()
    recorder.load([])
    sandbox.fail(Fault("POST", "variables", status=None, delay=0.5))
    cancellation = Cancellation()
    cancellation.requested = "SIGINT"
    cancellation._requested_at = time.monotonic() - seconds

    warnings = recorder.save([outcome(*ALL)], cancellation)

    assert len(warnings) == (not saved)
    assert all("Stopped by SIGINT" in warning.message for warning in warnings)
