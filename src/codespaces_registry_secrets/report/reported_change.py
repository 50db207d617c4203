"""A change and what happened to it, as reports show it. Plain data.

It is made from an outcome of this run, or from the plan files of other jobs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from codespaces_registry_secrets.model.plan import Action, Outcome, Plan, planned_outcomes
from codespaces_registry_secrets.model.targets import Organization

ReportedStatus = Literal["planned", "applied", "failed", "skipped", "unchanged", "blocked"]
# The actions that write values, so that the credential at the target is new.
_WRITING: frozenset[Action] = frozenset({"create", "repair", "rotate"})


@dataclass(frozen=True)
class ReportedChange:
    """A change and its status: `unchanged` and `blocked` by its action, else that of its outcome.

    `target` is `scope:name`. `sources` pairs `username` and `password` with the labels of their
    sources. `selected_by` pairs each added repository with what selected it. `stored_at` is when
    the stored credential was written before this run. The other names are those of `Change` and
    `Outcome`.
    """

    target: str
    registry: str
    action: Action
    status: ReportedStatus
    reason: str = ""
    error: str = ""
    server: str = ""
    sources: tuple[tuple[str, str], ...] = ()
    visibility: tuple[str | None, str] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    selected_by: tuple[tuple[str, str], ...] = ()
    private_added: int = 0
    private_removed: int = 0
    stored_at: datetime | None = None
    expires: datetime | None = None
    drift: bool = True

    @property
    def owner_prefix(self) -> str:
        """`octo-org/` for an organization: names of its repositories are shown without it."""
        scope, _, name = self.target.partition(":")
        return f"{name}/" if scope == Organization.scope else ""

    @property
    def stored_now(self) -> bool:
        """Whether this run wrote the stored credential."""
        return self.status == "applied" and self.action in _WRITING

    @property
    def deleted(self) -> bool:
        """Whether this run deleted the triplet."""
        return self.status == "applied" and self.action == "delete"

    @property
    def only_age_unknown(self) -> bool:
        """Whether a rotation does not count as drift: only the age of a source is unknown."""
        return self.action == "rotate" and not self.drift


def report_plan(plan: Plan) -> tuple[ReportedChange, ...]:
    """The changes of a plan that is not applied."""
    return report_changes(planned_outcomes(plan))


def report_changes(outcomes: Iterable[Outcome]) -> tuple[ReportedChange, ...]:
    """The changes of a run with their outcomes."""
    return tuple(map(_report_change, outcomes))


def _report_change(outcome: Outcome) -> ReportedChange:
    change = outcome.change
    credential = change.credential
    labels = credential.labels if credential else {}
    return ReportedChange(
        target=str(change.target),
        registry=change.registry,
        action=change.action,
        status=status_of(change.action, outcome.status),
        reason=change.reason,
        error=outcome.error or "",
        server=credential.server if credential else "",
        sources=tuple((member, label) for member, label in labels.items() if label),
        visibility=change.visibility,
        added=change.added,
        removed=change.removed,
        private_added=change.private_added,
        private_removed=change.private_removed,
        selected_by=change.selected_by,
        stored_at=change.stored_at,
        expires=change.expires,
        drift=change.drift,
    )


def status_of(
    action: Action, outcome: Literal["planned", "applied", "failed", "skipped"]
) -> ReportedStatus:
    """The status of a change with this action and the status of its outcome."""
    if action == "none":
        return "unchanged"
    return "blocked" if action == "blocked" else outcome
