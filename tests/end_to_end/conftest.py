"""A world to run the Action against."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from generated import Kind, Nights
from generated_kinds import KINDS
from github_sandbox import Sandbox, World
from sandboxed_action import TOKEN
from workflow_run import EXAMPLES, SECRETS, SPEC, SPEC_FILE, Event, Start, WorkflowRun


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


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Start:
    """Run an example workflow in `octo-org/app`."""

    def run(name: str, event: Event, spec: str = SPEC, **options: Any) -> WorkflowRun:
        path, files = EXAMPLES / name, {SPEC_FILE: spec}
        return WorkflowRun(path, sandbox, tmp_path, event, SECRETS, files, **options).run()

    return run
