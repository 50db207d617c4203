"""Parse file commands, and the workflow commands in a step's output, like GitHub's runner.

It is stricter than the runner: a command that the runner drops or prints as text is an error,
because no step writes one on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ANNOTATIONS = ("error", "warning", "notice")
MAX_ANNOTATIONS_OF_A_KIND = 10
MAX_ANNOTATION_CHARACTERS = 4096
MAX_SUMMARY_BYTES = 1024 * 1024

_COMMANDS = frozenset(
    {
        *ANNOTATIONS,
        "add-mask",
        "add-matcher",
        "add-path",
        "debug",
        "echo",
        "endgroup",
        "group",
        "remove-matcher",
        "save-state",
        "set-env",
        "set-output",
        "stop-commands",
    }
)
_COMMAND = re.compile(r"::(?P<name>[^ :]*)(?: (?P<properties>.*?))?::(?P<message>.*)")
# The runner parses the older syntax anywhere in a line.
_OLD_COMMAND = re.compile(r"##\[(?P<name>[^] ]+)(?: (?P<properties>[^]]*))?](?P<message>.*)")


class RunnerError(Exception):
    """The runner would reject or drop a command of the step, or print it as text."""


@dataclass(frozen=True)
class Command:
    """A workflow command, such as `::error file=a.yml,line=3::text`, unescaped."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Step:
    """A step that has run.

    `exported` are the variables that it wrote to `GITHUB_ENV`. `files` are the files that it
    created or changed in its directories, including the files of the runner.
    """

    exit_code: int
    stdout: str
    stderr: str
    outputs: dict[str, str]
    exported: dict[str, str]
    summary: str
    commands: list[Command]
    command_line: list[str]
    files: list[Path]

    @property
    def masks(self) -> list[str]:
        """The values that the step masked, in order."""
        return [command.message for command in self.commands if command.name == "add-mask"]

    @property
    def log(self) -> str:
        """The output without the lines that set masks: it must not contain a value, masked or not."""
        lines = output_lines(f"{self.stdout}\n{self.stderr}")
        return "\n".join(line for line in lines if not line.lstrip().startswith("::add-mask::"))

    @property
    def notes(self) -> list[str]:
        """Descriptions of the annotations that GitHub would cut or not show."""
        return find_exceeded_limits(self.commands)

    def annotations(self, kind: str) -> list[str]:
        """The messages of the annotations of a kind: `error`, `warning` or `notice`."""
        return [command.message for command in self.commands if command.name == kind]


def key_values(text: str, name: str = "the file") -> dict[str, str]:
    """Parse the entries of a file command (`GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`).

    Args:
        text: The content of the file: `NAME=VALUE` lines and
            `NAME<<DELIMITER` blocks.
        name: The variable with the path of the file, for the message of an error.

    Raises:
        RunnerError: The runner would fail the step, or the last newline is missing.
    """
    if text and not text.endswith("\n"):
        raise RunnerError(f"{name}: no newline at the end")
    lines = iter(text.split("\n")[:-1])
    entries: dict[str, str] = {}
    for line in lines:
        if line:
            key, value = _entry(line, lines, name)
            entries[key] = value
    return entries


def _entry(line: str, rest: Iterator[str], name: str) -> tuple[str, str]:
    """Parse one entry. The first of `=` and `<<` determines its form."""
    match = re.match(r"(?P<key>.*?)(?P<sign>=|<<)(?P<tail>.*)", line)
    if match is None:
        raise RunnerError(f"{name}: neither NAME=VALUE nor NAME<<DELIMITER: {line!r}")
    key, sign, tail = match.group("key", "sign", "tail")
    if not key:
        raise RunnerError(f"{name}: empty name: {line!r}")
    if sign == "=":
        return key, tail
    if not tail:
        raise RunnerError(f"{name}: empty delimiter: {line!r}")
    return key, "\n".join(_until(tail, rest, name))


def _until(delimiter: str, rest: Iterator[str], name: str) -> Iterator[str]:
    for line in rest:
        if line == delimiter:
            return
        yield line
    raise RunnerError(f"{name}: the closing delimiter {delimiter!r} is missing")


def output_lines(output: str) -> list[str]:
    """Split the output as the runner does: a carriage return alone also ends a line."""
    return re.split(r"\r\n|\r|\n", output)


def commands(output: str) -> list[Command]:
    """Parse the workflow commands in a step's output, in order.

    Raises:
        RunnerError: A command is unknown, a mask is empty, or a property is not KEY=VALUE.
    """
    parsed: list[Command] = []
    resume: str | None = None
    for line in output_lines(output):
        command = _command(line, resume)
        if command is None or (resume is not None and command.name != resume):
            continue
        if command.name == "stop-commands":
            resume = command.message
        elif command.name == resume:
            resume = None
        else:
            parsed.append(command)
    return parsed


def _command(line: str, resume: str | None) -> Command | None:
    match = _COMMAND.match(line.lstrip())
    if match is None:
        return _old_command(line, resume)
    name = match["name"]
    if resume is not None:
        return Command(name)
    if name.lower() not in _COMMANDS:
        raise RunnerError(f"unknown workflow command {name!r}: {line!r}")
    properties = _properties((match["properties"] or "").split(","))
    command = Command(name.lower(), properties, _unescape(match["message"]))
    if command.name in {"add-mask", "stop-commands"} and not command.message.strip():
        raise RunnerError(f"{name} without a value")
    return command


def _old_command(line: str, resume: str | None) -> Command | None:
    match = _OLD_COMMAND.search(line)
    if resume is not None or match is None or match["name"].lower() not in _COMMANDS:
        return None
    properties = _properties((match["properties"] or "").split(";"))
    return Command(match["name"].lower(), properties, _unescape(match["message"]))


def _properties(items: list[str]) -> dict[str, str]:
    properties = {}
    for item in filter(None, items):
        key, sign, value = item.partition("=")
        if not (key and sign and value):
            raise RunnerError(f"a property of a workflow command that is not KEY=VALUE: {item!r}")
        properties[key.strip()] = _unescape(value, ":,;]")
    return properties


def _unescape(text: str, more: str = "") -> str:
    """Replace the escapes of a command. Percent signs come last, so that `%250A` becomes `%0A`."""
    for character in f"\r\n{more}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def find_exceeded_limits(commands: list[Command]) -> list[str]:
    """Describe the annotations that GitHub would cut or not show."""
    notes = []
    for kind in ANNOTATIONS:
        messages = [command.message for command in commands if command.name == kind]
        if len(messages) > MAX_ANNOTATIONS_OF_A_KIND:
            notes.append(f"{len(messages)} annotations of the kind {kind!r}")
        notes += [
            f"an annotation of {len(message)} characters"
            for message in messages
            if len(message) > MAX_ANNOTATION_CHARACTERS
        ]
    return notes


def step_summary(text: bytes) -> str:
    """Decode the step's summary.

    Raises:
        RunnerError: It is larger than 1 MiB, so GitHub would show none of it.
    """
    if len(text) > MAX_SUMMARY_BYTES:
        raise RunnerError(
            f"a summary of {len(text)} bytes; GitHub drops it beyond {MAX_SUMMARY_BYTES}"
        )
    return text.decode()
