"""What journal and issuer show, for tests of what a run decides about generated credentials."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.fields import RotationPolicy
from codespaces_registry_secrets.model.generation import ObservedGeneration
from codespaces_registry_secrets.model.generator import Generator, IssuedCredential
from codespaces_registry_secrets.model.journal import (
    CurrentCredential,
    Intent,
    Journal,
    PreviousCredential,
)

NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
RETIRE_AFTER = timedelta(hours=24)


def current(
    age: timedelta = DAY, *, lifetime: timedelta | None = None, stored: bool = True
) -> CurrentCredential:
    """The credential `new`, stored everywhere at its creation."""
    created = NOW - age
    expires = created + lifetime if lifetime else None
    return CurrentCredential("new", "me", created, expires, created if stored else None)


def previous(
    name: str, age: timedelta, *, stored: bool = True, disabled: timedelta | None = None
) -> PreviousCredential:
    """An older credential; `disabled` is how long ago it was disabled."""
    created = NOW - age
    at = NOW - disabled if disabled is not None else None
    return PreviousCredential(name, created, created if stored else None, at)


def observe(
    newest: CurrentCredential | None,
    *older: PreviousCredential,
    listed: tuple[str, ...] | None = None,
    disabled: frozenset[str] = frozenset(),
    replaceable: frozenset[str] = frozenset(),
    intent: frozenset[str] | None = None,
    rotate: RotationPolicy | None = None,
    limit: int = 2,
    can_disable: bool = True,
    unused_for: Mapping[str, timedelta] | None = None,
    use_errors: Mapping[str, str] | None = None,
) -> ObservedGeneration:
    """What is known; `listed` are the ids at the issuer, by default those of the journal."""
    ids = [one.id for one in older] + ([newest.id] if newest else [])
    shown = tuple(
        IssuedCredential(one, NOW - DAY, disabled=one in disabled, replaceable=one in replaceable)
        for one in (ids if listed is None else listed)
    )
    return ObservedGeneration(
        registry="REG",
        generator=Generator("aws-iam-access-key", "STORE", RETIRE_AFTER),
        rotate=rotate or RotationPolicy(),
        where=Location("spec.yml", 3),
        journal=Journal(
            "aws-iam-access-key",
            newest,
            older,
            Intent(intent, NOW - DAY) if intent is not None else None,
        ),
        limit=limit,
        can_disable=can_disable,
        listed=shown,
        unused_for=unused_for or {},
        use_errors=use_errors or {},
    )
