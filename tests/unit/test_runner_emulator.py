"""Test the emulator of GitHub's runner, which is as strict as the runner."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner import Runner
from runner_environment import ID_TOKEN_VARIABLES
from runner_protocol import (
    Command,
    RunnerError,
    Step,
    commands,
    find_exceeded_limits,
    key_values,
    step_summary,
)

ACTION = """\
inputs:
  token:
    description: no default
  prune: {description: a boolean, default: false}
  removal limit: {description: a blank in the name, default: 30%}
  api-url: {description: an expression, default: "${{ github.api_url }}"}
"""
ENTRYPOINT = """\
import json, os, sys

print(json.dumps({"env": dict(os.environ), "cwd": os.getcwd()}))
print("::add-mask::hunter2")
print("::warning file=a.yml,line=3::50%25 done", file=sys.stderr)
with open(os.environ["GITHUB_OUTPUT"], "a") as file:
    file.write("changed=true\\nplan<<END\\n{\\n}\\nEND\\n")
with open(os.environ["GITHUB_STEP_SUMMARY"], "a") as file:
    file.write("# Done\\n")
with open("made", "w") as file:
    file.write(os.environ.get("SOURCE", ""))
sys.exit(2)
"""


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Create a runner with a small action."""
    for directory in ("action", "app"):
        (tmp_path / directory).mkdir()
    (tmp_path / "action" / "action.yml").write_text(ACTION)
    (tmp_path / "action" / "entrypoint.py").write_text(ENTRYPOINT)
    github = {"api_url": "http://127.0.0.1:8080"}
    return Runner(tmp_path / "action" / "action.yml", tmp_path / "app", github)


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("", {}),
        ("a=1\n", {"a": "1"}),
        ("a=\n", {"a": ""}),
        ("a=b=c\n", {"a": "b=c"}),
        ("a=b<<c\n", {"a": "b<<c"}),
        ("a=1\n\nb=2\n", {"a": "1", "b": "2"}),
        ("a=1\na=2\n", {"a": "2"}),
        ("a<<E\nE\n", {"a": ""}),
        ("a<<E\none\n\ntwo=2\nE\nb=2\n", {"a": "one\n\ntwo=2", "b": "2"}),
        ("a<<E\n E\nE \nE\n", {"a": " E\nE "}),
        ("a<<x=y\n1\nx=y\n", {"a": "1"}),
    ],
)
def test_key_values(text: str, entries: dict[str, str]) -> None:
    """Both forms of an entry are parsed; the first of `=` and `<<` determines the form."""
    assert key_values(text) == entries


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a=1", "no newline"),
        ("a<<E\n1\nE", "no newline"),
        ("a<<E\n1\n", "closing delimiter 'E'"),
        ("a<<E\n1\n E\n", "closing delimiter"),
        ("a<<\n1\n\n", "empty delimiter"),
        ("=1\n", "empty name"),
        ("<<E\n1\nE\n", "empty name"),
        ("just text\n", "neither"),
    ],
)
def test_key_values_that_fail_the_step(text: str, message: str) -> None:
    """An entry that the runner cannot parse is an error that names the file."""
    with pytest.raises(RunnerError, match=f"GITHUB_OUTPUT: .*{message}"):
        key_values(text, "GITHUB_OUTPUT")


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("::debug::", Command("debug", {}, "")),
        ("  \t::error::a::b", Command("error", {}, "a::b")),
        ("::Error::upper case", Command("error", {}, "upper case")),
        (
            "::notice title=a%3Ab%2Cc%25,line=3::x",
            Command("notice", {"title": "a:b,c%", "line": "3"}, "x"),
        ),
        ("::warning title=one;two::x", Command("warning", {"title": "one;two"}, "x")),
        ("::error::one%0Atwo%0D%25 %3A %250A", Command("error", {}, "one\ntwo\r% %3A %0A")),
        ("text ##[warning file=a;line=1]x", Command("warning", {"file": "a", "line": "1"}, "x")),
        ("text ##[set-env name=A]x", Command("set-env", {"name": "A"}, "x")),
        ("::add-path::/bin", Command("add-path", {}, "/bin")),
    ],
)
def test_commands(line: str, command: Command) -> None:
    """Commands are parsed from their line and unescaped once."""
    assert commands(f"before\n{line}\nafter") == [command]


@pytest.mark.parametrize("line", ["text ::error::x", "std::string", "::error", "##[section]x", ""])
def test_text_is_not_a_command(line: str) -> None:
    """Lines that only look like commands are text."""
    assert commands(line) == []


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_command_can_follow_any_line_end(end: str) -> None:
    """A carriage return alone also ends a line, so a command can follow it."""
    assert commands(f"text{end}::error::x") == [Command("error", {}, "x")]


def test_other_separators_do_not_end_a_line() -> None:
    """Unicode's other line separators are plain characters."""
    assert commands("text\u2028::error::x\x0b::error::y") == []


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("::add-mask::", "add-mask without a value"),
        ("::add-mask:: \t", "add-mask without a value"),
        ("::stop-commands::", "stop-commands without a value"),
        ("::set-secret::x", "unknown workflow command 'set-secret'"),
        ("::error file::x", "not KEY=VALUE: 'file'"),
        ("::error file=::x", "not KEY=VALUE: 'file='"),
    ],
)
def test_invalid_commands_are_errors(line: str, message: str) -> None:
    """Commands that the runner ignores or prints as text are errors."""
    with pytest.raises(RunnerError, match=message):
        commands(line)


def test_stopped_commands() -> None:
    """Lines between `stop-commands` and its token are not commands."""
    output = "::stop-commands::TOKEN\n::error::a\n##[error]b\n::whatever::\n::TOKEN::\n::error::c"
    assert commands(output) == [Command("error", {}, "c")]


def test_limits_of_annotations() -> None:
    """GitHub shows ten annotations of a kind, with 4,096 characters each; more is reported."""
    assert (
        find_exceeded_limits([Command("error", {}, "x" * 4096)] * 10 + [Command("debug")] * 11)
        == []
    )
    assert find_exceeded_limits([Command("notice")] * 11) == ["11 annotations of the kind 'notice'"]
    assert find_exceeded_limits([Command("error", {}, "x" * 4097)]) == [
        "an annotation of 4097 characters"
    ]


def test_limit_of_the_summary() -> None:
    """A summary of 1 MiB is accepted, a longer one is an error."""
    assert step_summary(b"x" * 2**20) == "x" * 2**20
    with pytest.raises(RunnerError, match="1048577 bytes"):
        step_summary(b"x" * (2**20 + 1))


def test_step(runner: Runner) -> None:
    """A step has the exit code, outputs, summary, masks, annotations and files."""
    step = runner.run({}, {"SOURCE": "value"})
    assert step.exit_code == 2
    assert step.outputs == {"changed": "true", "plan": "{\n}"}
    assert (step.summary, step.exported) == ("# Done\n", {})
    assert step.masks == ["hunter2"]
    assert "hunter2" not in step.log
    assert step.annotations("warning") == ["50% done"]
    assert step.commands[-1].properties == {"file": "a.yml", "line": "3"}
    assert step.notes == []
    made = {path.name.partition("_")[0]: path for path in step.files}
    assert sorted(made) == ["made", "output", "step"]
    assert made["made"].read_text() == "value"


def read_environment(step: Step) -> dict[str, str]:
    """Read the environment that the small action printed."""
    environment: dict[str, str] = json.loads(step.stdout.splitlines()[0])["env"]
    return environment


def test_inputs(runner: Runner) -> None:
    """Inputs are upper case, with `_` for spaces; defaults apply as written."""
    env = read_environment(runner.run({"Token": " t\n"}))
    assert {name: value for name, value in env.items() if name.startswith("INPUT_")} == {
        "INPUT_TOKEN": " t\n",
        "INPUT_PRUNE": "false",
        "INPUT_REMOVAL_LIMIT": "30%",
        "INPUT_API-URL": "http://127.0.0.1:8080",
    }


def test_unknown_input(runner: Runner) -> None:
    """An unknown input is an error; GitHub's runner only warns."""
    with pytest.raises(RunnerError, match="no such inputs: tokn"):
        runner.run({"tokn": "x"})


def test_variables_of_the_runner_take_precedence(runner: Runner) -> None:
    """A step's `env:` cannot override what the runner sets."""
    env = read_environment(runner.run({}, {"GITHUB_API_URL": "http://elsewhere", "MINE": "1"}))
    assert env["GITHUB_API_URL"] == "http://127.0.0.1:8080"
    assert (env["MINE"], env["GITHUB_ACTIONS"], env["CI"]) == ("1", "true", "true")


@pytest.mark.parametrize("permission", ["write", "read", "none", None])
def test_a_step_can_request_an_id_token_only_with_the_permission(
    runner: Runner, permission: str | None
) -> None:
    """Nothing but `id-token: write` gives a step address and token of the service."""
    runner.id_token_service = {name: f"the {name}" for name in ID_TOKEN_VARIABLES}
    runner.permissions = {"id-token": permission} if permission else {"contents": "write"}

    env = read_environment(runner.run({}, {"ACTIONS_ID_TOKEN_REQUEST_URL": "of the step"}))

    given = {name: env.get(name) for name in ID_TOKEN_VARIABLES}
    if permission == "write":
        assert given == runner.id_token_service
    else:
        assert list(given.values()) == ["of the step", None]


def test_steps_have_separate_files(runner: Runner) -> None:
    """Two steps of a job share the workspace, but not the runner's files."""
    first, second = read_environment(runner.run({})), read_environment(runner.run({}))
    assert first["GITHUB_WORKSPACE"] == second["GITHUB_WORKSPACE"]
    assert first["GITHUB_OUTPUT"] != second["GITHUB_OUTPUT"]
