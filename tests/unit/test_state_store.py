"""Write the state in variables of the sandbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.github.variables import Variables
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.model.state import MemberRecord
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.state.document import Document, format_documents
from codespaces_registry_secrets.state.store import StateError, StateStore
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Fault, Sandbox, World
from runner_environment import input_variables

REPOSITORY = "octo-org/api"
MEMBERS = {part: MemberRecord(bytes(16), datetime(2026, 1, 1, tzinfo=UTC)) for part in Part}


def document(count: int, registry: str = "ACR") -> Document:
    """The records of one registry at so many targets with the longest names."""
    targets = (Repository(f"{'o' * 39}/{number:0100}") for number in range(count))
    return Document({registry: bytes(16)}, {(target, registry): MEMBERS for target in targets})


@pytest.fixture
def store(sandbox: Sandbox) -> StateStore:
    """A state in the variables of a repository."""
    inputs = read_inputs(input_variables({"token": OWNER_TOKEN, "api-url": sandbox.url}))
    limiter = RateLimiter(100_000, print, Cancellation())
    clients = connect(inputs, limiter, TimeoutConfig(backoff=0), print)
    return StateStore(Variables(clients, REPOSITORY), "STATE")


def writes(sandbox: Sandbox) -> list[str]:
    """Method and variable of each write so far."""
    return [f"{one.method} {one.path.rpartition('/')[2]}" for one in sandbox.writes]


def test_more_records_than_all_variables_hold_are_an_error(
    store: StateStore, sandbox: Sandbox
) -> None:
    """No record is dropped silently, and none is written."""
    with pytest.raises(StateError, match=r"do not fit into \d+ Actions variables; use one state"):
        store.update(lambda _: document(8000))
    assert writes(sandbox) == []


def test_only_a_variable_that_changes_is_written(store: StateStore, sandbox: Sandbox) -> None:
    """So that runs with other targets rarely meet."""
    large = document(500)
    store.update(lambda found: large if not found.records else found)
    assert len(format_documents(large)) == 2
    assert writes(sandbox) == ["POST variables", "POST variables"]
    read = store.read()
    changed = {**read.records, next(iter(large.records)): {}}

    store.update(lambda found: Document(found.salts, changed, found.variables))

    assert len(writes(sandbox)) == 3


def test_a_variable_of_another_run_is_replaced(store: StateStore, world: World) -> None:
    """It was created between the read and the write of this run."""
    large = document(500)
    _, second = format_documents(document(501))

    def change(found: Document) -> Document:
        if not found.records:
            world.put_variable(REPOSITORY, "STATE_2", second)
        return replace(large, variables=found.variables)

    store.update(change)

    assert store.read().records == large.records


def test_a_variable_of_something_else_is_never_replaced(store: StateStore, world: World) -> None:
    """Also if it was created between the read and the write."""

    def change(_: Document) -> Document:
        world.put_variable(REPOSITORY, "STATE_2", "mine")
        return document(500)

    with pytest.raises(StateError, match="STATE_2 does not start with the line"):
        store.update(change)
    assert world.variables(REPOSITORY)["STATE_2"] == "mine"


def test_other_runs_that_always_write_are_an_error(store: StateStore, sandbox: Sandbox) -> None:
    """After three writes that did not stay."""
    registries = iter("ABCDE")
    with pytest.raises(StateError, match="replaced what this run wrote, three times in a row"):
        store.update(lambda _: document(1, next(registries)))
    assert len(writes(sandbox)) == 3


def test_a_variable_that_cannot_be_created_is_an_error(
    store: StateStore, sandbox: Sandbox, world: World
) -> None:
    """Only if it exists already, another run has created it."""
    sandbox.fail(Fault(method="POST", status=422, body='{"message": "Invalid"}', times=None))
    with pytest.raises(GitHubError, match="GitHub returned 422: Invalid"):
        store.update(lambda _: document(1))
    assert world.variables(REPOSITORY) == {}
