"""How the cost of planning grows with the number of targets."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Literal

import pytest

from benchmarks.planning import create_inputs
from codespaces_registry_secrets.planning.planner import compute_plan


def calls(targets: int, unmanaged: Literal["listed", "pruned"]) -> int:
    """The number of function calls to plan for targets with one unmanaged triplet each."""
    desired, observed = create_inputs(targets)
    count = 0

    def profile(_frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        compute_plan(desired, observed, 1.0, unmanaged)
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize("unmanaged", ["listed", "pruned"])
def test_planning_takes_linear_time(unmanaged: Literal["listed", "pruned"]) -> None:
    """So that planning 5,000 targets takes a second and not a minute."""
    assert calls(400, unmanaged) < 2.5 * calls(200, unmanaged)
