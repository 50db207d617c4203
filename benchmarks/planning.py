"""How long planning takes by itself, without any request."""

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


def planning_seconds() -> float:
    """Seconds to plan for 5,000 repositories."""
    desired, observed = many(TARGETS)
    began = time.perf_counter()
    compute_plan(desired, observed, 1.0, "pruned")
    return time.perf_counter() - began


def many(targets: int) -> tuple[list[Desired], Observed]:
    """So many repositories with ACR as the spec says, and with a triplet that it does not name."""
    names = [secret_name(registry, part) for registry in ("ACR", "OLD") for part in Part]
    secrets = {name: ObservedSecret(name, NOW) for name in names}
    desired = [_desired(number) for number in range(targets)]
    seen = {t.target: ObservedTarget(secrets, NOW, resolved=t.target) for t in desired}
    return desired, Observed(seen, {}, {}, {})


def _desired(number: int) -> Desired:
    policy = RotationPolicy(when="missing")
    target = Repository(f"octo-org/repo-{number:04}")
    return Desired(target, "ACR", CREDENTIAL, policy, None, None, Location("spec.yml", number))
