"""Plan -> outcomes. A change is interpreted here; a value lives for the length of one change."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import groupby

from pydantic import SecretBytes

from codespaces_registry_secrets.errors import (
    FinalError,
    GitHubError,
    SourceError,
    StoppedError,
    unforeseen,
)
from codespaces_registry_secrets.github.auth import Sessions
from codespaces_registry_secrets.github.secrets import Writer
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.plan import Change, Outcome, Plan
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.report.log import Begin, Progress, outcome_lines
from codespaces_registry_secrets.runtime.concurrency import together
from codespaces_registry_secrets.runtime.process import Stop

AT_ONCE = 20  # targets; GitHub takes 100 requests at once
# What is under way when the run is told to stop gets so long to end, of the 5 s that a run has.
GRACE_SECONDS = 3.0
UNDER_WAY = "was under way when the run was stopped; run again, and it is finished"


def apply(
    plan: Plan, sessions: Sessions, sources: Sources, begin: Begin, stop: Stop
) -> tuple[Outcome, ...]:
    """Carry out a plan: targets beside each other, the changes of one target in order.

    One target's failure does not stop the others. A refused token, or a limit that holds for long,
    stops all; so does the user: then what has begun gets a few seconds to end.
    """
    writing = [place for place, change in enumerate(plan.changes) if change.steps]
    targets = [list(places) for _, places in groupby(writing, lambda p: plan.changes[p].target)]
    progress = begin(len(targets), sum(change.writes for change in plan.changes))
    run = _Run(plan, sessions, sources, progress, stop)
    with suppress(StoppedError):  # the outcomes say how far it came
        together(run.target, targets, AT_ONCE, run.watch)
    return tuple(run.outcomes)


class _Run:
    """What the changes of one run share. `outcomes` are true at every moment, for each change."""

    def __init__(
        self, plan: Plan, sessions: Sessions, sources: Sources, progress: Progress, stop: Stop
    ) -> None:
        self.outcomes = [Outcome(change, "skipped") for change in plan.changes]
        self._sessions = sessions
        self._sources = sources
        self._progress = progress
        self._stop = stop
        self._over = threading.Event()
        self._deadline: float | None = None

    def watch(self) -> None:
        """Tell how far it is, and end it a while after it was told to stop."""
        self._progress.tick()
        if not self._stop.asked:
            return
        self._deadline = self._deadline or time.monotonic() + GRACE_SECONDS
        if time.monotonic() > self._deadline:
            self._stop.check()

    def target(self, places: Sequence[int]) -> None:
        """The changes at `places`, all of one target."""
        writer: Writer | None = None
        for place in sorted(places, key=self._deletes):
            # What is deleted may be what another change replaces, which is done first.
            held = self._deletes(place) and self._failed(places)
            if held or self._over.is_set() or self._stop.asked:
                continue
            target = self.outcomes[place].change.target
            writer = writer or Writer(self._sessions, target)
            self._change(place, writer)
        if writer:
            with suppress(Exception):  # what cannot be told must not lose what was done
                self._tell(places)

    def _deletes(self, place: int) -> bool:
        return self.outcomes[place].change.action == "delete"

    def _change(self, place: int, writer: Writer) -> None:
        change = self.outcomes[place].change
        self.outcomes[place] = Outcome(change, "failed", UNDER_WAY)
        try:
            writer.carry_out(change, self._values(change), partial(self._note, place))
        except (GitHubError, SourceError, StoppedError) as error:
            if isinstance(error, FinalError):
                self._over.set()
            self.outcomes[place] = replace(self.outcomes[place], error=str(error))
        except Exception as error:  # noqa: BLE001 - the others go on, and the report is written
            self.outcomes[place] = replace(self.outcomes[place], error=unforeseen(error))
        else:
            self.outcomes[place] = Outcome(change, "applied", wrote=True)

    def _note(self, place: int, wrote: bool) -> None:  # noqa: FBT001 - what the writer says
        self.outcomes[place] = replace(self.outcomes[place], wrote=wrote)

    def _failed(self, places: Sequence[int]) -> bool:
        return any(self.outcomes[place].status == "failed" for place in places)

    def _tell(self, places: Sequence[int]) -> None:
        outcomes = [self.outcomes[place] for place in places]
        work = sum(outcome.change.writes for outcome in outcomes)
        self._progress.done(outcome_lines(outcomes), work, failed=self._failed(places))

    def _values(self, change: Change) -> Mapping[Part, SecretBytes]:
        """The values to write, read now; none where only access changes."""
        credential = change.credential
        if credential is None or not any(step.value for step in change.steps):
            return {}
        return {
            Part.PASSWORD: self._sources.password(credential.password),
            Part.USER: self._sources.username(credential.username),
            Part.SERVER: SecretBytes(credential.server.encode()),
        }
