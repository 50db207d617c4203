"""The example workflow template-access.yml, which gives new repositories access."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from github_app import add_app, private_pem
from github_sandbox import Sandbox, World
from sandboxed_action import Action, stored_triplet

WORKFLOW = Path(__file__).parents[2] / "examples" / "workflows" / "template-access.yml"
ORGANIZATION = "organization:octo-org"


def step_inputs(name: str, mode: str) -> dict[str, str]:
    """Return the inputs of the workflow's step, evaluated for a repository as GitHub does."""
    context = {
        "secrets.CODESPACES_SECRETS_APP_ID": "1234",
        "secrets.CODESPACES_SECRETS_APP_KEY": private_pem(),
        "github.repository_owner": "octo-org",
        "github.event.repository.name": name,
        "inputs.mode || 'ensure'": mode or "ensure",
    }

    def value(expression: re.Match[str]) -> str:
        return context[expression[1].strip()]

    workflow: Mapping[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    (job,) = workflow["jobs"].values()
    (step,) = job["steps"]
    return {key: re.sub(r"\$\{\{(.*?)}}", value, str(text)) for key, text in step["with"].items()}


def run(action: Action, name: str, mode: str) -> int:
    """Run the workflow in a repository, and return the exit code."""
    inputs = {key.replace("-", "_"): value for key, value in step_inputs(name, mode).items()}
    return action.run_in_process(inputs.pop("spec"), {}, token="", **inputs)


def selected(world: World) -> set[str]:
    """Return the selected repositories of the triplet."""
    selections = {frozenset(s.repositories) for s in world.secrets(ORGANIZATION).values()}
    assert len(selections) == 1
    return set(next(iter(selections)))


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_many_repositories_are_added_and_removed_concurrently(
    world: World, sandbox: Sandbox, action: Action, count: int
) -> None:
    """All are selected at the same time, and then half of them are removed."""
    add_app(world, {"octo-org": {"organization_codespaces_secrets": "write"}})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    names = [f"svc-{n:03}" for n in range(count)]

    with ThreadPoolExecutor(count // 2) as pool:
        assert set(pool.map(lambda name: run(action, name, ""), names)) == {0}
    assert selected(world) == {"octo-org/app", *(f"octo-org/{name}" for name in names)}

    with ThreadPoolExecutor(count // 4) as pool:
        codes = pool.map(lambda name: run(action, name, "remove"), names[count // 2 :])
        assert set(codes) == {0}
    assert selected(world) == {
        "octo-org/app",
        *(f"octo-org/{name}" for name in names[: count // 2]),
    }


def test_a_second_run_in_a_repository_writes_nothing(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """A second run finds no changes."""
    add_app(world, {"octo-org": {"organization_codespaces_secrets": "write"}})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])

    assert run(action, "app", "") == 0

    assert sandbox.writes == []
