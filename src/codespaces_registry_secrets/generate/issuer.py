"""The interface of an issuer: a service that creates credentials for a registry.

Each kind of `generate` is one module with a class of this interface.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from pydantic import SecretBytes, SecretStr

from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.model.generator import Generator, IssuedCredential


class IssuerError(RegistrySecretsError):
    """An issuer rejected a request, or did not respond.

    The message says what was asked for, the issuer's own reason, redacted, and what to do next.
    """


class RejectedError(IssuerError):
    """An issuer rejected a request, and certainly did not carry it out."""


class NoIdTokenError(IssuerError):
    """The job has no `id-token: write`, so it cannot prove its identity to the issuer."""


@dataclass(frozen=True)
class NewCredential:
    """A credential that was just created: the only time that its issuer tells the password."""

    id: str
    username: str
    password: SecretStr = field(repr=False)
    created: datetime
    expires: datetime | None = None


class Issuer(Protocol):
    """Creates the credentials of one registry, and removes them.

    Every method raises `IssuerError` if the issuer rejects a request or does not respond. A request
    that changes something is sent once: whether a lost one was carried out shows in the next
    `list_credentials`.

    `limit` is how many credentials can exist at once, disabled ones included. `can_disable`:
    whether a credential can be disabled so that this can be undone.
    """

    limit: int
    can_disable: bool

    def list_credentials(self) -> tuple[IssuedCredential, ...]:
        """All credentials that count toward the limit, on all pages, in any order."""

    def create(self, existing: Sequence[IssuedCredential]) -> NewCredential:
        """Create a credential and leave all in `existing`, which was just listed, as they are.

        The password is masked before this returns.
        """

    def disable(self, credential_id: str) -> None:
        """Disable a credential. Called only if `can_disable`."""

    def delete(self, credential_id: str) -> None:
        """Delete a credential; do nothing if it does not exist."""

    def unused_for(self, credential_id: str) -> timedelta | None:  # noqa: ARG002 - see below
        """How long ago the credential was last used, by the issuer's clock alone.

        None if it was never used, or if the issuer does not tell, as most do not.
        """
        return None


@dataclass(frozen=True)
class IssuerContext:
    """What an issuer is made from.

    `environ` are the variables of the step: endpoints of national clouds, and the runner's address
    for ID tokens. `values` are the values of `generator.sources` by key. `mask` hides a secret in
    the log from now on. `registry` is the registry's id.
    """

    registry: str
    generator: Generator
    environ: Mapping[str, str] = field(repr=False)
    mask: Callable[[SecretBytes], None]
    values: Mapping[str, SecretBytes] = field(default_factory=dict, repr=False)

    def header_value(self, key: str) -> str:
        """A value that is sent in a header.

        Raises:
            IssuerError: it is missing, or has a character that no header can contain.
        """
        secret = self.values.get(key)
        value = secret.get_secret_value() if secret else b""
        if not value:
            raise IssuerError(f"`generate.{key}` is empty, so nothing was sent; set it")
        # A line break at the end is the usual mistake; `isprintable` is false for it.
        text = value.decode("utf-8", "replace")
        if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
            raise IssuerError(
                f"`generate.{key}` has a line break or another character that cannot be sent; "
                "store the value again without it"
            )
        return text
