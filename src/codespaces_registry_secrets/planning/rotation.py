"""Decide whether to write a stored credential again. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.model.generation import GenerationDecision
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.state import MemberStatus, State
from codespaces_registry_secrets.model.triplet import Part, secret_name

# GitHub dates the Actions secret and the Codespaces secret in two services whose clocks can differ
# by seconds. A source that is newer by less than this was stored already: no one changes a secret,
# lets a run store it, and changes it again within this time.
TOLERANCE = timedelta(seconds=10)


@dataclass(frozen=True)
class RotationDecision:
    """Which stored members of a triplet to write again, and why.

    `drift` is false if the only reason is that nothing tells whether the members are up to date.
    """

    reason: str = ""
    parts: frozenset[Part] = frozenset()
    drift: bool = True


def decide_rotation(
    triplet: Desired, observed_target: ObservedTarget, observed: Observed
) -> RotationDecision:
    """Apply the rotation policy of a triplet; `observed` has the state or the ages of sources."""
    if triplet.credential is None:
        return RotationDecision()
    stored = stored_members(triplet.registry, observed_target)
    generation = _generation(triplet.credential, observed)
    if generation:
        return _decide_generated(triplet, triplet.credential, stored, observed, generation)
    if triplet.rotate.when == "always":
        return RotationDecision("the policy is `always`", frozenset(stored))
    overdue = _check_max_age(triplet, observed_target)
    if overdue or triplet.rotate.when == "missing":
        return overdue or RotationDecision()
    if observed.state:
        return _compare_with_state(triplet, triplet.credential, stored, observed.state)
    return _compare_ages(triplet.credential, stored, observed.source_changed_at)


def _generation(credential: Credential, observed: Observed) -> GenerationDecision | None:
    return observed.generations.get(credential.store) if credential.store else None


def _decide_generated(
    triplet: Desired,
    credential: Credential,
    stored: Mapping[Part, ObservedSecret],
    observed: Observed,
    generation: GenerationDecision,
) -> RotationDecision:
    """Store a generated credential. The policy says when it is created, not when it is stored."""
    if generation.status == "unavailable":
        return RotationDecision()
    if generation.status == "new":
        return RotationDecision(generation.reason, frozenset(stored))
    if observed.state:
        return _compare_with_state(triplet, credential, stored, observed.state)
    if generation.status == "unfinished":
        return RotationDecision(generation.reason, frozenset(stored))
    return _compare_with_age(stored, generation.created)


def is_half_written(triplet: Desired, observed_target: ObservedTarget, observed: Observed) -> bool:
    """Whether a run died between PASSWORD, which is written first, and USER.

    Only a generated credential has another user name each time.
    """
    generation = _generation(triplet.credential, observed) if triplet.credential else None
    stored = stored_members(triplet.registry, observed_target)
    if not generation or not generation.created or len(stored) < len(Part):
        return False
    written = {part for part in stored if stored[part].updated_at >= generation.created}
    return Part.PASSWORD in written and Part.USER not in written


def find_up_to_date_members(
    triplet: Desired, observed_target: ObservedTarget, observed: Observed
) -> frozenset[Part]:
    """The stored members of an incomplete triplet that certainly hold the credential's values.

    The state tells it for each member. Without a state, the ages do: PASSWORD is written first. If
    it is newer than its source, an interrupted run wrote it and every newer member. If it is absent
    or the age of the source is unknown, the other members can belong to another credential.
    """
    if triplet.credential is None:
        return frozenset()
    stored = stored_members(triplet.registry, observed_target)
    generation = _generation(triplet.credential, observed)
    if generation and generation.status in {"new", "unavailable"}:
        return frozenset()
    if observed.state:
        statuses = _statuses(triplet, triplet.credential, stored, observed.state)
        return frozenset(part for part, status in statuses.items() if status == "current")
    if generation:
        source_changed = generation.created if generation.status == "current" else None
    else:
        source_changed = _source_change_time(triplet.credential, observed.source_changed_at)
    if source_changed is None:
        return frozenset()
    since = source_changed - TOLERANCE
    newer = frozenset(part for part, secret in stored.items() if secret.updated_at >= since)
    return newer if Part.PASSWORD in newer else frozenset()


def find_outside_changes(
    triplet: Desired, observed_target: ObservedTarget, state: State
) -> Mapping[Part, ObservedSecret]:
    """The stored members that were written since the Action wrote them."""
    if triplet.credential is None:
        return {}
    stored = stored_members(triplet.registry, observed_target)
    statuses = _statuses(triplet, triplet.credential, stored, state)
    return {part: stored[part] for part, status in statuses.items() if status == "changed outside"}


def describe_outside_changes(changed: Mapping[Part, ObservedSecret]) -> str:
    """`PASSWORD changed outside of this Action at 2026-01-31 09:30 UTC`; the latest time."""
    latest = max(secret.updated_at for secret in changed.values())
    return f"{_listed(changed)} changed outside of this Action at {format_time(latest)}"


def stored_members(registry: str, observed_target: ObservedTarget) -> Mapping[Part, ObservedSecret]:
    """The members of the triplet of this id that exist at a target."""
    names = {part: secret_name(registry, part) for part in Part}
    secrets = observed_target.secrets
    return {part: secrets[name] for part, name in names.items() if name in secrets}


def stored_at(registry: str, observed_target: ObservedTarget) -> datetime | None:
    """When the password was last written, or the oldest member if the password is missing."""
    stored = stored_members(registry, observed_target)
    password = stored.get(Part.PASSWORD)
    members = [password] if password else stored.values()
    return min((secret.updated_at for secret in members), default=None)


def _statuses(
    triplet: Desired, credential: Credential, stored: Mapping[Part, ObservedSecret], state: State
) -> Mapping[Part, MemberStatus]:
    key = (triplet.target, triplet.registry)
    return {
        part: state.compare(key, part, credential, secret.updated_at)
        for part, secret in stored.items()
    }


def _compare_with_state(
    triplet: Desired, credential: Credential, stored: Mapping[Part, ObservedSecret], state: State
) -> RotationDecision:
    """Rotate each member that does not certainly hold its value."""
    statuses = _statuses(triplet, credential, stored, state)
    by_status = {
        status: {part: stored[part] for part in statuses if statuses[part] == status}
        for status in statuses.values()
    }
    reasons = []
    if changed := by_status.get("changed outside"):
        reasons.append(describe_outside_changes(changed))
    if different := by_status.get("differs"):
        verb = "differ" if len(different) > 1 else "differs"
        reasons.append(f"{_listed(different)} {verb} from what is stored")
    if unknown := by_status.get("not recorded"):
        message = f"{_listed(unknown)} not recorded in {state.name}, so rewriting to be safe"
        reasons.append(message)
    parts = frozenset(part for part, status in statuses.items() if status != "current")
    drift = bool(by_status.keys() & {"changed outside", "differs"})
    return RotationDecision("; ".join(reasons), parts, drift)


def _compare_ages(
    credential: Credential,
    stored: Mapping[Part, ObservedSecret],
    change_times: Mapping[str, datetime],
) -> RotationDecision:
    """Rotate each member that is older than the sources, or all if an age is unknown."""
    return _compare_with_age(stored, _source_change_time(credential, change_times))


def _compare_with_age(
    stored: Mapping[Part, ObservedSecret], source_changed: datetime | None
) -> RotationDecision:
    """As `_compare_ages`. An interrupted rotation continues where it stopped."""
    if source_changed is None:
        message = "cannot tell when the source last changed, so rewriting to be safe"
        return RotationDecision(message, frozenset(stored), drift=False)
    since = source_changed - TOLERANCE
    older = frozenset(part for part, secret in stored.items() if secret.updated_at < since)
    if Part.PASSWORD in older:  # it is written first, so no run has written the others since
        older = frozenset(stored)
    message = f"its source was changed at {format_time(source_changed)}"
    return RotationDecision(message, older) if older else RotationDecision()


def _check_max_age(triplet: Desired, observed_target: ObservedTarget) -> RotationDecision | None:
    """Rotate all members if the stored password is older than `max-age`; else None.

    A run that was interrupted after PASSWORD leaves a USER that can belong to another credential.
    The other policies see that, so with `missing` the age of each member counts.
    """
    stored = stored_members(triplet.registry, observed_target)
    max_age = triplet.rotate.max_age
    if Part.PASSWORD not in stored or max_age is None:
        return None
    counted = stored if triplet.rotate.when == "missing" else (Part.PASSWORD,)
    oldest = min(counted, key=lambda part: stored[part].updated_at)
    age = observed_target.at - stored[oldest].updated_at
    if age <= max_age:
        return None
    name = "password" if oldest is Part.PASSWORD else oldest
    ages = f"{format_duration(age)} old, and `max-age` is {format_duration(max_age)}"
    return RotationDecision(f"the stored {name} is {ages}", frozenset(stored))


def _source_change_time(
    credential: Credential, change_times: Mapping[str, datetime]
) -> datetime | None:
    """When the newest source of the credential changed; None if the age of any is unknown."""
    times = [change_times.get(source.secret or "") for source in credential.sources]
    known_times = [time for time in times if time]
    return max(known_times) if len(known_times) == len(times) else None


def _listed(parts: Iterable[Part]) -> str:
    return ", ".join(parts)
