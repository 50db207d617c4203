"""A small world, served, and its owner's client: what the tests of the sandbox begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contract.sandbox_client import Client, client_of, small_world
from github_sandbox import Sandbox, World


@pytest.fixture
def world() -> World:
    """The small world."""
    return small_world()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """The API of that world."""
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """The owner's client."""
    with client_of(sandbox) as client:
        yield client
