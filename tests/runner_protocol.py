"""What a step says to GitHub's runner: file commands, and workflow commands among its output.

As strict as the runner, and stricter where it only shrugs: what it drops or prints as plain text
is a fault here, since nobody writes such a thing on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ANNOTATIONS = ("error", "warning", "notice")
ANNOTATIONS_OF_A_KIND = 10
ANNOTATION_CHARACTERS = 4096
SUMMARY_BYTES = 1024 * 1024

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
# The older spelling counts wherever in a line it stands.
_OLD_COMMAND = re.compile(r"##\[(?P<name>[^] ]+)(?: (?P<properties>[^]]*))?](?P<message>.*)")


class RunnerError(Exception):
    """The step said something that the runner refuses, drops or takes for plain text."""


@dataclass(frozen=True)
class Command:
    """A workflow command, such as `::error file=a.yml,line=3::text`, unescaped."""

    name: str
    properties: dict[str, str] = field(default_factory=dict)
    message: str = ""


@dataclass(frozen=True)
class Step:
    """A step that has run.

    `exported` is what it wrote to `GITHUB_ENV`; `files` are all that it wrote or changed in the
    directories it was given, the files of the runner among them.
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
        """The values that it asked to be hidden, in order."""
        return [command.message for command in self.commands if command.name == "add-mask"]

    @property
    def log(self) -> str:
        """The output without the lines that set masks: no value may stand in it, masked or not."""
        lines = output_lines(f"{self.stdout}\n{self.stderr}")
        return "\n".join(line for line in lines if not line.lstrip().startswith("::add-mask::"))

    @property
    def notes(self) -> list[str]:
        """What GitHub would not show of the annotations, in words."""
        return limits(self.commands)

    def annotations(self, kind: str) -> list[str]:
        """The messages of the annotations of a kind: `error`, `warning` or `notice`."""
        return [command.message for command in self.commands if command.name == kind]


def key_values(text: str, name: str = "the file") -> dict[str, str]:
    """The entries of a file command (`GITHUB_OUTPUT`, `GITHUB_ENV`, `GITHUB_STATE`).

    Args:
        text: What the step left in the file: `NAME=VALUE` lines and
            `NAME<<DELIMITER` blocks.
        name: The variable that named the file, for the message of a fault.

    Raises:
        RunnerError: The runner would fail the step, or a last newline is missing.
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
    """One entry: whichever of `=` and `<<` comes first tells its form."""
    form = re.match(r"(?P<key>.*?)(?P<sign>=|<<)(?P<tail>.*)", line)
    if form is None:
        raise RunnerError(f"{name}: neither NAME=VALUE nor NAME<<DELIMITER: {line!r}")
    key, sign, tail = form.group("key", "sign", "tail")
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
    """The lines as the runner sees them: a lone carriage return ends one too."""
    return re.split(r"\r\n|\r|\n", output)


def commands(output: str) -> list[Command]:
    """Every workflow command among a step's output, in order.

    Raises:
        RunnerError: An unknown command, an empty mask, a property that is not KEY=VALUE.
    """
    found: list[Command] = []
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
            found.append(command)
    return found


def _command(line: str, resume: str | None) -> Command | None:
    form = _COMMAND.match(line.lstrip())
    if form is None:
        return _old_command(line, resume)
    name = form["name"]
    if resume is not None:
        return Command(name)
    if name.lower() not in _COMMANDS:
        raise RunnerError(f"unknown workflow command {name!r}: {line!r}")
    properties = _properties((form["properties"] or "").split(","))
    command = Command(name.lower(), properties, _unescape(form["message"]))
    if command.name in {"add-mask", "stop-commands"} and not command.message.strip():
        raise RunnerError(f"{name} without a value")
    return command


def _old_command(line: str, resume: str | None) -> Command | None:
    form = _OLD_COMMAND.search(line)
    if resume is not None or form is None or form["name"].lower() not in _COMMANDS:
        return None
    properties = _properties((form["properties"] or "").split(";"))
    return Command(form["name"].lower(), properties, _unescape(form["message"]))


def _properties(items: list[str]) -> dict[str, str]:
    properties = {}
    for item in filter(None, items):
        key, sign, value = item.partition("=")
        if not (key and sign and value):
            raise RunnerError(f"a property of a workflow command that is not KEY=VALUE: {item!r}")
        properties[key.strip()] = _unescape(value, ":,;]")
    return properties


def _unescape(text: str, more: str = "") -> str:
    """Percent signs come last, so that `%250A` stays `%0A`."""
    for character in f"\r\n{more}%":
        text = text.replace(f"%{ord(character):02X}", character)
    return text


def limits(found: list[Command]) -> list[str]:
    """What GitHub would not show of the annotations, in words; empty where it shows all."""
    notes = []
    for kind in ANNOTATIONS:
        messages = [command.message for command in found if command.name == kind]
        if len(messages) > ANNOTATIONS_OF_A_KIND:
            notes.append(f"{len(messages)} annotations of the kind {kind!r}")
        notes += [
            f"an annotation of {len(message)} characters"
            for message in messages
            if len(message) > ANNOTATION_CHARACTERS
        ]
    return notes


def step_summary(text: bytes) -> str:
    """The step's summary.

    Raises:
        RunnerError: It is over 1 MiB, and GitHub would show none of it.
    """
    if len(text) > SUMMARY_BYTES:
        raise RunnerError(f"a summary of {len(text)} bytes; GitHub drops it beyond {SUMMARY_BYTES}")
    return text.decode()
