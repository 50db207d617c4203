"""Measure the time of planning alone, without requests."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotationPolicy, Source
from codespaces_registry_secrets.model.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.planner import compute_plan

TARGETS = 5_000
NOW = datetime(2026, 11, 1, tzinfo=UTC)
CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", Source(env="ACR_PASSWORD"))


def measure_planning() -> float:
    """Measure the seconds to plan 5,000 repositories."""
    desired, observed = create_inputs(TARGETS)
    began = time.perf_counter()
    compute_plan(desired, observed, 1.0, "pruned")
    return time.perf_counter() - began


def create_inputs(targets: int) -> tuple[list[Desired], Observed]:
    """Create repositories that have the desired triplet ACR and an unmanaged triplet OLD."""
    names = [secret_name(registry, part) for registry in ("ACR", "OLD") for part in Part]
    secrets = {name: ObservedSecret(name, NOW) for name in names}
    desired = [_create_desired(number) for number in range(targets)]
    targets_observed = {
        one.target: ObservedTarget(secrets, NOW, resolved=one.target) for one in desired
    }
    return desired, Observed(targets_observed, {}, {}, {})


def _create_desired(number: int) -> Desired:
    policy = RotationPolicy(when="missing")
    target = Repository(f"octo-org/repo-{number:04}")
    return Desired(target, "ACR", CREDENTIAL, policy, None, None, Location("spec.yml", number))
