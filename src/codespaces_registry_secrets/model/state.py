"""What the Action recorded about the values that it wrote, and how that compares with GitHub. Pure.

GitHub never returns the value of a secret. A fingerprint tells whether a value is the one that was
written, and a time tells whether the secret was written again since.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.model.triplet import Part

# GitHub dates a secret with `updated_at`, and its response to the write with `Date`. The two can
# differ by seconds. A change by hand within this time cannot be told from the recorded write.
BEFORE_WRITE, AFTER_WRITE = timedelta(seconds=1), timedelta(seconds=10)

# In place of a fingerprint, if it is unknown which value is stored.
UNKNOWN_VALUE = bytes(16)

# A triplet at a target: the target and the registry's id.
TripletKey = tuple[Target, str]
MemberStatus = Literal["current", "differs", "changed outside", "not recorded"]


@dataclass(frozen=True)
class MemberRecord:
    """What is known about one stored member of a triplet.

    `fingerprint` is a salted hash of its value, or `UNKNOWN_VALUE`. `written_at` is when it was
    written, by GitHub's clock in whole seconds.
    """

    fingerprint: bytes
    written_at: datetime

    def latest(self, other: MemberRecord, now: datetime) -> MemberRecord:
        """The later one of this record and that of another run.

        If the two runs wrote different values within some seconds, the stored one is unknown:
        `written_at` is the time of a response, and GitHub can have carried out the writes in the
        other order. A time after `now` is damaged.
        """
        apart = abs(self.written_at - other.written_at)
        if self.fingerprint != other.fingerprint and apart <= BEFORE_WRITE + AFTER_WRITE:
            return MemberRecord(UNKNOWN_VALUE, max(self.written_at, other.written_at))
        return other if self.written_at < other.written_at <= now else self


Records = Mapping[TripletKey, Mapping[Part, MemberRecord]]


@dataclass(frozen=True)
class State:
    """The recorded members of all triplets, and the fingerprints of the values to store.

    `name` is the Actions variable that holds the records. `fingerprints` has the values of each
    credential that some record can be compared with.
    """

    name: str
    records: Records
    fingerprints: Mapping[Credential, Mapping[Part, bytes]]

    def compare(
        self, triplet: TripletKey, part: Part, credential: Credential, updated_at: datetime
    ) -> MemberStatus:
        """Whether a stored member holds the value of `credential`.

        `updated_at` is when GitHub says that the member was last written.
        """
        record = self.records.get(triplet, {}).get(part)
        fingerprints = self.fingerprints.get(credential)
        if record is None or record.fingerprint == UNKNOWN_VALUE or fingerprints is None:
            return "not recorded"
        if not -BEFORE_WRITE <= updated_at - record.written_at <= AFTER_WRITE:
            return "changed outside"
        return "current" if record.fingerprint == fingerprints[part] else "differs"
