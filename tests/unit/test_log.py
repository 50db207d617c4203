"""The plan and its outcomes as lines of the log."""

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
AGE_UNKNOWN = replace(ROTATE, registry="GHCR", reason="age unknown", drift=False)
NONE = replace(ROTATE, registry="HUB", action="none", reason="up to date", steps=(), drift=False)


def test_a_rotation_that_does_not_count_as_drift_says_so() -> None:
    """In its line, in the count, and in the summary; no other change does."""
    plan = Plan((ROTATE, AGE_UNKNOWN, NONE))

    lines = plan_lines(plan).splitlines()
    page = render_summary("check", plan, [Outcome(change, "planned") for change in plan.changes])

    assert [line for line in lines if "drift" in line] == [lines[1]]
    assert lines[1].endswith("age unknown; does not count as drift")
    assert count_changes(plan) == "2 to rotate (1 not counted as drift), 1 unchanged"
    assert page.count("does not count as drift") == 1
    assert "2 to rotate (1 not counted as drift), 1 unchanged." in page


def test_a_rotation_that_counts_as_drift_does_not_mention_it() -> None:
    """This is the usual case."""
    assert "drift" not in plan_lines(Plan((ROTATE, NONE))) + count_changes(Plan((ROTATE, NONE)))


@pytest.mark.parametrize(
    ("changes", "count"),
    [
        ([(NONE, "skipped")], ""),
        ([(ROTATE, "applied"), (NONE, "skipped")], "Applied: 1 done, 0 failed, 0 blocked."),
        ([(ROTATE.blocked("no"), "skipped")], "Applied: 0 done, 0 failed, 1 blocked."),
    ],
)
def test_outcomes_are_counted(changes: list[tuple[Change, Status]], count: str) -> None:
    """The count is empty if there are no changes."""
    assert count_outcomes([Outcome(change, status) for change, status in changes]) == count


@pytest.mark.parametrize(("number", "count"), [(1, "1 access change"), (3, "3 access changes")])
def test_access_changes_are_counted(number: int, count: str) -> None:
    """With the plural where it is needed."""
    access = replace(ROTATE, action="access")

    assert count_changes(Plan((access,) * number)) == count


def test_text_from_outside_adds_no_line() -> None:
    """A second line could look like another change."""
    forged = replace(ROTATE, reason="no\n  + create   EVIL at octo-org")

    assert len(plan_lines(Plan((forged,))).splitlines()) == 1
    assert len(outcome_lines([Outcome(ROTATE, "failed", "no\r\n  ✓ create")]).splitlines()) == 1
