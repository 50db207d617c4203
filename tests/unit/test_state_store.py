"""Read and update the state in Actions variables of the sandbox, while others write too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.github.auth import TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import RateLimiter
from codespaces_registry_secrets.github.variables import Variables
from codespaces_registry_secrets.inputs.action_inputs import read_inputs
from codespaces_registry_secrets.model.state import MemberRecord, Records
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.state import document as state_document
from codespaces_registry_secrets.state.document import (
    MAX_VARIABLES,
    Document,
    format_documents,
)
from codespaces_registry_secrets.state.store import StateError, StateStore
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Sandbox, World
from runner_environment import input_variables

HOME, NAME = "octo-org/api", "CRS_STATE"
AT = datetime(2026, 1, 1, 3, tzinfo=UTC)


def document(*names: str, registry: str = "ACR", variables: int = 1, seconds: int = 0) -> Document:
    """Records of the password at these repositories."""
    record = MemberRecord(bytes(16), AT + timedelta(seconds=seconds))
    records: Records = {
        (Repository(f"octo-org/{name}"), registry): {Part.PASSWORD: record} for name in names
    }
    return Document({registry: bytes(16)}, records, variables)


@pytest.fixture
def store(sandbox: Sandbox) -> StateStore:
    """The state `CRS_STATE`."""
    return new_store(sandbox)


def new_store(sandbox: Sandbox) -> StateStore:
    """The state as another run sees it."""
    inputs = read_inputs(input_variables({"token": OWNER_TOKEN, "api-url": sandbox.url}))
    limiter = RateLimiter(100_000, print, Cancellation())
    clients = connect(inputs, limiter, TimeoutConfig(backoff=0), print)
    return StateStore(Variables(clients, HOME), NAME)


def requests(sandbox: Sandbox) -> list[str]:
    """The verbs and variables of all requests, without the list that a 404 needs."""
    lines = [f"{e.method} {e.path.rpartition('/')[2]}" for e in sandbox.exchanges]
    sandbox.clear_exchanges()
    return [line for line in lines if line != "GET variables"]


def change_to(target: Document) -> Callable[[Document], Document]:
    """A change that ends with this document."""
    return lambda _: target


def test_nothing_is_an_empty_document(store: StateStore, sandbox: Sandbox) -> None:
    """And not a damaged one."""
    assert store.read() == Document()
    assert store.damaged == ()
    assert requests(sandbox) == [f"GET {NAME}"]


def test_an_update_is_read_back(store: StateStore, sandbox: Sandbox, world: World) -> None:
    """After it was written. The same update again writes nothing."""
    target = document("app")

    store.update(change_to(target))

    assert requests(sandbox) == [f"GET {NAME}", "POST variables", f"GET {NAME}"]
    assert world.variables(HOME) == {NAME: format_documents(target)[0]}
    store.update(change_to(target))
    assert requests(sandbox) == [f"GET {NAME}"]
    assert new_store(sandbox).read() == target


def test_only_variables_that_differ_are_written(store: StateStore, sandbox: Sandbox) -> None:
    """The first one last, because it has their number."""
    names = [f"svc-{number}" for number in range(12)]
    store.update(change_to(document(*names, variables=3)))
    assert [line for line in requests(sandbox) if not line.startswith("GET")] == (
        ["POST variables"] * 3
    )
    first = document(*names, variables=3)
    key = next(iter(first.records))
    changed = replace(first, records={**first.records, key: {}})

    store.update(change_to(changed))

    (patched,) = [line for line in requests(sandbox) if line.startswith("PATCH")]
    number = [
        old != new
        for old, new in zip(format_documents(first), format_documents(changed), strict=True)
    ].index(True)
    assert patched == f"PATCH {[NAME, f'{NAME}_2', f'{NAME}_3'][number]}"
    sandbox.clear_exchanges()
    store.read()
    assert sorted(requests(sandbox)) == [f"GET {name}" for name in (NAME, f"{NAME}_2", f"{NAME}_3")]


def test_the_first_variable_is_written_last(store: StateStore, sandbox: Sandbox) -> None:
    """A run that dies before it leaves the old number, and so no variable without records."""
    store.update(change_to(document("app")))
    sandbox.clear_exchanges()

    store.update(change_to(document("app", "svc-1", "svc-2", "svc-3", variables=2, seconds=1)))

    writes = [line for line in requests(sandbox) if not line.startswith("GET")]
    assert writes == ["POST variables", f"PATCH {NAME}"]


def test_damaged_variables_are_named_and_replaced(
    store: StateStore, sandbox: Sandbox, world: World
) -> None:
    """The records of the others count."""
    first, second = format_documents(document("api", "app", "docs", "web", variables=2))
    world.put_variable(HOME, NAME, first)
    world.put_variable(HOME, f"{NAME}_2", " ")

    kept = store.read()

    assert store.damaged == (f"{NAME}_2",)
    assert 0 < len(kept.records) < 4
    store.update(change_to(document("api", "app", "docs", "web", variables=2)))
    assert world.variables(HOME) == {NAME: first, f"{NAME}_2": second}
    assert not store.damaged


@pytest.mark.parametrize("name", [NAME, f"{NAME}_2"])
def test_a_variable_of_something_else_is_an_error(
    store: StateStore, world: World, name: str
) -> None:
    """Its name is in the message, and it keeps its value."""
    if name != NAME:
        world.put_variable(HOME, NAME, format_documents(document("app", variables=2))[0])
    world.put_variable(HOME, name, "mine")

    with pytest.raises(StateError, match=f"^the Actions variable {name} does not start with the"):
        store.update(change_to(document("app")))

    assert world.variables(HOME)[name] == "mine"


def test_another_run_can_create_the_first_variable(
    store: StateStore, sandbox: Sandbox, world: World
) -> None:
    """Between the read and the write. Its records are merged, and not replaced."""
    other = document("web")

    def merge(read: Document) -> Document:
        if not read.records:
            world.put_variable(HOME, NAME, format_documents(other)[0])
        return Document(
            document().salts or other.salts, {**read.records, **document("app").records}
        )

    store.update(merge)

    assert new_store(sandbox).read().records == {**other.records, **document("app").records}


def test_another_run_can_create_a_further_variable(
    store: StateStore, sandbox: Sandbox, world: World
) -> None:
    """It is replaced, because the first one does not count it yet, unless it is no state."""
    both = document("api", "app", "docs", "web", variables=2)
    texts = format_documents(both)

    def create(value: str) -> Callable[[Document], Document]:
        def change(read: Document) -> Document:
            if read != both:
                world.put_variable(HOME, f"{NAME}_2", value)
            return both

        return change

    store.update(create(format_documents(document("old"))[0]))
    assert world.variables(HOME) == {NAME: texts[0], f"{NAME}_2": texts[1]}

    world.delete_variable(HOME, NAME)
    with pytest.raises(StateError, match=f"^the Actions variable {NAME}_2 does not start with"):
        store.update(create("mine"))
    assert world.variables(HOME) == {f"{NAME}_2": "mine"}


def test_other_runs_that_write_all_the_time_are_an_error(
    store: StateStore, sandbox: Sandbox
) -> None:
    """After three writes and four reads."""
    seconds = iter(range(10))

    with pytest.raises(StateError, match=r"^other runs replaced what this run wrote, three times"):
        store.update(lambda _: document("app", seconds=next(seconds)))

    verbs = [line.split()[0] for line in requests(sandbox)]
    assert verbs == ["GET", "POST", "GET", "PATCH", "GET", "PATCH", "GET"]


def test_more_records_than_all_variables_hold_are_an_error(
    store: StateStore, sandbox: Sandbox
) -> None:
    """Nothing is written."""
    large = document("x" * 50_000, variables=MAX_VARIABLES)

    with pytest.raises(StateError, match=r"^the records do not fit into 20 Actions variables; use"):
        store.update(change_to(large))

    assert sandbox.writes == []


def test_the_error_of_too_many_records_says_what_to_do(
    store: StateStore, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One variable is enough to show it."""
    monkeypatch.setattr(state_document, "MAX_VARIABLES", 1)
    large = document("x" * 50_000)

    with pytest.raises(StateError, match=r"use one state for each of several specs$"):
        store.update(change_to(large))

    assert sandbox.writes == []
