"""A world to run the Action against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from generated import Kind, Nights
from generated_kinds import KINDS
from github_sandbox import World
from sandboxed_action import TOKEN


@pytest.fixture
def world() -> World:
    """`octo-org` (owned by `octocat`) with 250 repositories, 120 of them `svc-NNN`."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", plan="team", owners=("octocat",))
    for number in range(250):
        name = f"svc-{number:03}" if number < 120 else f"lib-{number:03}"
        world.add_repository(f"octo-org/{name}")
    world.add_repository("octo-org/app")
    world.add_repository("octocat/dotfiles")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    return world


@pytest.fixture(params=KINDS, ids=lambda kind: kind.name)
def nights(request: pytest.FixtureRequest) -> Iterator[Nights]:
    """Runs with `generate` over many nights, for every kind; indirect parameters choose others."""
    kind: Kind = request.param
    with Nights(kind) as nights:
        yield nights
