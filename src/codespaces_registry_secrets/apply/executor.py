"""Plan -> outcomes. Values are read for one change at a time, and dropped after it."""

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
    GitHubError,
    SourceError,
    describe_unexpected,
)
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.secrets import SecretWriter
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.plan import Change, Outcome, Plan
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.runtime.concurrency import run_concurrently
from codespaces_registry_secrets.runtime.process import Cancellation

TARGETS_AT_ONCE = 20  # targets; GitHub takes 100 requests at once
# What is under way when the run is told to stop gets so long to end, of the 5 s that a run has.
GRACE_SECONDS = 3.0
OnTarget = Callable[[Sequence[Outcome]], None]
INTERRUPTED = "was under way when the run was stopped; run again, and it is finished"


def apply(
    plan: Plan,
    clients: GitHubClients,
    sources: Sources,
    cancellation: Cancellation,
    *,
    on_target: OnTarget = lambda _: None,
    on_tick: Callable[[], None] = lambda: None,
) -> tuple[Outcome, ...]:
    """Carry out a plan: targets concurrently, the changes of one target in order.

    A target that fails does not stop the others. A rejected token or a rate limit that lasts stops
    all, and so does cancelling the run: what is running then gets a few seconds to finish.

    `on_target` is called with the outcomes of a target when its changes are done, and `on_tick`
    several times a second.
    """
    writing = [index for index, change in enumerate(plan.changes) if change.steps]
    targets = [list(indexes) for _, indexes in groupby(writing, lambda i: plan.changes[i].target)]
    run = _Run(plan, clients, sources, cancellation, on_target=on_target, on_tick=on_tick)
    with suppress(CancelledError):  # the outcomes say how far it came
        run_concurrently(run.apply_target, targets, TARGETS_AT_ONCE, run.tick)
    return tuple(run.outcomes)


class _Run:
    """What the changes of one run share. `outcomes` is correct at every moment, for each change."""

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
        self._over = threading.Event()
        self._deadline: float | None = None

    def tick(self) -> None:
        """Report progress, and end the run a few seconds after it was cancelled."""
        self._on_tick()
        if not self._cancellation.requested:
            return
        self._deadline = self._deadline or time.monotonic() + GRACE_SECONDS
        if time.monotonic() > self._deadline:
            self._cancellation.check()

    def apply_target(self, indexes: Sequence[int]) -> None:
        """Carry out the changes at `indexes`, which all have the same target."""
        writer: SecretWriter | None = None
        for index in sorted(indexes, key=self._deletes):
            # A deleted triplet can be the one that another change replaces, so deletions come last.
            hold = self._deletes(index) and self._any_failed(indexes)
            if hold or self._over.is_set() or self._cancellation.requested:
                continue
            writer = writer or SecretWriter(self._clients, self.outcomes[index].change.target)
            self._apply_change(index, writer)
        if writer:
            with suppress(Exception):  # an error in the log must not lose the outcomes
                self._on_target([self.outcomes[index] for index in indexes])

    def _deletes(self, index: int) -> bool:
        return self.outcomes[index].change.action == "delete"

    def _apply_change(self, index: int, writer: SecretWriter) -> None:
        change = self.outcomes[index].change
        self.outcomes[index] = Outcome(change, "failed", INTERRUPTED)
        try:
            writer.carry_out(change, self._values(change), partial(self._set_wrote, index))
        except (GitHubError, SourceError, CancelledError) as error:
            if isinstance(error, FinalError):
                self._over.set()
            self.outcomes[index] = replace(self.outcomes[index], error=str(error))
        except Exception as error:  # noqa: BLE001 - the other targets go on, and the report is written
            message = describe_unexpected(error)
            self.outcomes[index] = replace(self.outcomes[index], error=message)
        else:
            self.outcomes[index] = Outcome(change, "applied", wrote=True)

    def _set_wrote(self, index: int, wrote: bool) -> None:  # noqa: FBT001 - a callback's argument
        self.outcomes[index] = replace(self.outcomes[index], wrote=wrote)

    def _any_failed(self, indexes: Sequence[int]) -> bool:
        return any(self.outcomes[index].status == "failed" for index in indexes)

    def _values(self, change: Change) -> Mapping[Part, SecretBytes]:
        """The values to write, read now; empty where only access changes."""
        credential = change.credential
        if credential is None or not any(step.value for step in change.steps):
            return {}
        return {
            Part.PASSWORD: self._sources.password(credential.password),
            Part.USER: self._sources.username(credential.username),
            Part.SERVER: SecretBytes(credential.server.encode()),
        }
