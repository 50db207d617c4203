"""The one door to actions-toolkit and to the files that the runner reads.

All text passes the filter of control characters here; in the log none of it is a command either.
Source: "Workflow commands for GitHub Actions", docs.github.com, and actions/runner.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from hashlib import blake2b
from pathlib import Path

from actions_toolkit import core
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.text.control_characters import (
    disable_commands,
    one_line,
    replace_control_characters,
)
from codespaces_registry_secrets.text.redaction import mask_payloads

# The runner shows so many annotations of a kind for a step, and so much of each.
MOST_ANNOTATIONS = 10
LONGEST_ANNOTATION = 4096
MOST_SUMMARY_BYTES = 1024 * 1024
MOST_OPEN_LINES = 200


class WorkflowCommands:
    """Log, annotations, masks, outputs and summary of the step."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._annotations: Counter[str] = Counter()
        # Digests, not values: no value lives longer than its use.
        self._salt = secrets.token_bytes(blake2b.MAX_KEY_SIZE)
        self._masked: set[bytes] = set()

    def mask(self, value: SecretBytes | SecretStr) -> None:
        """Hide a value in all that the job logs from now on; nothing where it is hidden already.

        The payload is exact; the toolkit encodes %, CR and LF. Bytes that are not UTF-8 are U+FFFD,
        as they are to the runner.
        """
        given = value.get_secret_value()
        raw = given.encode(errors="surrogateescape") if isinstance(given, str) else given
        digest = blake2b(raw, key=self._salt).digest()
        if digest in self._masked:
            return
        self._masked.add(digest)
        for payload in mask_payloads(raw.decode(errors="replace")):
            core.set_secret(payload)
        self._flush()

    def info(self, text: str) -> None:
        """Lines for the log. Text from outside cannot become a workflow command here."""
        core.info(disable_commands(text))
        self._flush()

    def listing(self, title: str, text: str) -> None:
        """Lines for the log, folded where they would bury what comes after."""
        if text.count("\n") < MOST_OPEN_LINES:
            self.info(text)
        else:
            self.group(title, text)

    def group(self, title: str, text: str) -> None:
        """Lines that the log shows folded."""
        core.start_group(one_line(disable_commands(title)))
        self.info(text)
        core.end_group()
        self._flush()

    def note(self, note: Note) -> None:
        """An annotation at the note's place. What GitHub would not show of it is in the log."""
        level, location = note.level, note.where
        self._annotations[level] += 1
        told = disable_commands(str(note))
        if self._annotations[level] <= MOST_ANNOTATIONS:
            properties = {"title": "Codespaces registry secrets"}
            if location.line is not None and not location.file.startswith("input "):
                properties |= {"file": one_line(location.file), "line": str(location.line)}
            core.issue_command(level, properties, told[:LONGEST_ANNOTATION])
        if self._annotations[level] > MOST_ANNOTATIONS or len(told) > LONGEST_ANNOTATION:
            self.info(f"{level.capitalize()}: {told}")
        self._flush()

    def count_hidden(self) -> None:
        """Say how many notes have no annotation, because GitHub shows so few of a kind."""
        for level, number in self._annotations.items():
            if number > MOST_ANNOTATIONS:
                hidden = f"{number - MOST_ANNOTATIONS} of {number} {level}s have no annotation"
                self.info(f"{hidden}: GitHub shows {MOST_ANNOTATIONS} of a kind. The log has all.")

    def outputs(self, values: Mapping[str, str]) -> None:
        """Outputs of the step, by name."""
        path = self._environ.get("GITHUB_OUTPUT")
        if path and not os.access(path, os.W_OK):
            self.note(Note("warning", "cannot write the outputs to GITHUB_OUTPUT: no such file"))
        elif path:
            for name, value in values.items():
                self.output(name, value)

    def output(self, name: str, value: str) -> None:
        """An output of the step; nothing outside of a workflow. No value ends its own entry:
        the toolkit makes up a delimiter for each.
        """
        if self._environ.get("GITHUB_OUTPUT"):
            core.set_output(name, replace_control_characters(value))

    def summary(self, markdown: str) -> None:
        """Append to the summary of the step, within what the runner takes."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        if not path:
            return
        try:
            with Path(path).open("a", encoding="utf-8", newline="") as file:
                file.write(_shortened(replace_control_characters(markdown), MOST_SUMMARY_BYTES))
        except OSError as error:
            message = f"cannot write the summary to GITHUB_STEP_SUMMARY: {error.strerror}"
            self.note(Note("warning", message))

    def log_libraries(self) -> None:
        """Send what libraries log or warn of to the job's debug log, which is off by default."""
        logging.basicConfig(handlers=[_DebugHandler(self._debug)], level=logging.INFO, force=True)
        logging.captureWarnings(capture=True)
        # PyGithub brings a handler of its own, which would print each line a second time.
        logging.getLogger("github").handlers.clear()

    def _debug(self, text: str) -> None:
        core.debug(disable_commands(text))

    def _flush(self) -> None:
        """A mask must reach the runner before what it hides, whatever happens next."""
        sys.stdout.flush()


class _DebugHandler(logging.Handler):
    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """The text of the library, without what it fills in: that can repeat what a server sent,
        and so a credential. A text with nothing to fill in may have been filled before.
        """
        self._tell(f"{record.name}: {record.msg if record.args else record.levelname}")


def _shortened(markdown: str, limit: int) -> str:
    """What fits, up to the end of a line: half a row of a table would be none."""
    raw = markdown.encode()
    if len(raw) <= limit:
        return markdown
    end = "\n\n… the rest is in the log.\n"
    kept = raw[: limit - len(end.encode())].decode(errors="ignore")
    return (kept.rpartition("\n")[0] or kept) + end
