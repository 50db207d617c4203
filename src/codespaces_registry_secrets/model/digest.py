"""Hash what a plan does, as canonical JSON. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

# Changes with the definition of `Plan.digest`: no digest of another version is equal.
DIGEST_VERSION = 2


def hash_plan(changes: Iterable[object], credentials: Iterable[list[str]]) -> str:
    """The SHA-256 of a document with changes and credentials; their order does not matter.

    The document is hashed in pieces, because that of thousands of changes is large.
    """
    digest = sha256(b'{"changes":[')
    for number, entry in enumerate(sorted(map(_canonical_json, changes))):
        digest.update(f"{',' * (number > 0)}{_canonical_json(entry)}".encode())
    rest = _canonical_json({"credentials": sorted(credentials), "version": DIGEST_VERSION})
    digest.update(f"],{rest[1:]}".encode())
    return digest.hexdigest()


def _canonical_json(data: object) -> str:
    """JSON that is the same for equal data: sorted keys, no spaces, ASCII."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"))
