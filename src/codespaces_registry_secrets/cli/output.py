"""Where `plan`, `check` and `apply` report to: a terminal, or the log of a workflow."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.cli.errors import place
from codespaces_registry_secrets.cli.progress_bar import ProgressBar
from codespaces_registry_secrets.cli.terminal import Terminal
from codespaces_registry_secrets.errors import CancelledError
from codespaces_registry_secrets.model.plan import Note, Plan
from codespaces_registry_secrets.report.log import Progress
from codespaces_registry_secrets.report.reported_change import report_plan
from codespaces_registry_secrets.report.wording import count_changes
from codespaces_registry_secrets.report.workflow_commands import WorkflowCommands

_STYLES = {"error": "red", "warning": "yellow", "notice": "cyan"}
# The first character of a line of the plan, which is indented.
_CHANGE_STYLES = {"+": "green", "±": "yellow", "~": "yellow", "-": "red", "!": "bold red"}


class TerminalOutput:
    """A run on a terminal: the plan on standard output, everything else on standard error.

    With `json`, the plan as JSON is alone on standard output. With `ask`, a person confirms the
    plan before it is applied.
    """

    def __init__(self, terminal: Terminal, *, json: bool, ask: bool) -> None:
        self._terminal = terminal
        self._json = json
        self._ask = ask
        self._bars: list[ProgressBar] = []

    def mask(self, value: SecretBytes | SecretStr) -> None:
        """Nothing to do: no value is printed, and a terminal has no masks."""

    def info(self, text: str) -> None:
        """Print lines; above a bar, they are on standard error like the bar."""
        if self._json or any(bar.is_shown for bar in self._bars):
            self._terminal.message(text)
        else:
            self._terminal.result(text)

    def phase(self, title: str) -> AbstractContextManager[None]:  # noqa: ARG002 - a title is for folded lines
        """Nothing to do: a terminal folds no lines."""
        return nullcontext()

    def listing(self, title: str, text: str) -> None:  # noqa: ARG002 - a title is for folded lines
        """Print lines in the colours of their changes."""
        self._stop_bars()
        show = self._terminal.message if self._json else self._terminal.result
        for line in text.splitlines():
            show(line, _CHANGE_STYLES.get(line[:3].strip(), ""))

    def note(self, note: Note) -> None:
        """`FILE:LINE: warning: message`, or without the place if there is none."""
        self._stop_bars()
        text = ": ".join(filter(None, (place(note.where), note.level, note.message)))
        self._terminal.message(text, _STYLES[note.level])

    def progress(
        self,
        verb: str,
        requests_per_minute: int,
        targets: int,
        requests: int,
        paused_until: Callable[[], datetime | None],
    ) -> Progress:
        """A bar if standard error is a terminal, else lines."""
        counts, log = (requests_per_minute, targets, requests), self._terminal.message
        console = self._terminal.err
        if not console.is_terminal:
            return Progress(verb, *counts, log=log, paused_until=paused_until)
        bar = ProgressBar(verb, *counts, log=log, paused_until=paused_until, console=console)
        self._bars.append(bar)
        return bar

    def confirm(self, plan: Plan) -> None:
        """Ask whether to apply the plan, unless it has nothing to write.

        Raises:
            CancelledError: the answer is not yes.
        """
        self._stop_bars()
        if self._ask and plan.writes and not plan.refused:
            confirm(self._terminal, plan)

    def finish(self, outputs: Mapping[str, str], plan: str | None, summary: str) -> None:  # noqa: ARG002 - both are for workflows
        """Print the plan as JSON, if it was requested."""
        self._stop_bars()
        if self._json and plan is not None:
            self._terminal.raw_result(f"{plan}\n")

    def _stop_bars(self) -> None:
        while self._bars:
            self._bars.pop().stop()


class WorkflowOutput(WorkflowCommands):
    """A run in a step with `run:`: workflow commands, and what the options add to them."""

    def __init__(self, environ: Mapping[str, str], terminal: Terminal, *, json: bool) -> None:
        super().__init__(environ)
        self._terminal = terminal
        self._json = json

    def finish(self, outputs: Mapping[str, str], plan: str | None, summary: str) -> None:
        """Print the plan as JSON, if it was requested, after the outputs."""
        super().finish(outputs, plan, summary)
        if self._json and plan is not None:
            self._terminal.raw_result(f"{plan}\n")


def confirm(terminal: Terminal, plan: Plan) -> None:
    """Ask whether to apply a plan.

    Raises:
        CancelledError: the answer is not yes.
    """
    if not terminal.ask(f"\nApply this plan ({count_changes(report_plan(plan))})? [y/N] "):
        raise CancelledError("The plan was not confirmed.")


def silence_libraries() -> None:
    """Discard logs and warnings of libraries: they are no messages for the user of a terminal."""
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)
    logging.captureWarnings(capture=True)
    logging.getLogger("github").handlers.clear()
