"""Fingerprints of secret values: they tell whether two values are equal, and nothing else.

Argon2id makes each guess at a value expensive, and the salt makes a list of guesses useless for
another variable.
"""

from __future__ import annotations

from nacl.pwhash import argon2id

from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.triplet import Part

FINGERPRINT_BYTES = 16
# Source: "Password Storage Cheat Sheet", owasp.org.
MEMORY_BYTES = 19 * 1024 * 1024
ITERATIONS = 2
SALT_BYTES = argon2id.SALTBYTES


class Fingerprints:
    """Computes fingerprints, each credential once: one takes some hundredths of a second."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._computed: dict[tuple[Credential, bytes], dict[Part, bytes]] = {}

    def of(self, credential: Credential, salt: bytes) -> dict[Part, bytes]:
        """The fingerprint of each member of a triplet that stores `credential`.

        Raises:
            SourceError: a source has no usable value.
        """
        key = (credential, salt)
        if key not in self._computed:
            values = self._sources.values(credential)
            self._computed[key] = {
                part: _fingerprint(part, value.get_secret_value(), salt)
                for part, value in values.items()
            }
        return self._computed[key]


def _fingerprint(part: Part, value: bytes, salt: bytes) -> bytes:
    """The name of the member is hashed too, so that equal members have different fingerprints."""
    return argon2id.kdf(
        FINGERPRINT_BYTES,
        part.encode() + b"\0" + value,
        salt,
        opslimit=ITERATIONS,
        memlimit=MEMORY_BYTES,
    )
