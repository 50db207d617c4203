"""Seal values for GitHub, with the public key of their scope.

Source: "Encrypting secrets for the REST API", docs.github.com.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar

from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas

T = TypeVar("T")


class SealingKey:
    """The public key of a scope, which `fetch` reads from GitHub before the first value."""

    def __init__(self, fetch: Callable[[], schemas.PublicKey]) -> None:
        self._fetch = fetch
        self._key: schemas.PublicKey | None = None

    def send(self, put: Callable[[schemas.PublicKey], T]) -> T:
        """Send a sealed value, and again with the new key if GitHub has changed it since.

        Raises:
            GitHubError: GitHub rejected the value, or might have.
        """
        key = self.read()
        try:
            return put(key)
        except GitHubError as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            self._key = None
            if self.read() == key:
                raise
            return put(self.read())

    def read(self) -> schemas.PublicKey:
        """The key, read once."""
        if self._key is None:
            self._key = self._fetch()
        return self._key


def seal(public_key: str, value: SecretBytes) -> str:
    """Seal a value in a libsodium sealed box, as padded base64.

    Before encoding, the box is 48 bytes longer than the value.
    """
    box = SealedBox(PublicKey(public_key.encode(), Base64Encoder))
    return b64encode(box.encrypt(value.get_secret_value())).decode()
