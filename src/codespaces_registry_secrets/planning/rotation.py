"""When a stored credential is due to be written again. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import format_duration
from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.triplet import Part, secret_name

# Two services of GitHub date the two secrets, and need not agree to the second: a source that is
# newer by less was written together with the stored secret. Nobody changes a secret, lets a run
# store it, and changes it again within this.
TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True)
class RotationDecision:
    """Which stored secrets of a triplet are to be written again, and why.

    `all`: each of them. `before`: those that were written before that moment, as `make` would have
    it; a rotation that broke off midway goes on where it stopped. `guess`: only an unknown age
    speaks for it.
    """

    reason: str = ""
    all: bool = False
    before: datetime | None = None
    age_unknown: bool = False

    def applies_to(self, secret: ObservedSecret) -> bool:
        """Whether this one is to be written again."""
        return self.all or (self.before is not None and secret.updated_at < self.before)


def decide_rotation(
    triplet: Desired, seen: ObservedTarget, changed: Mapping[str, datetime]
) -> RotationDecision:
    """What the policy says of a triplet, given when its sources were changed last."""
    if triplet.credential is None:
        return RotationDecision()
    if triplet.rotate.when == "always":
        return RotationDecision("the policy is `always`", all=True)
    overdue = _overdue(triplet, seen)
    if overdue or triplet.rotate.when == "missing":
        return overdue or RotationDecision()
    source_changed = source_changed_at(triplet.credential, changed)
    if source_changed is None:
        return RotationDecision("nothing tells the age of the source", all=True, age_unknown=True)
    reason = f"its source was changed at {_told(source_changed)}"
    policy = RotationDecision(reason, before=source_changed - TOLERANCE)
    stored = (seen.secrets.get(secret_name(triplet.registry, part)) for part in Part)
    return (
        policy
        if any(secret and policy.applies_to(secret) for secret in stored)
        else RotationDecision()
    )


def source_changed_at(credential: Credential, changed: Mapping[str, datetime]) -> datetime | None:
    """When its youngest source was changed; None where the age of one is not known."""
    ages = [changed.get(source.secret or "") for source in credential.sources]
    known = [age for age in ages if age]
    return max(known) if len(known) == len(ages) else None


def members_of_credential(
    triplet: Desired, seen: ObservedTarget, changed: Mapping[str, datetime]
) -> frozenset[Part]:
    """The stored members of an incomplete triplet that hold the values of its credential for sure.

    PASSWORD is written first: where it is there, and newer than its source, a run that was cut off
    has left it, with what came after it. Without it, or without an age, nobody knows whose the
    others are.
    """
    source_changed = source_changed_at(triplet.credential, changed) if triplet.credential else None
    if source_changed is None:
        return frozenset()
    stored = {part: seen.secrets.get(secret_name(triplet.registry, part)) for part in Part}
    since = source_changed - TOLERANCE
    belonging = {part for part, secret in stored.items() if secret and secret.updated_at >= since}
    return frozenset(belonging) if Part.PASSWORD in belonging else frozenset()


def _overdue(triplet: Desired, seen: ObservedTarget) -> RotationDecision | None:
    stored = seen.secrets.get(secret_name(triplet.registry, Part.PASSWORD))
    longest = triplet.rotate.max_age
    if stored is None or longest is None or seen.at - stored.updated_at <= longest:
        return None
    age = format_duration(seen.at - stored.updated_at)
    return RotationDecision(
        f"the stored password is {age} old, and `max-age` is {format_duration(longest)}", all=True
    )


def _told(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
