"""Triplets at a target that the spec does not have there: listed, deleted, or kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Literal

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.targets import Organization
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan
from codespaces_registry_secrets.planning.safety_checks import ALWAYS_ALLOWED_REMOVALS

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DESIRED = Desired(
    target=Organization("octo-org"),
    registry="ACR",
    credential=Credential("ACR", "mycompany.azurecr.io", "me", Source(env="P")),
    rotate=RotationPolicy(when="missing"),
    visibility=None,
    selection=None,
    where=Location("spec.yml", 7),
)
GLOB = replace(DESIRED, target=Organization("octo-*"), registry="OLD")


def planned(
    unmanaged: Literal["listed", "pruned"], *registries: str, others: Sequence[Desired] = ()
) -> Plan:
    """A plan for an organization that has ACR and these registries; it can delete half of them."""
    names = [secret_name(registry, part) for registry in ("ACR", *registries) for part in Part]
    secrets = {name: ObservedSecret(name, NOW, "all") for name in names}
    observed = Observed({DESIRED.target: ObservedTarget(secrets, NOW)}, {}, {}, {})
    return compute_plan([DESIRED], observed, 0.5, unmanaged, others)


def deletions(plan: Plan) -> list[tuple[str, str]]:
    """Action and reason for each unmanaged triplet."""
    return [(c.action, c.reason) for c in plan.changes if c.registry != "ACR"]


def test_an_unmanaged_triplet_is_deleted_or_listed() -> None:
    assert [action for action, _ in deletions(planned("pruned", "OLD"))] == ["delete"]
    plan = planned("listed", "OLD")
    assert deletions(plan) == []
    (message,) = [note.message for note in plan.notes if "not in the spec" in note.message]
    assert message == "organization:octo-org: 1 triplet is not in the spec: OLD"


def test_more_deletions_than_the_limit_are_blocked() -> None:
    registries = [f"OLD_{number}" for number in range(ALWAYS_ALLOWED_REMOVALS + 1)]
    reasons = deletions(planned("pruned", *registries))
    assert {action for action, _ in reasons} == {"blocked"}
    removed = f"would delete {len(registries)} of {len(registries) + 1} triplets of this target, "
    assert all(text.startswith(removed) for _, text in reasons)


@pytest.mark.parametrize("glob", ["octo-*", "OCTO-*"])
def test_a_triplet_of_a_glob_that_matches_the_organization_is_kept(glob: str) -> None:
    """GitHub possibly did not list the organization."""
    others = [replace(GLOB, target=Organization(glob))]
    ((action, reason),) = deletions(planned("pruned", "OLD", others=others))
    assert action == "blocked"
    assert reason == (
        f"OLD is also declared for organization:{glob}, which matches this organization, but "
        "GitHub did not list it; fix that target first"
    )
    assert "not in the spec" not in str(planned("listed", "OLD", others=others).notes)


def test_a_glob_of_other_organizations_keeps_nothing() -> None:
    others = [replace(GLOB, target=Organization("other-*"))]
    assert [action for action, _ in deletions(planned("pruned", "OLD", others=others))] == [
        "delete"
    ]
