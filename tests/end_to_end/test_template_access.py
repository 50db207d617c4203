"""The ready workflow for a repository that is made from a template, run step for step."""

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


def given(name: str, mode: str) -> dict[str, str]:
    """The `with:` of the workflow's one step, evaluated for a repository as GitHub would."""
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
    """The workflow in one repository."""
    inputs = {key.replace("-", "_"): value for key, value in given(name, mode).items()}
    return action.here(inputs.pop("spec"), {}, token="", **inputs)


def listed(world: World) -> set[str]:
    """What all three secrets list."""
    lists = {frozenset(s.repositories) for s in world.secrets(ORGANIZATION).values()}
    assert len(lists) == 1
    return set(next(iter(lists)))


@pytest.mark.parametrize("count", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_many_new_repositories_join_at_once_and_leave_again(
    world: World, sandbox: Sandbox, action: Action, count: int
) -> None:
    """So many at the same moment: all are on the list; then half of them leave."""
    add_app(world, {"octo-org": {"organization_codespaces_secrets": "write"}})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])
    names = [f"svc-{n:03}" for n in range(count)]

    with ThreadPoolExecutor(count // 2) as pool:
        assert set(pool.map(lambda name: run(action, name, ""), names)) == {0}
    assert listed(world) == {"octo-org/app", *(f"octo-org/{name}" for name in names)}

    with ThreadPoolExecutor(count // 4) as pool:
        codes = pool.map(lambda name: run(action, name, "remove"), names[count // 2 :])
        assert set(codes) == {0}
    assert listed(world) == {"octo-org/app", *(f"octo-org/{name}" for name in names[: count // 2])}


def test_a_repository_that_joined_writes_nothing_with_its_next_push(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    """The second run finds all in place."""
    add_app(world, {"octo-org": {"organization_codespaces_secrets": "write"}})
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/app"])

    assert run(action, "app", "") == 0

    assert sandbox.writes == []
