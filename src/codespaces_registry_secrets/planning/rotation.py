"""Decide whether to write a stored credential again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.triplet import Part, secret_name

# GitHub dates the Actions secret and the Codespaces secret in two services whose clocks can differ
# by seconds. A source that is newer by less than this was stored already: no one changes a secret,
# lets a run store it, and changes it again within this time.
TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True)
class RotationDecision:
    """Which stored members of a triplet to write again, and why.

    `all_members`: every member. `older_than`: each member that was last written before this time,
    so that an interrupted rotation continues where it stopped. `age_unknown`: the only reason is
    that the age of a source is unknown.
    """

    reason: str = ""
    all_members: bool = False
    older_than: datetime | None = None
    age_unknown: bool = False

    def applies_to(self, secret: ObservedSecret) -> bool:
        """Whether to write this stored member again."""
        return self.all_members or (
            self.older_than is not None and secret.updated_at < self.older_than
        )


def decide_rotation(
    triplet: Desired, observed_target: ObservedTarget, change_times: Mapping[str, datetime]
) -> RotationDecision:
    """Apply the rotation policy of a triplet.

    `change_times` has the times at which Actions secrets last changed, by name.
    """
    if triplet.credential is None:
        return RotationDecision()
    if triplet.rotate.when == "always":
        return RotationDecision("the policy is `always`", all_members=True)
    overdue = _check_max_age(triplet, observed_target)
    if overdue or triplet.rotate.when == "missing":
        return overdue or RotationDecision()
    source_changed = _source_change_time(triplet.credential, change_times)
    if source_changed is None:
        message = "cannot tell when the source last changed, so rewriting to be safe"
        return RotationDecision(message, all_members=True, age_unknown=True)
    rotation = RotationDecision(
        f"its source was changed at {format_time(source_changed)}",
        older_than=source_changed - TOLERANCE,
    )
    stored = _stored_members(triplet, observed_target).values()
    return rotation if any(map(rotation.applies_to, stored)) else RotationDecision()


def find_up_to_date_members(
    triplet: Desired, observed_target: ObservedTarget, change_times: Mapping[str, datetime]
) -> frozenset[Part]:
    """The stored members of an incomplete triplet that certainly hold the credential's values.

    PASSWORD is written first. If it is newer than its source, an interrupted run wrote it and every
    newer member. If it is absent or the age of the source is unknown, the other members can belong
    to another credential.
    """
    if triplet.credential is None:
        return frozenset()
    source_changed = _source_change_time(triplet.credential, change_times)
    if source_changed is None:
        return frozenset()
    stored = _stored_members(triplet, observed_target)
    since = source_changed - TOLERANCE
    newer = frozenset(part for part, secret in stored.items() if secret.updated_at >= since)
    return newer if Part.PASSWORD in newer else frozenset()


def _check_max_age(triplet: Desired, observed_target: ObservedTarget) -> RotationDecision | None:
    """Rotate all members if the stored password is older than `max-age`; else None."""
    password = _stored_members(triplet, observed_target).get(Part.PASSWORD)
    max_age = triplet.rotate.max_age
    if password is None or max_age is None:
        return None
    age = observed_target.at - password.updated_at
    if age <= max_age:
        return None
    ages = f"{format_duration(age)} old, and `max-age` is {format_duration(max_age)}"
    return RotationDecision(f"the stored password is {ages}", all_members=True)


def _source_change_time(
    credential: Credential, change_times: Mapping[str, datetime]
) -> datetime | None:
    """When the newest source of the credential changed; None if the age of any is unknown."""
    times = [change_times.get(source.secret or "") for source in credential.sources]
    known_times = [time for time in times if time]
    return max(known_times) if len(known_times) == len(times) else None


def _stored_members(
    triplet: Desired, observed_target: ObservedTarget
) -> Mapping[Part, ObservedSecret]:
    names = {part: secret_name(triplet.registry, part) for part in Part}
    secrets = observed_target.secrets
    return {part: secrets[name] for part, name in names.items() if name in secrets}
