"""What a spec asks for at each target: references to values, never the values."""

from __future__ import annotations

from dataclasses import dataclass

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.repositories import Selection
from codespaces_registry_secrets.spec.model import Rotation, Source
from codespaces_registry_secrets.targets import Target, Visibility


@dataclass(frozen=True)
class Credential:
    """A login: the exact server string, and where user name and password come from."""

    server: str
    username: Source | str
    password: Source


@dataclass(frozen=True)
class Desired:
    """One triplet at one target. `credential` is None where only access is managed; `visibility`
    and `selection` are None where what is there stays.
    """

    target: Target
    registry: str
    credential: Credential | None
    rotate: Rotation
    visibility: Visibility | None
    selection: Selection | None
    where: Location
