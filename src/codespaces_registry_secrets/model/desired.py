"""What a spec asks for at each target: references to values, never the values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.repositories import Selection
from codespaces_registry_secrets.model.targets import Target, Visibility


@dataclass(frozen=True)
class Credential:
    """A login: the exact server string, and where user name and password come from.

    `images` must be pullable with it, `expires` is when it ends where the spec says so, and `where`
    is the registry's place in the spec. `name` is for messages.
    """

    name: str
    server: str
    username: Source | str
    password: Source
    images: tuple[str, ...] = ()
    expires: datetime | None = None
    where: Location = field(default_factory=Location)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Where its values come from; a literal user name comes from nowhere and has no age."""
        return tuple(s for s in (self.username, self.password) if isinstance(s, Source))

    @property
    def labels(self) -> Mapping[str, str | None]:
        """The names of its sources, for `username` and `password`; None for a literal user name."""
        given = {"username": self.username, "password": self.password}
        return {k: s.label if isinstance(s, Source) else None for k, s in given.items()}

    @property
    def secrets(self) -> frozenset[str]:
        """The Actions secrets whose ages tell when it was changed last."""
        return frozenset(source.secret for source in self.sources if source.secret)


@dataclass(frozen=True)
class Desired:
    """One triplet at one target. `credential` is None where only access is managed; `visibility`
    and `selection` are None where what is there stays.

    `declared` is the target as the spec names it, where GitHub resolves it to another name.
    """

    target: Target
    registry: str
    credential: Credential | None
    rotate: RotationPolicy
    visibility: Visibility | None
    selection: Selection | None
    where: Location
    declared: Target | None = None
