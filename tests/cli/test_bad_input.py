"""Each command with a missing file, without a token, without a reader and without a terminal."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import pytest

from codespaces_registry_secrets.cli.help import COMMANDS
from command_line import MAX_SECONDS, CommandLine, organization_world, signed_in
from github_sandbox import Sandbox, World
from sandboxed_action import stored_triplet

APP = "repository:octo-org/app"
SPEC = """\
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
    rotate: missing
    targets:
      - repository: octo-org/api
"""
RUN = "--spec-file spec.yml --verify off"
# Arguments with which each command succeeds, and its exit code.
VALID: Mapping[str, tuple[str, int]] = {
    "plan": (RUN, 0),
    "check": (RUN, 2),
    "apply": (f"--yes {RUN}", 0),
    "validate": ("spec.yml", 0),
    "schema": ("", 0),
    "init": (f"--registry acr --name mycompany --target {APP} --force", 0),
    "import": (APP, 0),
    "explain": ("ACR --spec-file spec.yml", 0),
    "doctor": ("octo-org/app --spec-file spec.yml", 0),
}
WITH_TOKEN = ("plan", "check", "apply", "import", "explain", "doctor")


@pytest.fixture
def world() -> World:
    """`octo-org/app` has a triplet, and the one of the spec is missing."""
    world = organization_world()
    stored_triplet(world, APP)
    return world


@pytest.fixture
def github(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    (cli.folder / "spec.yml").write_text(SPEC)
    return signed_in(cli, sandbox)


def shell(github: CommandLine, command: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash, in which `$C` is the command; standard input is no terminal."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=github.folder,
        env=github.variables({"C": str(github.command), "ACR_PASSWORD": "correct-horse"}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        text=True,
    )


def test_every_command_is_tested() -> None:
    """A new one belongs in the table."""
    assert VALID.keys() == COMMANDS.keys()


@pytest.mark.parametrize("command", VALID)
@pytest.mark.parametrize("streams", ["", "2>&1 "], ids=["output", "both"])
def test_a_reader_that_is_gone_changes_nothing(
    github: CommandLine, command: str, streams: str
) -> None:
    """The exit code is that of the command, and nothing is said about the pipe."""
    arguments, code = VALID[command]
    line = f"$C {command} {arguments} {streams}| head -0; echo ${{PIPESTATUS[0]}}"
    process = shell(github, line)
    assert process.stdout == f"{code}\n"
    for text in ("Traceback", "Broken pipe", "Exception ignored", "error: "):
        assert text not in process.stderr


@pytest.mark.parametrize("command", VALID)
@pytest.mark.parametrize("streams", ["<&- >&- 2>&-", "2>&-", "2>/dev/full"])
def test_a_closed_stream_changes_nothing(github: CommandLine, command: str, streams: str) -> None:
    """As a job of cron or of a daemon can have it."""
    arguments, code = VALID[command]
    process = shell(github, f"$C {command} {arguments} {streams}")
    assert process.returncode == code, process.stderr
    assert "Traceback" not in process.stderr
    assert "error: " not in process.stderr


@pytest.mark.parametrize("command", [name for name in VALID if name != "validate"])
def test_a_full_disk_is_an_error(github: CommandLine, command: str) -> None:
    """The file with the output is incomplete."""
    process = shell(github, f"$C {command} {VALID[command][0]} >/dev/full")
    assert process.returncode == 1
    last = process.stderr.splitlines()[-1]
    assert last == "error: standard output: cannot be written: No space left on device"
    assert "Traceback" not in process.stderr


def test_a_full_disk_does_not_stop_the_writes(github: CommandLine, world: World) -> None:
    """As a reader that is gone does not; the exit code says that the report is incomplete."""
    process = shell(github, f"$C apply {VALID['apply'][0]} >/dev/full")
    assert process.returncode == 1
    assert len(world.secrets("repository:octo-org/api")) == 3


@pytest.mark.parametrize("command", ["import", "explain", "doctor"])
def test_without_a_token_it_says_how_to_pass_one(
    github: CommandLine, sandbox: Sandbox, command: str
) -> None:
    """No request is sent. The folder has no login of GitHub CLI."""
    arguments = VALID[command][0].split()
    result = github.run(command, *arguments, GH_TOKEN="")
    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("error: no token; log in with `gh auth login`, set GH_TOKEN, or")
    assert not sandbox.exchanges


@pytest.mark.parametrize("command", WITH_TOKEN)
def test_a_token_that_github_rejects_is_an_error(github: CommandLine, command: str) -> None:
    """Nothing repeats the value."""
    arguments = VALID[command][0].split()
    result = github.run(command, *arguments, GH_TOKEN="ghp_revoked", ACR_PASSWORD="p")
    assert result.code == 1
    assert "GitHub rejects the token (401" in result.out + result.err
    assert "ghp_revoked" not in result.out + result.err
    assert "Traceback" not in result.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        ("folder", "cannot be read: Is a directory"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"", "the spec is empty; start it with `version: 1`"),
    ],
    ids=["missing", "folder", "no text", "empty"],
)
@pytest.mark.parametrize("command", ["plan", "explain", "doctor", "validate"])
def test_an_unusable_spec_is_an_error(
    github: CommandLine,
    sandbox: Sandbox,
    command: str,
    content: bytes | str | None,
    message: str,
) -> None:
    """It says so before it sends a request."""
    path = github.folder / "none.yml"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    arguments = VALID[command][0].replace("spec.yml", "none.yml").split()
    result = github.run(command, *arguments, ACR_PASSWORD="p")
    assert result.code == 1
    errors = result.out if command == "validate" else result.err
    assert errors.startswith("none.yml:")
    assert message in errors
    assert "Traceback" not in result.err
    assert not sandbox.exchanges


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("schema", "none", "Invalid value"),
        ("validate", "none", "none: cannot be read"),
    ],
)
def test_an_unknown_name_is_an_error(
    github: CommandLine, command: str, arguments: str, message: str
) -> None:
    """Of a document or a file. The tests of the other commands have their unknown ids."""
    result = github.run(command, *arguments.split())
    assert result.code == 1
    assert message in result.out + result.err
    assert "Traceback" not in result.err


def test_doctor_says_that_the_triplet_of_an_unknown_id_does_not_exist(github: CommandLine) -> None:
    """Secrets and not the spec make a login, so it is a finding and not an error in the input."""
    result = github.run("doctor", "octo-org/app", "--only", "NONE")
    assert (result.code, result.err) == (1, "")
    assert result.out.count("NONE_CONTAINER_REGISTRY_") == 3


@pytest.mark.parametrize("command", VALID)
def test_without_a_terminal_nothing_waits_for_an_answer(github: CommandLine, command: str) -> None:
    """Also if standard input stays open: `apply` needs --yes, and `init` its options."""
    arguments = VALID[command][0].replace("--yes ", "")
    if command == "init":
        arguments = f"--target {APP}"
    command_line = [str(github.command), command, *arguments.split()]
    variables = github.variables({"ACR_PASSWORD": "correct-horse"})
    with subprocess.Popen(
        command_line,
        cwd=github.folder,
        env=variables,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        code = process.wait(timeout=MAX_SECONDS)
        assert process.stdout
        output = process.stdout.read()
    assert code == {"apply": 1, "init": 1}.get(command, VALID[command][1]), output
    assert "Traceback" not in output
