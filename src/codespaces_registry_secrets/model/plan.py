"""A plan as data: changes with reasons and steps, notes, and the outcomes of a run.

A plan has no secret values and no functions, so it can be sorted, printed and compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from typing import Any, Literal

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.digest import hash_plan
from codespaces_registry_secrets.model.generation import CredentialChange, CredentialLife
from codespaces_registry_secrets.model.private_names import PrivateNames
from codespaces_registry_secrets.model.targets import Target, Visibility
from codespaces_registry_secrets.model.triplet import Part

# The share of GitHub's 900 points a minute for one write at the default 60 writes a minute. The
# write itself costs 5. Source: "Rate limits for the REST API", docs.github.com.
POINT_BUDGET_PER_WRITE = 15

Action = Literal["create", "repair", "rotate", "access", "delete", "none", "blocked"]


@dataclass(frozen=True)
class Step:
    """What to do with one member of a triplet.

    `part` is the member. `value`: seal the value and write it. `visibility` is written with the
    value, for an organization. `replace` holds the repository ids that replace the list, or None to
    keep it. `add` and `remove` are single ids to add to the list and to remove from it. `delete`:
    delete the secret, and do nothing else.
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
        """The number of write requests: one, or one for each repository to add or remove."""
        whole = self.value or self.delete or self.replace is not None
        return 1 if whole else len(self.add) + len(self.remove)


@dataclass(frozen=True)
class Note:
    """A message for the user.

    `where` is the location in the spec that it is about. `target` is the target that the message
    names, or None: notes that differ only in their target can be merged.
    """

    level: Literal["notice", "warning", "error"]
    message: str
    where: Location = field(default_factory=Location)
    target: Target | None = None

    def __str__(self) -> str:
        """The location, if there is one, and the message."""
        return ": ".join(filter(None, (str(self.where), self.message)))


@dataclass(frozen=True)
class CredentialReport:
    """The result of checking a credential.

    `rejection` says why it must not be stored, or is None. `expires` is when it expires, or None if
    unknown. `notes` are warnings about it.
    """

    rejection: str | None = None
    expires: datetime | None = None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True)
class Change:
    """What to do with one triplet at one target, and why.

    `registry` is the registry's id. `reason` says why this action, and for `blocked` what to do.
    `where` is the location of the target in the spec, and `declared` the target as the spec names
    it, if GitHub resolves it to another name. `visibility` is the pair of old and new visibility if
    it changes. `added` and `removed` are the names of repositories that gain and lose access;
    `selected_by` pairs each added name with what selected it. `credential` says where the values
    come from. `steps` are what apply executes. `drift` says whether GitHub differs from the spec.
    `private_added` and `private_removed` are the numbers of private repositories that `added` and
    `removed` leave out to hide their names.
    `half_written`: a run died between USER and PASSWORD, so the stored ones belong to different
    credentials; this change comes first.
    `stored_at` is when the stored credential was last written, and `expires` when the credential of
    the spec expires; None if there is none, or if it is unknown.
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
    # Rotating because the age is unknown does not count as drift.
    drift: bool = True
    private_added: int = 0
    private_removed: int = 0
    stored_at: datetime | None = None
    expires: datetime | None = None
    half_written: bool = False

    @property
    def writes_value(self) -> bool:
        """Whether a step writes a value, not only the access."""
        return any(step.value for step in self.steps)

    @property
    def writes(self) -> int:
        """The number of write requests of all steps."""
        return sum(step.writes for step in self.steps)

    def blocked(self, reason: str) -> Change:
        """A copy of this change that is blocked for `reason`: without steps, with an error note."""
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
    """Every change of a run, sorted by target and registry.

    `notes` are those that belong to no single change, such as notes about a credential that several
    changes share. `expiry` is when the first credential expires, or None if no expiry is known.
    `refused`: the run must write nothing, because another plan was approved. `at` is when GitHub's
    state was read, by its clock: ages are computed against it. `private_names` are the names that
    reports must not show. `whole` is the plan that was approved: with all names, if they are hidden
    in this one, and before a failed creation blocked changes. `credentials` is what happens to
    generated credentials at their issuers, and `lives` those that exist before.
    """

    changes: tuple[Change, ...]
    notes: tuple[Note, ...] = ()
    expiry: datetime | None = None
    refused: bool = False
    at: datetime | None = None
    private_names: PrivateNames = field(default_factory=PrivateNames)
    whole: Plan | None = None
    credentials: tuple[CredentialChange, ...] = ()
    lives: tuple[CredentialLife, ...] = ()

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of what the plan does, as 64 lower-case hexadecimal digits.

        Two plans have the same digest if a person who approved one would also approve the other.
        Of each change it contains what `_reviewed` returns, and nothing of notes and expiry.
        Unchanged triplets are included: a plan that manages one more triplet, or that names another
        server for one that is not written in this run, is another plan. The order of the changes
        does not matter.
        """
        if self.whole:
            return self.whole.digest
        credentials = ([c.registry, c.kind, c.action, c.id or ""] for c in self.credentials)
        return hash_plan(map(_reviewed, self.changes), credentials)

    @property
    def all_notes(self) -> tuple[Note, ...]:
        """The notes of the plan and of its changes, without duplicates."""
        notes = (*self.notes, *(note for change in self.changes for note in change.notes))
        return tuple(dict.fromkeys(notes))

    @property
    def late_notes(self) -> tuple[Note, ...]:
        """The notes that the plan did not have when it was approved."""
        return tuple(n for n in self.all_notes if n not in (self.whole or self).all_notes)

    @property
    def written_credentials(self) -> frozenset[Credential]:
        """The credentials whose values the plan writes."""
        return frozenset(c.credential for c in self.changes if c.credential and c.writes_value)

    @property
    def written_targets(self) -> frozenset[Target]:
        """The targets that the plan writes to."""
        return frozenset(change.target for change in self.changes if change.steps)

    @property
    def writes(self) -> int:
        """The number of write requests of all changes."""
        return sum(change.writes for change in self.changes)

    @property
    def drift(self) -> bool:
        """Whether GitHub differs from the spec."""
        return any(change.drift for change in self.changes) or any(
            credential.action != "none" for credential in self.credentials
        )

    @property
    def counts(self) -> Mapping[Action, int]:
        """The number of changes of each action; 0 for an action without changes."""
        return Counter(change.action for change in self.changes)


def _reviewed(change: Change) -> Mapping[str, Any]:
    """What a person approves in a change: where, what, from which sources, and for whom.

    Names are in lower case, because GitHub ignores letter case. Each step has the ids of its
    repositories: another repository can take over a name. The reason is missing, because it
    contains times and does not change what is written. Values are missing, a literal user name too:
    a digest would let readers of the log guess it.
    """
    credential = change.credential
    return {
        "target": change.target.key,
        "registry": change.registry,
        "action": change.action,
        "server": credential.server if credential else None,
        "sources": credential.labels if credential else {},
        "visibility": change.visibility,
        "added": sorted(map(str.lower, change.added)),
        "removed": sorted(map(str.lower, change.removed)),
        "steps": [_step_fields(step) for step in change.steps],
    }


def _step_fields(step: Step) -> Mapping[str, Any]:
    # Not `vars`: each step would keep the mapping for the rest of the run.
    return {field.name: getattr(step, field.name) for field in fields(step)}


Status = Literal["planned", "applied", "failed", "skipped"]


@dataclass(frozen=True)
class Write:
    """A write request that GitHub carried out, or might have.

    `part` is the member of the triplet. `value` and `deleted` say whether the request sent a value
    or deleted the secret; if neither, it changed the access. `at` is when GitHub carried it out, by
    its clock; None if that is unknown.
    """

    part: Part
    value: bool = False
    deleted: bool = False
    at: datetime | None = None


@dataclass(frozen=True)
class Outcome:
    """The result of one change.

    `error` says why it failed or was skipped. `writes` are the requests that GitHub carried out, or
    might have, in their order.
    """

    change: Change
    status: Status
    error: str | None = None
    writes: tuple[Write, ...] = ()

    @property
    def wrote(self) -> bool:
        """Whether GitHub carried out a part of the change, or might have."""
        return bool(self.writes)


def planned_outcomes(plan: Plan) -> tuple[Outcome, ...]:
    """The outcomes of a run that writes nothing: every change stays `planned`."""
    return tuple(Outcome(change, "planned") for change in plan.changes)
