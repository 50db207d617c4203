"""What a run needs of the place that it reports to: the log of a workflow, or a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.model.plan import Note, Plan
from codespaces_registry_secrets.report.log import Progress


class RunOutput(Protocol):
    """Where a run reports to. `WorkflowCommands` is one, the terminal of the command line another.

    Each method filters control characters, because text from outside can contain them.
    """

    def mask(self, value: SecretBytes | SecretStr) -> None:
        """Hide a value in everything that is printed from now on."""

    def info(self, text: str) -> None:
        """Print lines."""

    def phase(self, title: str) -> AbstractContextManager[None]:
        """Group what is printed within this context."""

    def listing(self, title: str, text: str) -> None:
        """Print lines that can be many."""

    def note(self, note: Note) -> None:
        """Print a problem at its place in the spec."""

    def progress(
        self,
        verb: str,
        requests_per_minute: int,
        targets: int,
        requests: int,
        paused_until: Callable[[], datetime | None],
    ) -> Progress:
        """Report progress over `targets` targets that take `requests` requests in all."""

    def confirm(self, plan: Plan) -> None:
        """Called before a plan is applied.

        Raises:
            CancelledError: the plan must not be applied.
        """

    def finish(self, outputs: Mapping[str, str], plan: str | None, summary: str) -> None:
        """Report the results: the outputs by name, the whole plan as JSON, and the summary.

        A run that failed before it had a plan has only a summary. A shard has an empty summary,
        because the workflow merges the plans of all shards into one.
        """
