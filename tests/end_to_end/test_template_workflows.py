"""The workflows for repositories that are made from a template, run step by step."""

from __future__ import annotations

from pathlib import Path

import pytest

from github_app import APP_ID, add_app, private_pem
from github_sandbox import Sandbox, World
from sandboxed_action import TRIPLET, stored_triplet
from workflow_run import EXAMPLES, Event, WorkflowRun

ORGANIZATION = "organization:octo-org"
NEW = "octo-org/new"
SECRETS = {
    "CODESPACES_SECRETS_APP_ID": str(APP_ID),
    "CODESPACES_SECRETS_APP_KEY": private_pem(),
    "ACR_PASSWORD": "correct-horse",
}
# The copy and the call of each workflow do the same. The name is that of the job.
SETUPS = [("template-setup.yml", "registry"), ("call-template-setup.yml", "setup / setup")]
ACCESSES = [("template-access.yml", "access"), ("call-template-access.yml", "access / access")]


@pytest.fixture
def world() -> World:
    """An organization with a triplet for one repository, a new repository, and an App."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    for name in ("octo-org/other", NEW):
        world.add_repository(name)
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=["octo-org/other"])
    add_app(
        world,
        {
            "octo-org": {
                "organization_codespaces_secrets": "write",
                "codespaces_secrets": "write",
                "metadata": "read",
            }
        },
    )
    return world


def run(
    name: str, sandbox: Sandbox, folder: Path, mode: str = "", *, template: bool = False
) -> WorkflowRun:
    """Run an example in the new repository: after a push, or by hand with a mode."""
    repository = {"id": 1, "name": "new", "full_name": NEW, "private": True}
    payload = {"repository": {**repository, "is_template": template}}
    inputs = {"mode": mode} if mode else {}
    event = Event("workflow_dispatch" if mode else "push", payload, inputs)
    return WorkflowRun(EXAMPLES / name, sandbox, folder, event, SECRETS, repository=NEW).run()


def members(world: World) -> list[tuple[str, ...]]:
    """The selected repositories of each secret of the organization's triplet."""
    return [world.secrets(ORGANIZATION)[name].repositories for name in TRIPLET]


@pytest.mark.parametrize(("name", "job"), SETUPS)
def test_a_new_repository_gets_the_login_with_its_first_push(
    sandbox: Sandbox, world: World, tmp_path: Path, name: str, job: str
) -> None:
    """A later push writes nothing."""
    assert run(name, sandbox, tmp_path).results[job] == "success"
    stored = world.secrets(f"repository:{NEW}")
    assert {secret.value for secret in stored.values()} == {
        b"mycompany.azurecr.io",
        b"acr-user-here",
        b"correct-horse",
    }

    sandbox.clear_exchanges()
    assert run(name, sandbox, tmp_path).results[job] == "success"
    assert [e.path for e in sandbox.writes if "/codespaces/" in e.path] == []


@pytest.mark.parametrize(("name", "job"), ACCESSES)
def test_a_new_repository_joins_the_list_and_leaves_it_by_hand(
    sandbox: Sandbox, world: World, tmp_path: Path, name: str, job: str
) -> None:
    """The others stay on the list."""
    assert run(name, sandbox, tmp_path).results[job] == "success"
    assert members(world) == [("octo-org/other", NEW)] * 3

    assert run(name, sandbox, tmp_path, "remove").results[job] == "success"
    assert members(world) == [("octo-org/other",)] * 3


@pytest.mark.parametrize(("name", "job"), [*SETUPS, *ACCESSES])
def test_the_template_itself_runs_no_step(
    sandbox: Sandbox, tmp_path: Path, name: str, job: str
) -> None:
    """The workflow is in it only to be copied."""
    assert run(name, sandbox, tmp_path, template=True).results[job] == "skipped"
    assert sandbox.exchanges == []
