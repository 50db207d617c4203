"""What is known about the generated credential of a registry, and what a run decides about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.generator import Generator, IssuedCredential
from codespaces_registry_secrets.model.journal import Journal, PreviousCredential

CredentialAction = Literal["generate", "disable", "delete", "none", "blocked"]
CredentialStatus = Literal["planned", "applied", "failed", "skipped"]


@dataclass(frozen=True)
class CredentialChange:
    """What to do with a credential at its issuer, and why.

    `registry` is the registry's id, and `store` the Actions secret of its journal. `id` is the
    credential's id at the issuer; None for one that does not exist yet. `error` says why it failed.
    """

    registry: str
    kind: str
    store: str
    action: CredentialAction
    reason: str
    id: str | None = None
    where: Location = field(default_factory=Location)
    status: CredentialStatus = "planned"
    error: str | None = None


@dataclass(frozen=True)
class CredentialLife:
    """A credential that exists at an issuer, as reports show it. The times are by GitHub's clock.

    `stored` is when every target had it. `ends` is when it expires, or is disabled or deleted, and
    `end` says which of these; None if that is unknown.
    """

    registry: str
    id: str
    created: datetime
    stored: datetime | None = None
    ends: datetime | None = None
    end: Literal["expires", "is disabled", "is deleted"] | None = None


@dataclass(frozen=True)
class ObservedGeneration:
    """The generated credential of a registry, as journal and issuer show it.

    `journal` is empty if there is none yet. `error` says why the journal cannot be used: then
    nothing is created, stored or retired. `listed` are the credentials at the issuer, or None if
    they are unknown, and `issuer_error` says why; `must_see` is whether that is an error of the
    run. `unused_for` says how long ago a credential was last used, where the issuer tells, and
    `use_errors` why that is unknown.
    """

    registry: str
    generator: Generator
    rotate: RotationPolicy
    where: Location
    journal: Journal
    limit: int = 0
    can_disable: bool = False
    error: str | None = None
    listed: tuple[IssuedCredential, ...] | None = None
    issuer_error: str | None = None
    must_see: bool = True
    unused_for: Mapping[str, timedelta] = field(default_factory=dict)
    use_errors: Mapping[str, str] = field(default_factory=dict)

    def is_enabled_again(self, one: PreviousCredential) -> bool:
        """Whether a previous credential was disabled, and somebody has enabled it since."""
        active = {issued.id for issued in self.listed or () if not issued.disabled}
        return one.disabled is not None and one.id in active

    def replaced_long_ago(self, now: datetime) -> tuple[str, ...]:
        """The ids of the previous credentials that can be disabled, if nobody uses them."""
        active = {one.id for one in self.listed or () if not one.disabled}
        return tuple(
            one.id
            for one in self.journal.previous
            if one.id in active
            and not one.disabled
            and (superseded := self.journal.superseded_at(one.id))
            and now - superseded >= self.generator.retire_after
        )


@dataclass(frozen=True)
class GenerationDecision:
    """What a run stores at the targets of a registry.

    `new`: a credential that the run creates first. `unfinished`: the current one, which is not
    known to be at every target. `current`: the current one, which every target had once.
    `unavailable`: there is none to store. `reason` says why. `created` is when the current
    credential was created, by GitHub's clock.
    """

    status: Literal["new", "unfinished", "current", "unavailable"]
    reason: str
    created: datetime | None = None
    changes: tuple[CredentialChange, ...] = ()
