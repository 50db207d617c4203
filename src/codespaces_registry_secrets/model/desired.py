"""The desired state that a spec describes. It refers to secret values and never holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.generator import GeneratedValue, Generator
from codespaces_registry_secrets.model.repositories import Selection
from codespaces_registry_secrets.model.targets import Target, Visibility


@dataclass(frozen=True)
class Credential:
    """The login of a registry: its server, and the sources of user name and password.

    `name` is the registry's id, for messages. `server` is the exact string to store. `username` is
    a literal or a source. `images` are the images that the login must be able to pull. `expires` is
    the expiry that the spec states, or None. `where` is the location of the registry in the spec.
    `generator` creates the credential at its issuer; then both values are generated ones.
    """

    name: str
    server: str
    username: Source | GeneratedValue | str
    password: Source | GeneratedValue
    images: tuple[str, ...] = ()
    expires: datetime | None = None
    where: Location = field(default_factory=Location)
    generator: Generator | None = None

    @property
    def sources(self) -> tuple[Source, ...]:
        """The sources of its values. A literal user name has no source and no age."""
        return tuple(s for s in (self.username, self.password) if isinstance(s, Source))

    @property
    def labels(self) -> Mapping[str, str | None]:
        """The labels of the sources of `username` and `password`; None for a literal user name."""
        values = {"username": self.username, "password": self.password}
        return {k: None if isinstance(s, str) else s.label for k, s in values.items()}

    @property
    def secrets(self) -> frozenset[str]:
        """The names of the Actions secrets whose ages show when the credential last changed."""
        return frozenset(source.secret for source in self.sources if source.secret)

    @property
    def store(self) -> str | None:
        """The Actions secret of its journal; None if it is not generated."""
        return self.generator.store if self.generator else None

    @property
    def generated(self) -> tuple[GeneratedValue, GeneratedValue]:
        """The user name and the password of a credential with a generator."""
        username, password = self.username, self.password
        assert isinstance(username, GeneratedValue)  # noqa: S101 - only called with a generator
        assert isinstance(password, GeneratedValue)  # noqa: S101 - as above
        return username, password

    def with_generated(self, credential_id: str, expires: datetime | None) -> Credential:
        """The same, with the values and the expiry of the credential with this id at its issuer."""
        username, password = self.generated
        return replace(
            self,
            username=replace(username, id=credential_id),
            password=replace(password, id=credential_id),
            expires=expires,
        )


@dataclass(frozen=True)
class Desired:
    """The desired state of one triplet at one target.

    `registry` is the registry's id. `credential` is None if the registry manages access only.
    `rotate` says when to write the values again. `visibility` and `selection` are None if the spec
    leaves them as they are at GitHub. `where` is the location of the target in the spec. `declared`
    is the target as the spec names it, if GitHub resolves that name to a different one.
    """

    target: Target
    registry: str
    credential: Credential | None
    rotate: RotationPolicy
    visibility: Visibility | None
    selection: Selection | None
    where: Location
    declared: Target | None = None

    @property
    def server(self) -> str | None:
        """The server of the registry; None if the spec does not say."""
        if self.credential:
            return self.credential.server
        images = self.selection.images if self.selection else None
        return images.server if images else None


@dataclass(frozen=True)
class DeclaredRegistry:
    """What a spec says about a registry: its server, why that is invalid, and the expiry."""

    server: str | None = None
    server_error: str | None = None
    expires: datetime | None = None
