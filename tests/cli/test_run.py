"""The commands `plan`, `check` and `apply`, against a sandbox."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from command_line import CommandLine
from contract.sandbox_client import OWNER_TOKEN
from github_sandbox import Sandbox, World
from sandboxed_action import TRIPLET

SPEC = """\
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    targets:
      - repository: octo-org/api
"""
PASSWORD = "correct-horse-battery"
TARGET = "repository:octo-org/api"
OFF = ("--verify", "off")
COMMANDS = ("plan", "check", "apply")


@pytest.fixture
def spec(cli: CommandLine) -> Path:
    path = cli.folder / "spec.yml"
    path.write_text(SPEC)
    return path


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    """The command with a token and a password, for GitHub's API at the sandbox."""
    environ = {
        "GH_TOKEN": OWNER_TOKEN,
        "ACR_PASSWORD": PASSWORD,
        "GITHUB_API_URL": sandbox.url,
        "INPUT_SPEC": "an input of another step",
    }
    return CommandLine(cli.command, cli.folder, environ)


@pytest.mark.usefixtures("spec")
def test_plan_check_and_apply_follow_each_other(github: CommandLine, world: World) -> None:
    """plan: 0; check: 2 before apply and 0 after it."""
    options = ("--spec-file", "spec.yml", *OFF)
    plan = github.run("plan", *options)
    assert (plan.code, plan.err) == (0, "")
    assert "+ create   ACR at repository:octo-org/api" in plan.out
    assert "Plan: 1 to create." in plan.out
    assert github.run("check", *options).code == 2
    assert not world.secrets(TARGET)

    applied = github.run("apply", "--yes", *options)
    assert applied.code == 0, applied
    assert "Apply complete: 1 created." in applied.out
    assert world.secrets(TARGET).keys() == set(TRIPLET)
    everything = plan.out + applied.out + applied.err
    assert PASSWORD not in everything
    assert "::" not in everything


@pytest.mark.usefixtures("spec")
def test_json_is_alone_on_standard_output(github: CommandLine) -> None:
    """The rest is on standard error."""
    result = github.run("plan", "--spec-file", "spec.yml", *OFF, "--json")
    document = json.loads(result.out)
    assert (document["version"], document["mode"]) == (1, "plan")
    assert [change["action"] for change in document["changes"]] == ["create"]
    assert "Plan: 1 to create." in result.err


@pytest.mark.usefixtures("spec")
def test_in_a_workflow_it_prints_workflow_commands(github: CommandLine) -> None:
    """Masks and annotations; on standard error if the JSON needs standard output."""
    options = ("--spec-file", "spec.yml", *OFF)
    result = github.run("plan", *options, GITHUB_ACTIONS="true")
    assert f"::add-mask::{PASSWORD}" in result.out
    with_json = github.run("plan", *options, "--json", GITHUB_ACTIONS="true")
    assert json.loads(with_json.out)["mode"] == "plan"
    assert f"::add-mask::{PASSWORD}" in with_json.err
    outputs = github.folder / "outputs"
    outputs.touch()
    github.run("plan", *options, GITHUB_ACTIONS="true", GITHUB_OUTPUT=str(outputs))
    assert "drift" in outputs.read_text()


@pytest.mark.usefixtures("spec")
def test_a_problem_has_its_place_in_the_spec(github: CommandLine) -> None:
    """The value that is missing is the error of `validate` that needs the environment."""
    result = github.run("plan", "--spec-file", "spec.yml", ACR_PASSWORD="")
    assert result.code == 1
    assert result.err.startswith("spec.yml:6:5: registries[0].password: error: environment")
    assert "1 error in the configuration; no request was sent to GitHub." in result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_a_missing_spec_is_an_error(github: CommandLine, command: str) -> None:
    result = github.run(command, "--spec-file", "missing.yml", *_yes(command))
    assert result.code == 1
    assert result.err == "missing.yml: error: cannot be read: No such file or directory\n"


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("spec")
def test_an_unknown_id_is_an_error(github: CommandLine, command: str) -> None:
    result = github.run(
        command, "--spec-file", "spec.yml", "--only", "ACR,GHCR", *OFF, *_yes(command)
    )
    assert result.code == 1
    assert (
        result.err == "--only: error: no registry of the spec has the id `GHCR`; its ids are: ACR\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.usefixtures("spec")
def test_without_a_token_it_says_how_to_pass_one(
    github: CommandLine, command: str, sandbox: Sandbox
) -> None:
    """The folder has no login of GitHub CLI."""
    result = github.run(command, "--spec-file", "spec.yml", *_yes(command), GH_TOKEN="")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: no token; log in with `gh auth login`, set GH_TOKEN, or")
    assert not sandbox.exchanges


def _yes(command: str) -> tuple[str, ...]:
    return ("--yes",) if command == "apply" else ()


@pytest.mark.usefixtures("spec")
def test_the_token_is_that_of_the_file_first(github: CommandLine, sandbox: Sandbox) -> None:
    """Then GH_TOKEN, then GITHUB_TOKEN, then that of GitHub CLI."""
    (github.folder / "token").write_text(f"{OWNER_TOKEN}\n")
    options = ("plan", "--spec-file", "spec.yml", *OFF)
    assert github.run(*options, "--token-file", "token", GH_TOKEN="wrong").code == 0
    assert github.run(*options, GH_TOKEN=OWNER_TOKEN, GITHUB_TOKEN="wrong").code == 0
    assert github.run(*options, GH_TOKEN="", GITHUB_TOKEN=OWNER_TOKEN).code == 0
    gh = github.folder / "gh"
    gh.write_text(
        f'#!/bin/sh\n[ "$*" = "auth token --hostname 127.0.0.1" ] && echo {OWNER_TOKEN}\n'
    )
    gh.chmod(0o755)
    path = f"{github.folder}:{github.variables({})['PATH']}"
    assert github.run(*options, GH_TOKEN="", PATH=path).code == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "cannot be read: No such file or directory"), (b"", "is empty"), (b"\xff", "is not")],
)
def test_an_unusable_token_file_is_an_error(
    github: CommandLine, content: bytes | None, message: str
) -> None:
    if content is not None:
        (github.folder / "token").write_bytes(content)
    result = github.run("plan", "--token-file", "token")
    assert result.code == 1
    assert result.err.startswith(f"error: --token-file token: {message}")


@pytest.mark.usefixtures("spec")
def test_apply_without_a_terminal_needs_yes(github: CommandLine, sandbox: Sandbox) -> None:
    """It says so before it sends a request."""
    result = github.run("apply", "--spec-file", "spec.yml", *OFF)
    assert (result.code, result.out) == (1, "")
    assert result.err == "error: there is no terminal to ask for confirmation; use --yes\n"
    assert not sandbox.exchanges


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("\n", 1), ("no\n", 1)])
@pytest.mark.usefixtures("spec")
def test_apply_asks_first(github: CommandLine, sandbox: Sandbox, answer: str, code: int) -> None:
    """Everything but yes is no; then nothing is written."""
    session = github.on_terminal("apply", "--spec-file", "spec.yml", *OFF)
    session.wait_for("Apply this plan (1 to create)? [y/N] ")
    assert not sandbox.writes
    session.type(answer)
    result = session.end()
    assert result.code == code, result.out
    assert bool(sandbox.writes) == (code == 0)
    assert ("The plan was not confirmed." in result.out) == (code == 1)


@pytest.mark.usefixtures("spec")
def test_apply_does_not_ask_about_an_empty_plan(github: CommandLine) -> None:
    options = ("--spec-file", "spec.yml", "--rotate", "missing", *OFF)
    assert github.run("apply", "--yes", *options).code == 0
    result = github.on_terminal("apply", *options).end()
    assert result.code == 0
    assert "[y/N]" not in result.out


@pytest.mark.usefixtures("spec")
def test_ctrl_c_at_the_question_writes_nothing(github: CommandLine, sandbox: Sandbox) -> None:
    """And there is no traceback."""
    session = github.on_terminal("apply", "--spec-file", "spec.yml", *OFF)
    session.wait_for("[y/N] ")
    session.process.send_signal(signal.SIGINT)
    result = session.end()
    assert result.code == 1
    assert "Stopped by SIGINT before anything was written." in result.out
    assert "Traceback" not in result.out
    assert not sandbox.writes


def test_a_value_of_a_file_stays_in_the_current_folder(github: CommandLine) -> None:
    """The spec itself can be anywhere."""
    folder = github.folder / "folder"
    folder.mkdir()
    (github.folder / "spec.yml").write_text(SPEC.replace("env: ACR_PASSWORD", "file: ../password"))
    (github.folder / "password").write_text(PASSWORD)
    inside = CommandLine(github.command, folder, github.environ)
    result = inside.run("plan", "--spec-file", "../spec.yml", *OFF)
    assert result.code == 1
    assert "file ../password is outside the workspace" in result.err
    (github.folder / "spec.yml").write_text(SPEC)
    assert inside.run("plan", "--spec-file", "../spec.yml", *OFF).code == 0


def test_a_spec_can_be_standard_input(github: CommandLine) -> None:
    result = github.run("plan", "--spec-file", "-", *OFF, stdin=SPEC)
    assert (result.code, result.err) == (0, "")


def test_the_repository_is_the_remote_origin(github: CommandLine, world: World) -> None:
    """`{secret: NAME}` has the age of its Actions secret; the option and the variable go first."""
    world.put_actions_secret("repository:octo-org/web", "ACR_PASSWORD")
    (github.folder / "spec.yml").write_text(SPEC.replace("env:", "secret:"))
    options = ("plan", "--spec-file", "spec.yml", *OFF)
    assert "warning" in github.run(*options).err
    assert github.run(*options, "--repository", "octo-org/web").err == ""
    assert github.run(*options, GITHUB_REPOSITORY="octo-org/web").err == ""
    origin = "git@github.com:octo-org/web.git"
    for command in (("init", "--quiet"), ("remote", "add", "origin", origin)):
        subprocess.run(["git", *command], cwd=github.folder, check=True)
    assert github.run(*options).err == ""
    invalid = github.run(*options, "--repository", "web")
    assert (invalid.code, invalid.err) == (1, "error: --repository: must be owner/name\n")


@pytest.mark.usefixtures("spec")
def test_a_closed_pipe_does_not_stop_the_writes(github: CommandLine, world: World) -> None:
    """The reader is gone before the first line."""
    command = f"{github.command} apply --yes --spec-file spec.yml --verify off | true"
    process = subprocess.run(
        ["bash", "-c", f'{command}; echo "${{PIPESTATUS[0]}}"'],
        cwd=github.folder,
        env=github.variables({}),
        capture_output=True,
        check=True,
        text=True,
    )
    assert process.stdout == "0\n"
    assert "Traceback" not in process.stderr
    assert world.secrets(TARGET).keys() == set(TRIPLET)


def test_a_bar_on_a_terminal_disappears(github: CommandLine, sandbox: Sandbox) -> None:
    """A terminal shows it while targets are read; a pipe never does."""
    targets = "".join(f"      - repository: octo-org/{name}\n" for name in ("web", "docs"))
    (github.folder / "spec.yml").write_text(SPEC + targets)
    options = ("plan", "--spec-file", "spec.yml", *OFF)
    session = github.on_terminal(*options)
    result = session.end()
    assert result.code == 0
    assert "━" in result.out
    assert "━" not in (piped := github.run(*options)).out + piped.err
