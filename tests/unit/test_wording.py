"""Words for changes, in the tense of their outcome."""

from __future__ import annotations

import pytest

from codespaces_registry_secrets.model.plan import Action
from codespaces_registry_secrets.report.reported_change import ReportedChange, ReportedStatus
from codespaces_registry_secrets.report.wording import count_changes, describe_status, headline


def changes(*pairs: tuple[Action, ReportedStatus]) -> list[ReportedChange]:
    return [ReportedChange("user:octocat", "ACR", action, status) for action, status in pairs]


@pytest.mark.parametrize(
    ("mode", "pairs", "sentence"),
    [
        ("plan", [("create", "planned"), ("access", "planned")], "Plan: 1 to create, 1 access change."),
        ("plan", [("rotate", "planned")] * 2 + [("blocked", "blocked")], "Plan: 2 to rotate, 1 blocked."),
        ("plan", [("none", "unchanged")], "Plan: no changes, 1 unchanged."),
        ("plan", [], "Plan: no changes."),
        ("check", [("none", "unchanged")], "Check found no drift: no changes, 1 unchanged."),
        ("check", [("delete", "planned")], "Check found drift: 1 to delete."),
        ("apply", [("none", "unchanged")], "Apply complete: no changes, 1 unchanged."),
        ("apply", [("create", "applied"), ("delete", "applied")], "Apply complete: 1 created, 1 deleted."),
        ("apply", [("access", "applied")] * 3, "Apply complete: 3 access changes made."),
        ("apply", [("repair", "applied"), ("rotate", "failed"), ("create", "skipped"), ("blocked", "blocked")], "Apply incomplete: 1 repaired, 1 failed, 1 not started, 1 blocked."),
    ],
)  # fmt: skip
def test_the_outcome_is_one_sentence(
    mode: str, pairs: list[tuple[Action, ReportedStatus]], sentence: str
) -> None:
    assert headline(mode, changes(*pairs)) == sentence


def test_a_refused_plan_says_that_nothing_was_written() -> None:
    (change,) = changes(("create", "skipped"))

    sentence = headline("apply", [change], refused=True)

    assert sentence == "Plan refused, nothing was written: 1 not started."


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        ("create", "planned", "to create"),
        ("create", "applied", "created"),
        ("rotate", "failed", "failed to rotate"),
        ("delete", "skipped", "not deleted"),
        ("access", "planned", "to change access"),
        ("access", "applied", "access changed"),
        ("access", "failed", "failed to change access"),
        ("access", "skipped", "access not changed"),
        ("blocked", "blocked", "blocked"),
        ("none", "unchanged", "unchanged"),
    ],
)
def test_a_change_is_in_the_tense_of_its_outcome(
    action: Action, status: ReportedStatus, words: str
) -> None:
    (change,) = changes((action, status))

    assert describe_status(change) == words


@pytest.mark.parametrize(("number", "count"), [(1, "1 access change"), (3, "3 access changes")])
def test_access_changes_are_counted(number: int, count: str) -> None:
    """With the plural where it is needed."""
    (change,) = changes(("access", "planned"))

    assert count_changes([change] * number) == count
