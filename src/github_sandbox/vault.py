"""Secrets at rest, and the key pair of a scope that opens what is sent to it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from github_sandbox.refusals import Refusal, invalid

SECRETS_PER_SCOPE = 100
BYTES_PER_VALUE = 48 * 1024


@dataclass(frozen=True)
class StoredSecret:
    """A secret at rest. `repositories` are ids; `visibility` is None for a repository's own."""

    name: str
    value: bytes
    created_at: datetime
    updated_at: datetime
    visibility: str | None
    repositories: tuple[int, ...]


@dataclass(frozen=True)
class ActionsSecret:
    """An Actions secret, of which no value is kept.

    `repositories` are ids: those that may use an organization's secret, None for all of them.
    """

    name: str
    created_at: datetime
    updated_at: datetime
    repositories: frozenset[int] | None

    def is_for(self, repository: int) -> bool:
        """Whether a repository of the organization may use it."""
        return self.repositories is None or repository in self.repositories


class Vault:
    """Name -> secret, and the scope's own key pair."""

    def __init__(self) -> None:
        self.secrets: dict[str, StoredSecret] = {}
        self.new_key()

    def new_key(self) -> None:
        """Replace the key pair: what was sealed for the old one opens no more."""
        self._private_key = PrivateKey.generate()
        public = bytes(self._private_key.public_key)
        self.key = base64.b64encode(public).decode()
        self.key_id = str(int.from_bytes(public[:7], "big") + 10**16)

    def open(self, encrypted_value: str, key_id: str) -> bytes:
        """What a sealed box holds; 422 for another key's box, for noise and for over 48 KB."""
        if key_id != self.key_id:
            raise improperly_encrypted("key_id")
        try:
            box = base64.b64decode(encrypted_value, validate=True)
            value = SealedBox(self._private_key).decrypt(box)
        except (binascii.Error, CryptoError) as error:
            raise improperly_encrypted("encrypted_value") from error
        if len(value) > BYTES_PER_VALUE:
            raise invalid("encrypted_value", "A secret may hold at most 48 KB.", code="too_large")
        return value

    def put(self, secret: StoredSecret) -> bool:
        """Store a secret; True when it is new. 422 when the scope is full."""
        new = secret.name not in self.secrets
        if new and len(self.secrets) >= SECRETS_PER_SCOPE:
            raise invalid("name", "There may be at most 100 secrets here.", code="too_many")
        self.secrets[secret.name] = secret
        return new


def improperly_encrypted(field: str) -> Refusal:
    """422 for a value that the scope's current key does not open."""
    why = "Bad request - improperly encrypted secret"
    return Refusal(422, why, errors=[{"resource": "Secret", "field": field, "code": "invalid"}])
