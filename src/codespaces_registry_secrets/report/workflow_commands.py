"""Write the log, annotations, masks, outputs and the summary of the step.

No other module calls actions-toolkit or writes the files that the runner reads. All text passes the
filter of control characters here, and text in the log cannot become a workflow command.
Source: "Workflow commands for GitHub Actions", docs.github.com, and actions/runner.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from actions_toolkit import core
from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.model.plan import Note, Plan
from codespaces_registry_secrets.report.log import Progress
from codespaces_registry_secrets.report.outputs import write_plan_file
from codespaces_registry_secrets.text.control_characters import (
    disable_commands,
    one_line,
    replace_control_characters,
)
from codespaces_registry_secrets.text.redaction import mask_payloads

# The runner shows at most 10 annotations of each level for a step, and cuts their messages.
MAX_ANNOTATIONS = 10
MAX_ANNOTATION_LENGTH = 4096
MAX_SUMMARY_BYTES = 1024 * 1024
MAX_UNFOLDED_LINES = 200


class WorkflowCommands:
    """Log, annotations, masks, outputs and summary of one step."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._annotations: Counter[str] = Counter()
        # Keyed digests, so that no secret value stays in memory after its use.
        self._digest_key = secrets.token_bytes(blake2b.MAX_KEY_SIZE)
        self._masked_digests: set[bytes] = set()

    def mask(self, value: SecretBytes | SecretStr) -> None:
        """Mask a value in the log of the job from now on; once for equal values.

        The payload is exact; the toolkit encodes %, CR and LF. Bytes that are not UTF-8 become
        U+FFFD, as the runner reads them.
        """
        secret = value.get_secret_value()
        raw = secret.encode(errors="surrogateescape") if isinstance(secret, str) else secret
        digest = blake2b(raw, key=self._digest_key).digest()
        if digest in self._masked_digests:
            return
        self._masked_digests.add(digest)
        for payload in mask_payloads(raw.decode(errors="replace")):
            core.set_secret(payload)
        self._flush()

    def info(self, text: str) -> None:
        """Write lines to the log. None of them can become a workflow command."""
        core.info(disable_commands(text))
        self._flush()

    def listing(self, title: str, text: str) -> None:
        """Write lines to the log, as a group if there are many."""
        if text.count("\n") < MAX_UNFOLDED_LINES:
            self.info(text)
        else:
            self.group(title, text)

    def group(self, title: str, text: str) -> None:
        """Write lines to the log as a group, which is folded."""
        with self.phase(title):
            self.info(text)

    @contextmanager
    def phase(self, title: str) -> Iterator[None]:
        """Fold what is logged inside into a group. The runner has no groups in groups."""
        core.start_group(one_line(disable_commands(title)))
        self._flush()
        try:
            yield
        finally:
            core.end_group()
            self._flush()

    def note(self, note: Note) -> None:
        """Write an annotation at the note's place, and log what GitHub would cut or hide."""
        level, location = note.level, note.where
        self._annotations[level] += 1
        message = disable_commands(str(note))
        if self._annotations[level] <= MAX_ANNOTATIONS:
            properties = {"title": "Codespaces registry secrets"}
            if location.line is not None and not location.file.startswith("input "):
                properties |= {"file": one_line(location.file), "line": str(location.line)}
            core.issue_command(level, properties, message[:MAX_ANNOTATION_LENGTH])
        if self._annotations[level] > MAX_ANNOTATIONS or len(message) > MAX_ANNOTATION_LENGTH:
            self.info(f"{level.capitalize()}: {message}")
        self._flush()

    def progress(
        self,
        verb: str,
        requests_per_minute: int,
        targets: int,
        requests: int,
        paused_until: Callable[[], datetime | None],
    ) -> Progress:
        """Log progress as lines."""
        return Progress(
            verb,
            requests_per_minute,
            targets,
            requests,
            log=self.info,
            paused_until=paused_until,
        )

    def confirm(self, plan: Plan) -> None:
        """Nobody can be asked in a workflow; `expect-digest` is for a plan that was approved."""

    def finish(self, outputs: Mapping[str, str], plan: str | None, summary: str) -> None:
        """Write outputs, plan file and summary; outputs first, because later steps need them."""
        self.count_hidden()
        self.outputs(outputs)
        if plan is not None:
            self._plan_file(plan)
        self.summary(summary)

    def _plan_file(self, plan: str) -> None:
        folder = self._environ.get("RUNNER_TEMP", "").strip()
        if not folder:
            return
        try:
            name = write_plan_file(Path(folder), plan)
        except OSError as error:
            message = (
                f"the output `plan-file` is not set: cannot write to RUNNER_TEMP ({folder}): "
                f"{error.strerror}. Self-hosted runners mount it into container actions since "
                "September 2025; update the runner, or use the output `plan`"
            )
            self.note(Note("warning", message))
        else:
            self.outputs({"plan-file": name})

    def count_hidden(self) -> None:
        """Log how many notes have no annotation because GitHub limits their number."""
        for level, count in self._annotations.items():
            if count > MAX_ANNOTATIONS:
                hidden = f"{count - MAX_ANNOTATIONS} of {count} {level}s have no annotation"
                limit = f"GitHub shows {MAX_ANNOTATIONS} annotations of each level"
                self.info(f"{hidden}: {limit}. The log has all of them.")

    def outputs(self, values: Mapping[str, str]) -> None:
        """Set outputs of the step, by name."""
        path = self._environ.get("GITHUB_OUTPUT")
        if path and not os.access(path, os.W_OK):
            message = (
                "cannot write the outputs: the file in GITHUB_OUTPUT does not exist or is not "
                "writable"
            )
            self.note(Note("warning", message))
        elif path:
            for name, value in values.items():
                self.output(name, value)

    def output(self, name: str, value: str) -> None:
        """Set an output of the step; outside a workflow, do nothing.

        A value cannot end its own entry, because the toolkit generates a random delimiter for each.
        """
        if self._environ.get("GITHUB_OUTPUT"):
            core.set_output(name, replace_control_characters(value))

    def summary(self, markdown: str) -> None:
        """Append to the summary of the step, cut to the size that the runner accepts."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        if not path or not markdown:
            return
        try:
            with Path(path).open("a", encoding="utf-8", newline="") as file:
                file.write(_truncate(replace_control_characters(markdown), MAX_SUMMARY_BYTES))
        except OSError as error:
            message = f"cannot write the summary to GITHUB_STEP_SUMMARY: {error.strerror}"
            self.note(Note("warning", message))

    def log_libraries(self) -> None:
        """Send logs and warnings of libraries to the job's debug log, which is off by default."""
        logging.basicConfig(handlers=[_DebugHandler(self._debug)], level=logging.INFO, force=True)
        logging.captureWarnings(capture=True)
        # PyGithub installs its own handler, which would print each line a second time.
        logging.getLogger("github").handlers.clear()

    def _debug(self, text: str) -> None:
        core.debug(disable_commands(text))

    def _flush(self) -> None:
        """Flush at once, because a mask must reach the runner before the value does."""
        sys.stdout.flush()


class _DebugHandler(logging.Handler):
    def __init__(self, log: Callable[[str], None]) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log the message without its arguments: they can repeat a response, and so a credential.

        A message without arguments can be formatted already, so only its level is logged.
        """
        self._log(f"{record.name}: {record.msg if record.args else record.levelname}")


def _truncate(markdown: str, max_bytes: int) -> str:
    """Cut Markdown at the end of a line, because half a row would break its table."""
    raw = markdown.encode()
    if len(raw) <= max_bytes:
        return markdown
    ending = "\n\n… the rest is in the log.\n"
    kept = raw[: max_bytes - len(ending.encode())].decode(errors="ignore")
    return (kept.rpartition("\n")[0] or kept) + ending
