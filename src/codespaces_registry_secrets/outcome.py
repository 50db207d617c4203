"""What became of the changes of a plan, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from codespaces_registry_secrets.change import Change, Plan

Status = Literal["planned", "applied", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """What became of a change. `wrote`: something of it was written, or may have been."""

    change: Change
    status: Status
    error: str | None = None
    wrote: bool = False


def planned(plan: Plan) -> tuple[Outcome, ...]:
    """The outcomes of a run that only looks."""
    return tuple(Outcome(change, "planned") for change in plan.changes)
