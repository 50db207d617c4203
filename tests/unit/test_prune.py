"""What planning costs as the targets become many."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from types import FrameType
from typing import Literal

import pytest

from codespaces_registry_secrets.desired import Credential, Desired
from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.observed import Observed, ObservedSecret, ObservedTarget
from codespaces_registry_secrets.plan import plan
from codespaces_registry_secrets.spec.model import RotationPolicy, Source
from codespaces_registry_secrets.targets import Repository
from codespaces_registry_secrets.triplet import Part, secret_name

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CREDENTIAL = Credential("ACR", "mycompany.azurecr.io", "me", Source(env="P"))


def calls(targets: int, unmanaged: Literal["listed", "pruned"]) -> int:
    """How many functions are called to plan for so many targets, each with an unmanaged triplet."""
    names = [secret_name(registry, part) for registry in ("ACR", "OLD") for part in Part]
    secrets = {name: ObservedSecret(name, NOW) for name in names}
    policy = RotationPolicy(when="missing")
    desired = [
        Desired(Repository(f"o/r{n}"), "ACR", CREDENTIAL, policy, None, None, Location("s", n))
        for n in range(targets)
    ]
    seen = {t.target: ObservedTarget(secrets, NOW, resolved=t.target) for t in desired}
    count = 0

    def profile(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        plan(desired, Observed(seen, {}, {}, {}), 1.0, unmanaged)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("unmanaged", ["listed", "pruned"])
def test_twice_the_targets_take_twice_the_work(unmanaged: Literal["listed", "pruned"]) -> None:
    """And not four times: 5,000 targets are a second's work then, not a minute's."""
    assert calls(400, unmanaged) < 2.5 * calls(200, unmanaged)
