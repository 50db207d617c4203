"""Fixtures of every tier: a world, a sandbox that serves it, and clients of the sandbox.

A folder or a file that needs another world overrides `world` alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.sandbox_client import Client, client_of, small_world
from github_sandbox import Sandbox, World
from sandboxed_action import Action


@pytest.fixture
def world() -> World:
    """`octo-org` with four repositories."""
    return small_world()


@pytest.fixture
def sandbox(world: World) -> Iterator[Sandbox]:
    """The API of that world."""
    with Sandbox(world) as sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[Client]:
    """A client with the token of the organization's owner."""
    with client_of(sandbox) as client:
        yield client


@pytest.fixture
def action(sandbox: Sandbox, tmp_path: Path) -> Action:
    """The Action, ready to run against the sandbox."""
    return Action(sandbox, tmp_path)
