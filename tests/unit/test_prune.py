"""What planning costs as the targets become many."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Literal

import pytest

from benchmarks.planning import create_inputs
from codespaces_registry_secrets.planning.planner import compute_plan


def calls(targets: int, unmanaged: Literal["listed", "pruned"]) -> int:
    """How many functions are called to plan for so many targets, each with an unmanaged triplet."""
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
def test_twice_the_targets_take_twice_the_work(unmanaged: Literal["listed", "pruned"]) -> None:
    """And not four times: 5,000 targets are a second's work then, not a minute's."""
    assert calls(400, unmanaged) < 2.5 * calls(200, unmanaged)
