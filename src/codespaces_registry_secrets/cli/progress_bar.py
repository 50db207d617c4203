"""Show progress as a bar, which disappears when the work ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rich.console import Console
from rich.progress import BarColumn, TextColumn
from rich.progress import Progress as RichProgress

from codespaces_registry_secrets.report.log import Progress


class ProgressBar(Progress):
    """A bar over the targets, with the remaining time. Lines are printed above it."""

    def __init__(
        self,
        verb: str,
        requests_per_minute: int,
        targets: int,
        requests: int,
        *,
        log: Callable[[str], None],
        paused_until: Callable[[], datetime | None],
        console: Console,
    ) -> None:
        super().__init__(
            verb, requests_per_minute, targets, requests, log=log, paused_until=paused_until
        )
        # Refreshed by `tick`, because a thread of its own would keep a failed run alive.
        self._bar = RichProgress(
            BarColumn(),
            TextColumn("{task.description}"),
            console=console,
            transient=True,
            auto_refresh=False,
        )
        self._task = self._bar.add_task("", total=targets)
        self._bar.start()

    @property
    def is_shown(self) -> bool:
        """Whether the bar is on the screen."""
        return not self._bar.finished and self._bar.live.is_started

    def tick(self) -> None:
        """Draw the bar with the current count; remove it after the last target."""
        if self._done_targets >= self._targets:
            self.stop()
            return
        line = self._count_line(self._clock())
        self._bar.update(self._task, completed=self._done_targets, description=line)
        self._bar.refresh()

    def stop(self) -> None:
        """Remove the bar."""
        self._bar.stop()
