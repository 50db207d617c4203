"""Plan and outcomes as lines of the log."""

from __future__ import annotations

from dataclasses import replace

import pytest

from codespaces_registry_secrets.model.plan import Change, Outcome, Plan, Status, Step
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.report.log import (
    count_changes,
    count_outcomes,
    outcome_lines,
    plan_lines,
)
from codespaces_registry_secrets.report.summary import render_summary

ROTATE = Change(
    target=Repository("octo-org/app"),
    registry="ACR",
    action="rotate",
    reason="its source was changed",
    steps=(Step(Part.PASSWORD, value=True),),
)
PRECAUTION = replace(ROTATE, registry="GHCR", reason="nothing tells the age", drift=False)
NONE = replace(
    ROTATE, registry="HUB", action="none", reason="all is in place", steps=(), drift=False
)


def test_a_rotation_that_is_no_drift_says_so() -> None:
    """In its line, in the count, and in the summary; no other change does."""
    plan = Plan((ROTATE, PRECAUTION, NONE))

    lines = plan_lines(plan).splitlines()
    page = render_summary("check", plan, [Outcome(change, "planned") for change in plan.changes])

    assert [line for line in lines if "drift" in line] == [lines[1]]
    assert lines[1].endswith("nothing tells the age; does not count as drift")
    assert count_changes(plan) == "2 to rotate (1 not counted as drift), 1 unchanged"
    assert page.count("does not count as drift") == 1
    assert "2 to rotate (1 not counted as drift), 1 unchanged." in page


def test_a_rotation_that_is_drift_needs_no_words() -> None:
    """It is the usual case."""
    assert "drift" not in plan_lines(Plan((ROTATE, NONE))) + count_changes(Plan((ROTATE, NONE)))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ([(NONE, "skipped")], ""),
        ([(ROTATE, "applied"), (NONE, "skipped")], "Applied: 1 done, 0 failed, 0 blocked."),
        ([(ROTATE.blocked("no"), "skipped")], "Applied: 0 done, 0 failed, 1 blocked."),
    ],
)
def test_the_count_of_what_was_done(changes: list[tuple[Change, Status]], count: str) -> None:
    """Nothing where there was nothing to do."""
    assert count_outcomes([Outcome(change, status) for change, status in changes]) == count


def test_text_from_outside_adds_no_line() -> None:
    """A second line could look like a change of its own."""
    forged = replace(ROTATE, reason="no\n  + create   EVIL at octo-org")

    assert len(plan_lines(Plan((forged,))).splitlines()) == 1
    assert len(outcome_lines([Outcome(ROTATE, "failed", "no\r\n  ✓ create")]).splitlines()) == 1
