"""Log, annotations, masks, outputs and summary, within the runner's limits."""

from __future__ import annotations

import gc
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.report.workflow_commands import (
    MAX_ANNOTATIONS,
    MAX_SUMMARY_BYTES,
    WorkflowCommands,
)
from runner_protocol import commands, find_exceeded_limits, key_values

ROOT = Path(__file__).parents[2]
# "Char.IsWhiteSpace", learn.microsoft.com.
WHITESPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


@pytest.fixture
def workflow(tmp_path: Path) -> WorkflowCommands:
    """The commands of a step with a file for the summary."""
    (tmp_path / "summary").touch()
    return WorkflowCommands({"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")})


def test_no_more_annotations_than_github_shows(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """The others are in the log and counted, so that none is lost."""
    for line in range(1, 15):
        workflow.note(Note("error", f"error {line}", Location("spec.yml", line)))
    workflow.count_hidden()

    out = capsys.readouterr().out
    assert find_exceeded_limits(commands(out)) == []
    assert len([c for c in commands(out) if c.name == "error"]) == 10
    assert "Error: spec.yml:14: error 14" in out
    assert out.splitlines()[-1].startswith("4 of 14 errors have no annotation: GitHub shows 10")


def test_a_long_message_is_cut_in_the_annotation_but_not_in_the_log(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub shows 4,096 characters."""
    workflow.note(Note("error", "x" * 5000))

    out = capsys.readouterr().out
    assert find_exceeded_limits(commands(out)) == []
    assert f"Error: {'x' * 5000}" in out


def test_an_annotation_has_file_and_line(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only for a file in the workspace: GitHub cannot show an input."""
    workflow.note(Note("error", "a: b, c%", Location("spec.yml", 3, "registries")))
    workflow.note(Note("error", "message", Location("input `spec`", 3)))

    first, second = commands(capsys.readouterr().out)
    assert (first.properties["file"], first.properties["line"]) == ("spec.yml", "3")
    assert first.message == "spec.yml:3: registries: a: b, c%"
    assert "file" not in second.properties


def referenced_objects(instance: object) -> Iterator[object]:
    """The values of an object's attributes, and the items of those that are collections."""
    attributes = getattr(instance, "__dict__", None)
    for value in gc.get_referents(attributes) if attributes else ():
        yield value
        if isinstance(value, list | tuple | set | dict):
            yield from gc.get_referents(value)


def log_everywhere(workflow: WorkflowCommands, text: str, where: Location) -> None:
    """Write the text with every method except `mask`."""
    workflow.info(text)
    workflow.group(text, text)
    workflow.listing(text, text)
    workflow.note(Note("error", text))
    workflow.note(Note("warning", text, where))
    logging.getLogger(text).warning("%s", text)


@pytest.mark.parametrize(
    "prefix", ["", "\n", "\r", "\r\n", "a\r", "\r\u3000\xa0", "\n\t\u2028\x0c"]
)
@pytest.mark.parametrize(
    "command",
    ["::set-output name=plan-file::x", "::add-mask::x", "::stop-commands::x", "##[error]x"],
)
def test_text_from_outside_is_no_command(
    workflow: WorkflowCommands, capfd: pytest.CaptureFixture[str], prefix: str, command: str
) -> None:
    """However it is written, in both syntaxes, after anything that the runner takes for a new line."""
    text = f"{prefix}{command}"
    workflow.log_libraries()

    log_everywhere(workflow, text, Location(f"{text}.yml", 3))
    for level in range(MAX_ANNOTATIONS + 1):
        workflow.note(Note("error", f"{level}{text}"))

    printed = capfd.readouterr()
    names = {c.name for stream in printed for c in commands(stream)}
    assert names == {"group", "endgroup", "error", "warning", "debug"}
    titles = {c.message for c in commands(printed.out) if c.name == "group"}
    assert len(titles) == 1
    assert not any("##[" in c.message for c in commands(printed.out))


def test_a_warning_of_a_library_is_no_command() -> None:
    """Python would write it to the error stream, which the runner reads too."""
    code = (
        "import warnings;"
        "from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands;"
        "WorkflowCommands({}).log_libraries(); warnings.warn('\\r::error::x')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        check=True,
    )

    assert done.stderr == b""
    assert [c.name for c in commands(done.stdout.decode())] == ["debug"]


@pytest.mark.parametrize("blank", WHITESPACE)
def test_whitespace_before_a_command_does_not_make_it_one(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str], blank: str
) -> None:
    """.NET's TrimStart removes all of them before the runner parses a line."""
    workflow.info(f"{blank}{blank}::error::x")

    assert commands(capsys.readouterr().out) == []


def test_a_control_character_is_replaced(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    """In the log, in annotations and in the summary."""
    workflow.info("a\x1b[2Jb\u202ec\udcff")
    workflow.note(Note("warning", "a\rb", Location("c\rd", 3)))
    workflow.summary("a\rb\u2028c\n")

    out = capsys.readouterr().out
    assert out.splitlines()[0] == "a\ufffd[2Jb\ufffdc\ufffd"
    (warning,) = commands(out)
    assert warning.properties["file"] == "c\ufffdd"
    assert warning.message == "c\ufffdd:3: a\ufffdb"
    assert (tmp_path / "summary").read_text() == "a\ufffdb\ufffdc\n"


def test_a_value_cannot_forge_another_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays within its own entry."""
    file = tmp_path / "output"
    file.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    value = "x\nghadelimiter\nplan-file=/etc/passwd\nplan-file<<E\n/etc/shadow\nE"

    WorkflowCommands({"GITHUB_OUTPUT": str(file)}).output("plan", f"{value}\rplan-file=z")

    assert key_values(file.read_text()) == {"plan": f"{value}\ufffdplan-file=z"}


@pytest.mark.parametrize(
    "value", ["x", "100%", "a\nb", "::error::x", "  ##[error]long", "\udcff\udcfe"]
)
def test_a_mask_is_exact(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    """The runner reads the value, without whitespace around it and bytes that are not UTF-8."""
    workflow.mask(SecretStr(value))

    (command,) = commands(capsys.readouterr().out)
    raw = value.strip().encode(errors="surrogateescape")
    assert (command.name, command.message) == ("add-mask", raw.decode(errors="replace"))


def test_a_value_is_masked_once_and_not_kept(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each registry reads its sources again, and the value is not needed to recognize it."""
    value = "correct-horse-battery-staple"
    for _ in range(3):
        workflow.mask(SecretBytes(value.encode()))
        workflow.mask(SecretStr(value))

    assert [c.message for c in commands(capsys.readouterr().out)] == [value]
    assert not [
        item for item in referenced_objects(workflow) if value in repr(item) or value in str(item)
    ]
    assert not [
        item for item in referenced_objects(workflow) if isinstance(item, SecretBytes | SecretStr)
    ]


def test_a_large_summary_is_cut(workflow: WorkflowCommands, tmp_path: Path) -> None:
    """The runner would drop all of it."""
    workflow.summary("ü" * MAX_SUMMARY_BYTES)

    written = (tmp_path / "summary").read_bytes()
    assert len(written) <= MAX_SUMMARY_BYTES
    assert written.decode().endswith("… the rest is in the log.\n")


def test_a_summary_is_cut_at_the_end_of_a_line(workflow: WorkflowCommands, tmp_path: Path) -> None:
    """Half a row would break its table."""
    row = f"| {'x' * 1000} |\n"
    workflow.summary(row * 2000)

    rows = (tmp_path / "summary").read_text().partition("\n\n")[0].splitlines()
    assert len(rows) > 1000
    assert set(rows) == {row.strip()}


def test_outside_a_workflow_nothing_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """There is no file for a summary or an output."""
    workflow = WorkflowCommands({})

    workflow.summary("text")
    workflow.output("name", "value")

    assert capsys.readouterr().out == ""


def test_arguments_of_library_messages_are_not_logged(
    workflow: WorkflowCommands, capsys: pytest.CaptureFixture[str]
) -> None:
    """They can contain the credential, if a server repeats its request in an invalid header."""
    workflow.log_libraries()

    secret = "Authorization: Basic b2N0b2NhdDpzZWNyZXQ="
    logging.getLogger("urllib3.connection").warning("Failed to parse headers: %s", secret)
    logging.getLogger("github.Requester").info(f"Following a redirection, {secret}")  # noqa: G004

    out = capsys.readouterr().out
    assert (
        "urllib3.connection: Failed to parse headers: %25s" in out
    )  # %25 is an escaped percent sign
    assert "github.Requester: INFO" in out
    assert "b2N0b2NhdDpzZWNyZXQ" not in out
