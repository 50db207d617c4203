"""What every command shares: help, version, errors in arguments, colours, completion."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.cli.help import COMMANDS
from command_line import CommandLine
from repo.project import VERSION


def test_version_is_that_of_the_package(cli: CommandLine) -> None:
    result = cli.run("--version")
    assert (result.code, result.out) == (0, f"{VERSION}\n")


def test_without_a_command_it_shows_all_of_them(cli: CommandLine) -> None:
    result = cli.run()
    assert result.code == 0
    assert all(name in result.out for name in COMMANDS)
    assert result.out == cli.run("--help").out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_examples(cli: CommandLine, name: str) -> None:
    result = cli.run(name, "--help")
    assert (result.code, result.err) == (0, "")
    assert f"codespaces-registry-secrets {name}" in result.out
    assert "Examples:" in result.out


@pytest.mark.parametrize("arguments", [("unknown",), ("validate", "--nope"), ("--nope",)])
def test_an_error_in_the_arguments_is_no_drift(cli: CommandLine, arguments: tuple[str]) -> None:
    """Exit code 2 means drift, so it is 1."""
    result = cli.run(*arguments)
    assert (result.code, result.out) == (1, "")
    assert result.err


def test_colour_is_for_terminals_that_want_it(cli: CommandLine) -> None:
    """NO_COLOR turns it off, and a pipe has none."""
    assert "\x1b[" in cli.on_terminal("--help").end().out
    assert "\x1b[3" not in cli.on_terminal("--help", NO_COLOR="1").end().out
    assert "\x1b[" not in cli.run("--help").out


def test_text_fits_the_terminal(cli: CommandLine) -> None:
    """As wide as COLUMNS says."""
    for columns in ("60", "120"):
        text = cli.on_terminal("--help", COLUMNS=columns, NO_COLOR="1").end().out
        borders = {len(line) for line in text.splitlines() if line.startswith("╭")}
        assert borders == {int(columns)}


@pytest.mark.parametrize(
    ("shell", "file"),
    [
        ("bash", ".local/share/bash-completion/completions/codespaces-registry-secrets"),
        ("zsh", ".zsh/completions/_cyclopts_codespaces-registry-secrets"),
        ("fish", ".config/fish/completions/codespaces-registry-secrets.fish"),
    ],
)
def test_completion_knows_the_commands(cli: CommandLine, shell: str, file: str) -> None:
    assert cli.run("--install-completion", "--shell", shell).code == 0
    script = (cli.folder / file).read_text()
    assert all(name in script for name in COMMANDS)
