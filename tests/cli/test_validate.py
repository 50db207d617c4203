"""The command `validate`."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from codespaces_registry_secrets.inputs.action_inputs import Inputs
from command_line import ROOT, CommandLine

SPEC = """\
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: NOT_SET}
    targets:
      - organization: octo-org
        repositories: [api]
"""
DEFAULT_FILE = Inputs.model_fields["spec_file"].default


def test_a_valid_spec_needs_no_values_of_its_sources(cli: CommandLine) -> None:
    """NOT_SET is no variable, and there is no token."""
    (cli.folder / "spec.yml").write_text(SPEC)
    result = cli.run("validate", "spec.yml")
    assert (result.code, result.out) == (0, "")
    assert result.err == "1 file checked, no errors\n"


def test_a_glob_of_organizations_needs_no_input(cli: CommandLine) -> None:
    """The workflow that uses the spec has `allowed-owners`."""
    (cli.folder / "spec.yml").write_text(SPEC.replace("octo-org", '"octo-*"'))
    assert cli.run("validate", "spec.yml").code == 0


def test_each_error_has_file_line_and_column(cli: CommandLine) -> None:
    """The column is that of the key, or of the entry of a list."""
    text = SPEC.replace("id: ACR", "id: 1ACR").replace("[api]", "[api, 'a b']")
    (cli.folder / "spec.yml").write_text(text)
    result = cli.run("validate", "spec.yml")
    assert result.code == 1
    starts = [line.split(" must ")[0].split(" an id ")[0] for line in result.out.splitlines()]
    assert starts[0] == "spec.yml:3:5: registries[0].id:"
    assert starts[1].startswith(
        "spec.yml:9:29: registries[0].targets[0].repositories[1]: invalid repository"
    )


def test_a_syntax_error_has_its_place(cli: CommandLine) -> None:
    """YAML counts lines and columns from 0, editors from 1."""
    (cli.folder / "spec.yml").write_text("version: 1\nregistries:\n  - a: b: c\n")
    result = cli.run("validate", "spec.yml")
    assert result.code == 1
    assert result.out.startswith("spec.yml:3:9: not valid YAML: ")


def test_a_hyphen_is_standard_input(cli: CommandLine) -> None:
    """Its name in messages is `<stdin>`."""
    assert cli.run("validate", "-", stdin=SPEC).code == 0
    result = cli.run("validate", "-", stdin="version: 2\n")
    assert result.code == 1
    assert "<stdin>:1:1: version: must be 1" in result.out.splitlines()


def test_without_a_file_it_checks_the_default_one(cli: CommandLine) -> None:
    """The one that the Action reads; if it does not exist, the error says what to do."""
    missing = cli.run("validate")
    assert missing.code == 1
    assert missing.out == (
        f"{DEFAULT_FILE}: cannot be read: No such file or directory; name the spec to read\n"
    )
    path = cli.folder / DEFAULT_FILE
    path.parent.mkdir()
    path.write_text(SPEC)
    assert cli.run("validate").code == 0


def test_the_errors_of_all_files_are_reported(cli: CommandLine) -> None:
    """A file that cannot be read does not hide the errors of another."""
    (cli.folder / "valid.yml").write_text(SPEC)
    (cli.folder / "invalid.yml").write_text("version: 2\nregistries: []\n")
    (cli.folder / "binary.yml").write_bytes(b"\xff")
    result = cli.run("validate", "missing.yml", "valid.yml", "invalid.yml", "binary.yml")
    assert result.code == 1
    assert [line.split(":")[0] for line in result.out.splitlines()] == [
        "missing.yml",
        "invalid.yml",
        "invalid.yml",
        "binary.yml",
    ]
    assert result.err == "4 errors in 4 files\n"


def test_a_file_can_be_outside_of_the_current_folder(cli: CommandLine, tmp_path: Path) -> None:
    """Paths are the shell's."""
    (tmp_path / "spec.yml").write_text(SPEC)
    (tmp_path / "folder").mkdir()
    inside = CommandLine(cli.command, tmp_path / "folder")
    assert inside.run("validate", "../spec.yml").code == 0


@pytest.mark.parametrize("text", ["", "[" * 3000, "a: " + "x" * 1_100_000], ids=len)
def test_extreme_text_is_an_error(cli: CommandLine, text: str) -> None:
    """Empty, too deep, too large; each in one line."""
    result = cli.run("validate", "-", stdin=text)
    assert result.code == 1
    assert len(result.out.splitlines()) == 1


def test_an_unknown_option_is_no_file(cli: CommandLine) -> None:
    """Although a hyphen alone is one."""
    result = cli.run("validate", "--unknown")
    assert result.code == 1
    assert "unknown option" in result.err
    assert result.out == ""


def test_no_control_character_reaches_the_terminal(cli: CommandLine) -> None:
    """A key of a spec can hold an escape sequence."""
    result = cli.run("validate", "\x1b[31mspec.yml")
    assert result.code == 1
    assert "\x1b" not in result.out + result.err


def test_the_pre_commit_hook_runs_it(cli: CommandLine) -> None:
    """Its entry is the command, and its pattern matches the default file."""
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    program, *arguments = hook["entry"].split()
    assert program == cli.command.name
    assert re.search(hook["files"], DEFAULT_FILE)
    path = cli.folder / DEFAULT_FILE
    path.parent.mkdir()
    path.write_text(SPEC)
    assert cli.run(*arguments, DEFAULT_FILE).code == 0


def test_a_closed_pipe_is_no_crash(cli: CommandLine) -> None:
    """`head` stops reading before the command stops writing."""
    entries = "".join(f"  - id: {number}\n" for number in range(3000))
    (cli.folder / "spec.yml").write_text(f"version: 1\nregistries:\n{entries}")
    process = subprocess.run(
        ["bash", "-c", f'{cli.command} validate spec.yml | head -n 1; echo "${{PIPESTATUS[0]}}"'],
        cwd=cli.folder,
        env=cli.variables({}),
        capture_output=True,
        check=True,
        text=True,
    )
    line, code = process.stdout.splitlines()
    assert line.startswith("spec.yml:3:5: ")
    assert code == "1"
    assert process.stderr == "6000 errors in 1 file\n"
