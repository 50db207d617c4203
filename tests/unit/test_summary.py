"""The summary: its parts, its size, and text from outside in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.errors import Location
from codespaces_registry_secrets.model.desired import Credential
from codespaces_registry_secrets.model.fields import Source
from codespaces_registry_secrets.model.plan import Change, Note, Outcome, Plan, planned_outcomes
from codespaces_registry_secrets.model.targets import Organization, Repository
from codespaces_registry_secrets.report.changes_table import COLUMNS, render_table
from codespaces_registry_secrets.report.reported_change import report_plan
from codespaces_registry_secrets.report.summary import (
    MAX_BYTES,
    build_report,
    render_report,
    render_summary,
)
from rendering import HOSTILE, SUMMARY_TAGS, assert_means_nothing, rendered

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
CHANGE = Change(
    target=Organization("octo-org"),
    registry="ACR",
    action="rotate",
    reason="its source was changed",
    where=Location("spec.yml", 7),
    visibility=("private", "selected"),
    added=("octo-org/api",),
    removed=("octo-org/old", "other/site"),
    credential=Credential("ACR", "mycompany.azurecr.io", "me", Source(secret="ACR_PASSWORD")),
    stored_at=NOW - timedelta(days=42),
    expires=NOW + timedelta(days=30),
)
NONE = replace(CHANGE, action="none", reason="up to date", visibility=None, added=(), removed=())


def summary(*changes: Change, mode: str = "plan", problems: tuple[Note, ...] = ()) -> str:
    plan = Plan(changes, at=NOW)
    return render_summary(mode, plan, planned_outcomes(plan), problems)


def table_row(markdown: str, number: int = 0) -> list[str]:
    """The cells of a row of the first table."""
    head = markdown.index("|---")
    line = markdown[head:].splitlines()[1 + number].replace("\N{NO-BREAK SPACE}", " ")
    return line.removeprefix("| ").removesuffix(" |").split(" | ")


def test_the_parts_are_in_order() -> None:
    """First the outcome, then the problems, the changes, what stays, the ages and the digest."""
    text = summary(CHANGE, NONE, problems=(Note("error", "no"),))

    places = [
        text.index(part)
        for part in ("### ", "**Plan: ", "**Error**", "| Change |", "<details><summary>1 unchanged", "```mermaid", "Plan digest: ")
    ]  # fmt: skip
    assert places == sorted(places)
    assert text.splitlines()[2] == "**Plan: 1 to rotate, 1 unchanged.**"


def test_problems_are_sorted_by_severity() -> None:
    """With their place and what to do."""
    notes = tuple(
        Note(level, f"fix the {level}", CHANGE.where) for level in ("notice", "warning", "error")
    )

    lines = [line for line in summary(CHANGE, problems=notes).splitlines() if "fix the" in line]

    assert [re.findall(r"\*\*(\w+)\*\*", line) for line in lines] == [
        ["Error"],
        ["Warning"],
        ["Notice"],
    ]
    assert lines[0] == "- ❌ **Error** `spec.yml:7`: fix the error"


def test_a_row_says_what_where_and_for_whom() -> None:
    row = dict(zip(COLUMNS, table_row(summary(CHANGE)), strict=True))

    assert row == {
        "Change": "`~` to rotate<br>its source was changed",
        "Target and registry": "`organization:octo-org`<br>`ACR`",
        "Server and sources": "`mycompany.azurecr.io`<br>password from `secret:ACR_PASSWORD`",
        "Visibility": "`private` → `selected`",
        "Repositories": "+ `api`<br>− `old`, `other/site`",  # noqa: RUF001
        "Stored": "42d ago",
        "Expires": "03 Mar 2026<br>in 30d",
    }


def test_an_applied_rotation_is_stored_today() -> None:
    """A failed one keeps the age of what is stored."""
    plan = Plan((CHANGE, CHANGE), at=NOW)
    outcomes = [Outcome(CHANGE, "applied"), Outcome(CHANGE, "failed", "no")]

    text = render_summary("apply", plan, outcomes)

    stored = COLUMNS.index("Stored")
    assert table_row(text)[0].startswith("`~` rotated<br>")
    assert (table_row(text)[stored], table_row(text, 1)[stored]) == ("today", "42d ago")


def test_a_column_that_would_be_empty_is_left_out() -> None:
    text = summary(replace(CHANGE, visibility=None, expires=None))

    assert "Visibility" not in text
    assert "| Repositories | Stored |\n" in text


def test_an_expired_credential_says_since_when() -> None:
    expired = replace(CHANGE, expires=NOW - timedelta(days=3))

    assert table_row(summary(expired))[COLUMNS.index("Expires")] == "29 Jan 2026<br>expired 3d ago"


def test_a_long_list_is_folded_with_every_name() -> None:
    """A reviewer sees which repositories gain and lose access, and what selected them."""
    names = tuple(f"octo-org/svc-{number:03}" for number in range(300))
    selected_by = tuple((name, "`octo-org/svc-*`") for name in names)
    change = replace(CHANGE, added=names, selected_by=selected_by)

    cell = table_row(summary(change))[COLUMNS.index("Repositories")]

    assert cell.startswith("<details><summary>+300 −2</summary>+ `svc-000`, `svc-001`, ")  # noqa: RUF001
    assert cell.count("`svc-") == 300
    assert "`svc-299` by `octo-org/svc-*`<br>" in cell
    assert cell.endswith("`old`, `other/site`</details>")


def test_unchanged_triplets_are_folded() -> None:
    """They are not what a reviewer looks for."""
    page = rendered(summary(CHANGE, NONE, NONE))

    assert page.tags.count("table") == 2
    assert "2 unchanged triplets" in page.text


@pytest.mark.parametrize(("changes", "names"), [(2000, 3), (2000, 300), (40, 40_000), (9000, 3)])
def test_a_summary_is_within_its_limit_and_counts_what_is_cut(changes: int, names: int) -> None:
    """Lists become shorter before rows are left out."""
    added = tuple(f"octo-org/{'x' * 30}-{number:05}" for number in range(names))
    all_changes = [
        replace(CHANGE, target=Repository(f"octo-org/svc-{number:05}"), added=added)
        for number in range(changes)
    ]
    notes = tuple(
        Note("error", f"create ACR at octo-org/svc-{n:05}: {'no ' * 100}") for n in range(changes)
    )

    text = summary(*all_changes, problems=notes)

    page = rendered(text)
    rows, items = page.tags.count("tr") - 1, page.tags.count("li")
    assert len(text.encode()) < MAX_BYTES
    assert rows == changes or f"{changes - rows} more rows" in text
    assert rows >= min(changes, 2000)
    assert items == changes or f"And {changes - items + 1} more errors" in page.text
    if names > 100:
        (cut,) = re.findall(r"each list has at most (\d+) names", text) or ["0"]
        assert re.findall(r"\+ (\d+) more", page.text) == [str(names - int(cut))] * (
            rows if int(cut) else 0
        )
        assert "The output `plan-file` has all of them." in text


def test_a_smaller_limit_is_kept() -> None:
    """A comment can be shorter than a summary."""
    changes = tuple(replace(CHANGE, registry=f"ACR{number}") for number in range(500))
    plan = Plan(changes, at=NOW)

    text = render_report(build_report("plan", plan, planned_outcomes(plan)), 65_536)

    assert 50_000 < len(text.encode()) < 65_536
    assert " more rows; lists without names. The output `plan-file` has all of them." in text
    assert f"Plan digest: `{plan.digest}`\n" in text


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("number", [1, 30])
def test_text_from_outside_is_escaped_in_the_summary(text: str, number: int) -> None:
    """A reason, an error, a name, a source and a note each stay in their cell."""
    credential = Credential("ACR", text, Source(file=text or "x"), Source(file=text or "x"))
    note = Note("warning", text, Location(text, 1, text))
    change = Change(
        Organization(text),
        text,
        "rotate",
        text,
        credential=credential,
        added=(text,) * number,
        removed=(text,),
        selected_by=((text, text),),
        stored_at=NOW,
    )
    plan = Plan((change, replace(change, action="none")), at=NOW)
    outcomes = [Outcome(change, "failed", text) for change in plan.changes]

    page = rendered(render_summary("apply", plan, outcomes, [note]))

    assert (page.tags.count("h3"), page.tags.count("table"), page.tags.count("li")) == (1, 2, 1)
    assert page.tags.count("td") == page.tags.count("th") == 2 * (len(COLUMNS) - 2)
    assert page.tags.count("details") == page.tags.count("summary") == (1 if number == 1 else 3)
    assert_means_nothing(page, *SUMMARY_TAGS)


def test_a_list_that_is_cut_says_how_many_are_left_out() -> None:
    """Of the repositories that lose access, as of those that gain it."""
    names = tuple(f"octo-org/svc-{number:04}" for number in range(1500))
    (change,) = report_plan(Plan((replace(CHANGE, added=(), removed=names),)))

    table = render_table([change], NOW, 20_000, "The log has all.")

    assert "`svc-0999`<br>− 500 more</details>" in table  # noqa: RUF001
    assert table.endswith("\neach list has at most 1000 names. The log has all.\n")


def test_a_long_message_is_cut() -> None:
    """An error can have a body of any length."""
    note = Note("error", "no " * 5000)
    (line,) = [t for t in summary(CHANGE, problems=(note,)).splitlines() if "no no" in t]

    assert line.count("no ") == 1333
    assert line.endswith("no `n…`")
