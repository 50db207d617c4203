"""Plan -> outcomes. A change is interpreted here; a value lives for the length of one change."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain, groupby
from typing import Literal

from pydantic import SecretBytes

from codespaces_registry_secrets.change import Change, Plan
from codespaces_registry_secrets.errors import GitHubError, SourceError, TokenRefusedError
from codespaces_registry_secrets.github.sessions import AT_ONCE, Sessions
from codespaces_registry_secrets.github.write import Writer
from codespaces_registry_secrets.sources import Sources
from codespaces_registry_secrets.triplet import Part

Status = Literal["planned", "applied", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """What became of a change. `wrote` is set where at least one of its steps was carried out."""

    change: Change
    status: Status
    error: str | None = None
    wrote: bool = False


def planned(plan: Plan) -> tuple[Outcome, ...]:
    """The outcomes of a run that only looks."""
    return tuple(Outcome(change, "planned") for change in plan.changes)


def apply(plan: Plan, sessions: Sessions, sources: Sources) -> tuple[Outcome, ...]:
    """Carry out a plan: targets beside each other, the changes of one target in order.

    One target's failure does not stop the others; a refused token stops all, since each further
    request with it brings its owner nearer to being locked out.
    """
    run = _Run(sessions, sources)
    groups = [list(changes) for _, changes in groupby(plan.changes, lambda c: c.target)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return tuple(chain.from_iterable(pool.map(run.target, groups)))


class _Run:
    """What the changes of one run share."""

    def __init__(self, sessions: Sessions, sources: Sources) -> None:
        self._sessions = sessions
        self._sources = sources
        self._refused = threading.Event()

    def target(self, changes: Iterable[Change]) -> list[Outcome]:
        writer: Writer | None = None
        outcomes: list[Outcome] = []
        for change in sorted(changes, key=lambda change: change.action == "delete"):
            # What is deleted may be what another change replaces, which is done first.
            replaced = change.action != "delete" or not any(o.status == "failed" for o in outcomes)
            if not change.steps or self._refused.is_set() or not replaced:
                outcomes.append(Outcome(change, "skipped"))
                continue
            writer = writer or Writer(self._sessions.of(change.target), change.target)
            outcomes.append(self._change(change, writer))
        return sorted(outcomes, key=lambda outcome: outcome.change.registry)

    def _change(self, change: Change, writer: Writer) -> Outcome:
        wrote = False
        try:
            values = self._values(change)
            for step in change.steps:
                writer.carry_out(change.registry, step, values)
                wrote = True
        except (GitHubError, SourceError) as error:
            if isinstance(error, TokenRefusedError):
                self._refused.set()
            return Outcome(change, "failed", str(error), wrote)
        return Outcome(change, "applied", wrote=wrote)

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
