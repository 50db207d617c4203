"""What the step tells the runner, within the runner's limits."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.errors import Fault, Location
from codespaces_registry_secrets.runner import MOST_SUMMARY_BYTES, Runner
from runner_protocol import commands, limits


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """With a file for the summary."""
    (tmp_path / "summary").touch()
    return Runner({"GITHUB_STEP_SUMMARY": str(tmp_path / "summary")})


def test_no_more_annotations_than_github_shows(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    """What goes beyond them stands in the log, so that nothing is silently dropped."""
    for line in range(1, 15):
        runner.fault(Fault(Location("spec.yml", line), f"fault {line}"))

    out = capsys.readouterr().out
    assert limits(commands(out)) == []
    assert len([c for c in commands(out) if c.name == "error"]) == 10
    assert "Error: spec.yml:14: fault 14" in out


def test_a_long_message_is_cut_in_the_annotation_and_whole_in_the_log(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    """GitHub takes 4,096 characters."""
    runner.error("x" * 5000)

    out = capsys.readouterr().out
    assert limits(commands(out)) == []
    assert f"Error: {'x' * 5000}" in out


def test_an_annotation_carries_file_and_line(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a file in the workspace; an input has none that GitHub could show."""
    runner.fault(Fault(Location("spec.yml", 3, "registries"), "a: b, c%"))
    runner.fault(Fault(Location("input `spec`", 3), "message"))

    first, second = commands(capsys.readouterr().out)
    assert (first.properties["file"], first.properties["line"]) == ("spec.yml", "3")
    assert first.message == "spec.yml:3: registries: a: b, c%"
    assert "file" not in second.properties


def test_text_in_the_log_is_no_command(runner: Runner, capsys: pytest.CaptureFixture[str]) -> None:
    """In either spelling, and on any of its lines."""
    runner.info("a\n::error::b\n  ::set-output name=c::d\ne ##[error]f")

    assert commands(capsys.readouterr().out) == []


def held(thing: object) -> Iterator[object]:
    """What an object's attributes hold, and what is within them where they are collections."""
    attributes = getattr(thing, "__dict__", None)
    for one in gc.get_referents(attributes) if attributes else ():
        yield one
        if isinstance(one, list | tuple | set | dict):
            yield from gc.get_referents(one)


@pytest.mark.parametrize(
    "value", ["x", "100%", "a\nb", "::error::x", "  ##[error]long", "\udcff\udcfe"]
)
def test_a_mask_is_exact(runner: Runner, capsys: pytest.CaptureFixture[str], value: str) -> None:
    """What the runner reads is the value, but for blanks around it and bytes that are no text."""
    runner.mask(SecretStr(value))

    (command,) = commands(capsys.readouterr().out)
    raw = value.strip().encode(errors="surrogateescape")
    assert (command.name, command.message) == ("add-mask", raw.decode(errors="replace"))


def test_a_value_is_masked_once_and_not_kept(
    runner: Runner, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each registry reads its sources anew; that a value was masked is known without the value."""
    value = "correct-horse-battery-staple"
    for _ in range(3):
        runner.mask(SecretBytes(value.encode()))
        runner.mask(SecretStr(value))

    assert [c.message for c in commands(capsys.readouterr().out)] == [value]
    assert not [one for one in held(runner) if value in repr(one) or value in str(one)]
    assert not [one for one in held(runner) if isinstance(one, SecretBytes | SecretStr)]


def test_a_summary_that_is_too_large_is_cut(runner: Runner, tmp_path: Path) -> None:
    """The runner would drop it whole."""
    runner.summary("ü" * MOST_SUMMARY_BYTES)

    written = (tmp_path / "summary").read_bytes()
    assert len(written) <= MOST_SUMMARY_BYTES
    assert written.decode().endswith("… the rest is in the log.\n")


def test_outside_of_a_workflow_nothing_is_written(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """No summary and no output where the runner gives no file for them."""
    runner = Runner({})

    runner.summary("text")
    runner.output("name", "value")

    assert capsys.readouterr().out == ""
