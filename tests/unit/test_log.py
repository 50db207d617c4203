"""The plan and its outcomes as lines of the log."""

from __future__ import annotations

from dataclasses import replace

from codespaces_registry_secrets.model.plan import Change, Outcome, Plan, Step
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.model.triplet import Part
from codespaces_registry_secrets.report.log import outcome_lines, plan_lines
from codespaces_registry_secrets.report.reported_change import report_plan
from codespaces_registry_secrets.report.summary import render_summary
from codespaces_registry_secrets.report.wording import count_changes

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
    assert count_changes(report_plan(plan)) == "2 to rotate (1 not counted as drift), 1 unchanged"
    assert page.count("does not count as drift") == 1
    assert "2 to rotate (1 not counted as drift), 1 unchanged." in page


def test_a_rotation_that_counts_as_drift_does_not_mention_it() -> None:
    """This is the usual case."""
    plan = Plan((ROTATE, NONE))

    assert "drift" not in plan_lines(plan) + count_changes(report_plan(plan))


def test_text_from_outside_adds_no_line() -> None:
    """A second line could look like another change."""
    forged = replace(ROTATE, reason="no\n  + create   EVIL at octo-org")

    assert len(plan_lines(Plan((forged,))).splitlines()) == 1


def test_the_line_of_a_failed_change_leaves_the_cause_to_its_error() -> None:
    """The error names it once for all targets that it is equal for."""
    lines = outcome_lines([Outcome(ROTATE, "failed", "GitHub returned 422")])

    assert lines == "  ✗ failed to rotate: ACR at repository:octo-org/app"


def test_hidden_repositories_are_counted() -> None:
    """The plan leaves their names out."""
    change = replace(ROTATE, removed=("octo-org/api",), private_added=2, private_removed=1)

    assert [line.strip() for line in plan_lines(Plan((change,))).splitlines()[1:]] == [
        "+ 2 private repositories",
        "- 1 repository: octo-org/api",
        "- 1 private repository",
    ]
