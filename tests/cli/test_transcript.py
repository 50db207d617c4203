"""All commands in the order in which a user meets them, against a sandbox."""

from __future__ import annotations

import json
import subprocess

import pytest
import yaml

from command_line import CommandLine
from github_sandbox import Sandbox, World
from sandboxed_action import TOKEN, TRIPLET

VALUES = {"ACR_USERNAME": "me", "ACR_PASSWORD": "correct-horse-battery"}


@pytest.fixture
def world() -> World:
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    world.add_repository("octo-org/app")
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    for name in VALUES:
        world.put_actions_secret("repository:octo-org/app", name)
    return world


def test_from_init_to_doctor_and_back_to_a_spec(
    cli: CommandLine, sandbox: Sandbox, world: World
) -> None:
    """The spec of `import` is that of `init`, and the password is in no output."""
    environ = {"GH_TOKEN": TOKEN, "GITHUB_API_URL": sandbox.url}
    github = CommandLine(cli.command, cli.folder, environ)
    remote = "https://github.com/octo-org/app.git"
    for command in (["init", "-q"], ["remote", "add", "origin", remote]):
        subprocess.run(["git", "-C", str(cli.folder), *command], check=True)

    init = github.run("init", "--registry", "acr", "--name", "mycompany")
    assert init.code == 0, init.err
    assert github.run("validate").code == 0
    before = github.run("doctor", "octo-org/app")
    assert before.code == 1
    assert "no registry secrets are stored for this repository" in before.out

    plan = github.run("plan", "--verify", "off", **VALUES)
    assert plan.code == 0, plan.err
    assert "+ create   ACR at repository:octo-org/app" in plan.out
    apply = github.run("apply", "--yes", "--verify", "off", **VALUES)
    assert apply.code == 0, apply.err
    assert world.secrets("repository:octo-org/app").keys() == set(TRIPLET)
    assert github.run("check", "--verify", "off", **VALUES).code == 0

    explain = github.run("explain", "ACR")
    assert "none: up to date" in explain.out
    doctor = github.run("doctor", "octo-org/app", "--json")
    assert doctor.code == 0
    assert json.loads(doctor.out)["registries"][0]["server"] == "mycompany.azurecr.io"
    server = "ACR=mycompany.azurecr.io"
    imported = github.run("import", "repository:octo-org/app", "--server", server)
    assert yaml.safe_load(imported.out)["registries"][0]["targets"] == [
        {"repository": "octo-org/app"}
    ]

    results = (init, before, plan, apply, explain, doctor, imported)
    assert all(VALUES["ACR_PASSWORD"] not in result.out + result.err for result in results)


@pytest.mark.parametrize(
    "command",
    [
        "import repository:octo-org/app",
        "explain ACR --spec-file spec.yml --json",
        "doctor octo-org/app --json",
    ],
)
def test_a_closed_pipe_is_no_crash(
    cli: CommandLine, sandbox: Sandbox, world: World, command: str
) -> None:
    """The reader goes away before the command writes."""
    world.put_secret("repository:octo-org/app", "ACR_CONTAINER_REGISTRY_USER", b"me")
    spec = "version: 1\nregistries: [{id: ACR, targets: [{repository: octo-org/app}]}]\n"
    (cli.folder / "spec.yml").write_text(spec)
    process = subprocess.run(
        ["bash", "-c", f"{cli.command} {command} | true"],
        cwd=cli.folder,
        env=cli.variables({"GH_TOKEN": TOKEN, "GITHUB_API_URL": sandbox.url}),
        capture_output=True,
        check=False,
        text=True,
    )
    assert "Traceback" not in process.stderr
    assert "Broken pipe" not in process.stderr
