"""A plan as data: changes with their reasons, their steps, and their outcomes.

Nothing here holds a value or a function, so a plan can be sorted, printed and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.targets import Target, Visibility
from codespaces_registry_secrets.model.triplet import Part

# GitHub's 900 points a minute, at 60 writes a minute: a run that may write more often has higher
# limits. Source: "Rate limits for the REST API", docs.github.com.
POINTS_PER_WRITE = 15

Action = Literal["create", "repair", "rotate", "access", "delete", "none", "blocked"]


@dataclass(frozen=True)
class Step:
    """What happens to one member of a triplet.

    `delete`: it goes, and nothing else happens to it. `value`: the value is sealed and sent.
    `visibility`: sent along with it, at an organization.
    `replace`: the ids that the list becomes; None leaves the list, but for the ids that `add` puts
    on it and `remove` takes off it.
    """

    part: Part
    value: bool
    visibility: Visibility | None = None
    replace: tuple[int, ...] | None = None
    add: tuple[int, ...] = ()
    remove: tuple[int, ...] = ()
    delete: bool = False

    @property
    def writes(self) -> int:
        """How many requests that write it takes."""
        whole = self.value or self.delete or self.replace is not None
        return 1 if whole else len(self.add) + len(self.remove)


@dataclass(frozen=True)
class Note:
    """Something that the user should know, at the place of the spec that it is about.

    The message names `target`, where there is one: notes that differ in nothing else can be merged.
    """

    level: Literal["notice", "warning", "error"]
    message: str
    where: Location = field(default_factory=Location)
    target: Target | None = None

    def __str__(self) -> str:
        """The place, where there is one, and the message."""
        return ": ".join(filter(None, (str(self.where), self.message)))


@dataclass(frozen=True)
class CredentialReport:
    """`refusal`: why the credential must not be stored. `expires`: when it ends, where known."""

    refusal: str | None = None
    expires: datetime | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Change:
    """One triplet at one target: what is to happen, and why.

    `declared` is the target as the spec names it. `why` tells for the names in `added` what picked
    them. `credential` says where the values are.
    """

    target: Target
    registry: str
    action: Action
    reason: str
    where: Location = field(default_factory=Location)
    declared: Target | None = None
    visibility: tuple[Visibility | None, Visibility] | None = None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    selected_by: tuple[tuple[str, str], ...] = ()
    credential: Credential | None = None
    steps: tuple[Step, ...] = ()
    notes: tuple[Note, ...] = ()
    # False too for a rotation for which only an unknown age speaks: a precaution, no difference.
    drift: bool = True

    @property
    def writes(self) -> int:
        """How many requests that write it takes."""
        return sum(step.writes for step in self.steps)

    def blocked(self, reason: str) -> Change:
        """The change, kept from being carried out."""
        message = f"{self.registry} at {self.target} is blocked: {reason}"
        return replace(
            self,
            action="blocked",
            reason=reason,
            visibility=None,
            added=(),
            removed=(),
            steps=(),
            notes=(Note("error", message, self.where, self.target),),
            drift=True,
        )


@dataclass(frozen=True)
class Plan:
    """Every change, sorted by target and registry.

    `notes` are about credentials, which several changes may share. `expiry` is when the first of
    all credentials ends, where one is known to.
    """

    changes: tuple[Change, ...]
    notes: tuple[Note, ...] = ()
    expiry: datetime | None = None

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """Those of the plan and of each change, each once."""
        notes = (*self.notes, *(note for change in self.changes for note in change.notes))
        return tuple(dict.fromkeys(notes))

    @property
    def written_credentials(self) -> frozenset[Credential]:
        """The credentials that are to be stored."""
        writing = (c for c in self.changes if any(step.value for step in c.steps))
        return frozenset(change.credential for change in writing if change.credential)

    @property
    def written_targets(self) -> frozenset[Target]:
        """The targets with something to write."""
        return frozenset(change.target for change in self.changes if change.steps)

    @property
    def writes(self) -> int:
        """The number of write requests."""
        return sum(change.writes for change in self.changes)

    @property
    def drift(self) -> bool:
        """Whether GitHub differs from the spec."""
        return any(change.drift for change in self.changes)

    @property
    def counts(self) -> Mapping[Action, int]:
        """How many changes there are of each action; 0 for an action that there is none of."""
        return Counter(change.action for change in self.changes)


Status = Literal["planned", "applied", "failed", "skipped"]


@dataclass(frozen=True)
class Outcome:
    """What became of a change. `wrote`: something of it was written, or may have been."""

    change: Change
    status: Status
    error: str | None = None
    wrote: bool = False


def planned_outcomes(plan: Plan) -> tuple[Outcome, ...]:
    """The outcomes of a run that only looks."""
    return tuple(Outcome(change, "planned") for change in plan.changes)
