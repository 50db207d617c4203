"""Fingerprints stay the same in later versions, and tell nothing but equality."""

from __future__ import annotations

from pathlib import Path

from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.state.fingerprints import Fingerprints

SALT = bytes(range(16))
CREDENTIAL = Credential("ACR", "acr.io", "me", Source(env="P"))


def test_a_fingerprint_is_the_same_in_every_version(tmp_path: Path) -> None:
    """Otherwise the first run of a new version would write every value again."""
    fingerprints = Fingerprints(Sources({"P": "p1"}, tmp_path, lambda _: None))

    found = fingerprints.of(CREDENTIAL, SALT)

    assert {part: value.hex() for part, value in found.items()} == {
        Part.PASSWORD: "2a758f74df6bf1944fecc04a881e2cf3",
        Part.USER: "2310f9b9ac34c3024c9d3f3f41bc5d2a",
        Part.SERVER: "464f59c4ae5d571318866837c387bbc3",
    }


def test_equal_members_and_other_salts_have_other_fingerprints(tmp_path: Path) -> None:
    """And the same credential is computed once for each salt."""
    equal = Credential("ACR", "p1", "p1", Source(env="P"))
    fingerprints = Fingerprints(Sources({"P": "p1"}, tmp_path, lambda _: None))

    first, second = fingerprints.of(equal, SALT), fingerprints.of(equal, bytes(16))

    assert len({*first.values(), *second.values()}) == 6
    assert fingerprints.of(equal, SALT) is first
