"""Apply a plan: read the values of each change, write its secrets, and return the outcomes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby

from pydantic import SecretBytes

from codespaces_registry_secrets.errors import (
    CancelledError,
    FinalError,
    describe_error,
)
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.secrets import SecretWriter
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.plan import Change, Outcome, Plan, Write
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

TARGETS_AT_ONCE = 20  # GitHub allows 100 concurrent requests
# How long a cancelled run lets changes in progress finish. The whole run has 5 s to stop.
GRACE_SECONDS = 3.0
INTERRUPTED = "was in progress when the run was stopped; run again to finish it"
OnTarget = Callable[[Sequence[Outcome]], None]


def apply(
    plan: Plan,
    clients: GitHubClients,
    sources: Sources,
    cancellation: Cancellation,
    *,
    on_target: OnTarget = lambda _: None,
    on_tick: Callable[[], None] = lambda: None,
) -> tuple[Outcome, ...]:
    """Apply a plan: targets concurrently, the changes of one target in order.

    Targets with a triplet that mixes two credentials are finished before all others. A failed
    target does not stop the others. A rejected token or a long rate limit stops all of them. So
    does cancelling the run, which lets changes in progress finish for a few seconds. Of a refused
    plan, every change is skipped.

    `on_target` is called with the outcomes of a target after its last change, and `on_tick` several
    times a second.
    """
    executed = () if plan.refused else plan.changes
    indexes = [index for index, change in enumerate(executed) if change.steps]
    by_target = [list(group) for _, group in groupby(indexes, lambda i: plan.changes[i].target)]
    mixed = [group for group in by_target if any(plan.changes[i].half_written for i in group)]
    others = [group for group in by_target if group not in mixed]
    executor = _Executor(plan, clients, sources, cancellation, on_target=on_target, on_tick=on_tick)
    with suppress(CancelledError):  # the outcomes have what was done until then
        for groups in (mixed, others):
            run_concurrently(executor.apply_target, groups, TARGETS_AT_ONCE, executor.tick)
    return tuple(executor.outcomes)


class _Executor:
    """Applies changes and keeps an outcome for each, which is correct at any time."""

    def __init__(
        self,
        plan: Plan,
        clients: GitHubClients,
        sources: Sources,
        cancellation: Cancellation,
        *,
        on_target: OnTarget,
        on_tick: Callable[[], None],
    ) -> None:
        self.outcomes = [Outcome(change, "skipped") for change in plan.changes]
        self._clients = clients
        self._sources = sources
        self._cancellation = cancellation
        self._on_target = on_target
        self._on_tick = on_tick
        self._aborted = threading.Event()
        self._deadline: float | None = None

    def tick(self) -> None:
        """Report progress; in a cancelled run, raise `CancelledError` when its time is over."""
        self._on_tick()
        if not self._cancellation.requested:
            return
        self._deadline = self._deadline or time.monotonic() + GRACE_SECONDS
        if time.monotonic() > self._deadline:
            self._cancellation.check()

    def apply_target(self, indexes: Sequence[int]) -> None:
        """Apply the changes at `indexes`, which all have the same target.

        Deletions come last, and only if no other change failed: the triplet to delete can be the
        one that another change replaces.
        """
        writer: SecretWriter | None = None
        for index in sorted(indexes, key=self._is_deletion):
            hold = self._is_deletion(index) and self._any_failed(indexes)
            if hold or self._aborted.is_set() or self._cancellation.requested:
                break  # the same holds for all that follow
            writer = writer or SecretWriter(self._clients, self.outcomes[index].change.target)
            self._apply_change(index, writer)
        if writer:
            with suppress(Exception):  # an error while logging must not lose the outcomes
                self._on_target([self.outcomes[index] for index in indexes])

    def _is_deletion(self, index: int) -> bool:
        return self.outcomes[index].change.action == "delete"

    def _apply_change(self, index: int, writer: SecretWriter) -> None:
        change = self.outcomes[index].change
        self.outcomes[index] = Outcome(change, "failed", INTERRUPTED)
        try:
            writer.apply(change, self._read_values(change), partial(self._set_writes, index))
        except Exception as error:  # noqa: BLE001 - the other targets continue
            if isinstance(error, FinalError):
                self._aborted.set()
            self.outcomes[index] = replace(self.outcomes[index], error=describe_error(error))
        else:
            writes = self.outcomes[index].writes
            self.outcomes[index] = Outcome(change, "applied", writes=writes)

    def _set_writes(self, index: int, writes: tuple[Write, ...]) -> None:
        self.outcomes[index] = replace(self.outcomes[index], writes=writes)

    def _any_failed(self, indexes: Sequence[int]) -> bool:
        return any(self.outcomes[index].status == "failed" for index in indexes)

    def _read_values(self, change: Change) -> Mapping[Part, SecretBytes]:
        """Read the values of one change, right before they are written; empty for access only."""
        credential = change.credential
        if credential is None or not any(step.value for step in change.steps):
            return {}
        return self._sources.values(credential)
