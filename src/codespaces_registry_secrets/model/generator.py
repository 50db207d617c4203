"""How to make the credential of a registry at its issuer, and what an issuer knows about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from pydantic import SecretStr

from codespaces_registry_secrets.model.fields import Source


@dataclass(frozen=True)
class Generator:
    """The key `generate` of a registry.

    `kind` names the issuer's module. `store` is the name of the Actions secret that contains the
    journal. `retire_after` is how long an old credential lives on after its successor is stored
    everywhere. `expires_in` is the lifetime of a new credential; None if the kind has no expiry.
    `options` are the other keys of the kind with their text, and `sources` those that are read from
    a source. `server` and `registry_name` are the server of the registry and its key `name`.
    """

    kind: str
    store: str
    retire_after: timedelta
    expires_in: timedelta | None = None
    options: tuple[tuple[str, str], ...] = ()
    sources: tuple[tuple[str, Source], ...] = ()
    server: str = ""
    registry_name: str = ""

    def option(self, key: str) -> str:
        """The text of a key of the kind; empty if the spec does not set it."""
        return dict(self.options).get(key, "")


@dataclass(frozen=True)
class IssuedCredential:
    """A credential as its issuer lists it, without its password.

    `id` identifies it at the issuer and is not secret. `created` and `expires` are times by the
    clock of the issuer; `expires` is None if it does not expire. A disabled credential is rejected,
    but still counts toward the issuer's limit.
    """

    id: str
    created: datetime
    disabled: bool = False
    expires: datetime | None = None


@dataclass(frozen=True)
class NewCredential:
    """A credential that was just created: the only time that its issuer tells the password."""

    id: str
    username: str
    password: SecretStr = field(repr=False)
    created: datetime
    expires: datetime | None = None
