"""Stored secrets, and the key pair of a scope that decrypts the values sent to it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from nacl.exceptions import CryptoError
from nacl.public import PrivateKey, SealedBox

from github_sandbox.errors import ApiError, invalid

T = TypeVar("T")

MAX_SECRETS = 100
MAX_VALUE_BYTES = 48 * 1024


@dataclass(frozen=True)
class StoredSecret:
    """A Codespaces secret.

    `repositories` are ids. `visibility` is None for a repository's own secret.
    """

    name: str
    value: bytes
    created_at: datetime
    updated_at: datetime
    visibility: str | None
    repositories: tuple[int, ...]


@dataclass(frozen=True)
class ActionsSecret:
    """An Actions secret. `value` is None if a test has stored it without one.

    `repositories` are the ids of the repositories with access to an organization's secret; None for
    all of them.
    """

    name: str
    created_at: datetime
    updated_at: datetime
    repositories: frozenset[int] | None
    value: bytes | None = None

    def is_available_to(self, repository_id: int) -> bool:
        """Whether a repository of the organization has access."""
        return self.repositories is None or repository_id in self.repositories


class KeyPair:
    """The key pair of a scope, which opens the values that are sealed for it."""

    def __init__(self) -> None:
        self.replace_key()

    def replace_key(self) -> None:
        """Generate a new key pair; values sealed with the old public key are rejected."""
        self._private_key = PrivateKey.generate()
        public_key = bytes(self._private_key.public_key)
        self.key = base64.b64encode(public_key).decode()
        self.key_id = str(int.from_bytes(public_key[:7], "big") + 10**16)

    def decrypt(self, encrypted_value: str, key_id: str) -> bytes:
        """Decrypt a sealed box.

        Raises:
            ApiError: 422 for another key, invalid data, or a value over 48 KB.
        """
        if key_id != self.key_id:
            raise improperly_encrypted("key_id")
        try:
            box = base64.b64decode(encrypted_value, validate=True)
            value = SealedBox(self._private_key).decrypt(box)
        except (binascii.Error, CryptoError) as error:
            raise improperly_encrypted("encrypted_value") from error
        if len(value) > MAX_VALUE_BYTES:
            raise invalid("encrypted_value", "A secret may hold at most 48 KB.", code="too_large")
        return value


class SecretStore(KeyPair):
    """The Codespaces secrets of one scope by name, and the scope's key pair."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: dict[str, StoredSecret] = {}

    def put(self, secret: StoredSecret) -> bool:
        """Store a secret; True if it is new.

        Raises:
            ApiError: 422 if the scope has 100 secrets already.
        """
        return put_limited(self.secrets, secret.name, secret)


def put_limited(secrets: dict[str, T], name: str, secret: T) -> bool:
    """Store a secret among those of a scope; True if it is new.

    Raises:
        ApiError: 422 if the scope has 100 secrets already.
    """
    is_new = name not in secrets
    if is_new and len(secrets) >= MAX_SECRETS:
        raise invalid("name", "There may be at most 100 secrets here.", code="too_many")
    secrets[name] = secret
    return is_new


def improperly_encrypted(field: str) -> ApiError:
    """422 for a value that the scope's current key cannot decrypt."""
    message = "Bad request - improperly encrypted secret"
    error = {"resource": "Secret", "field": field, "code": "invalid"}
    return ApiError(422, message, errors=[error])
