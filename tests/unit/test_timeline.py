"""The Mermaid chart of ages and expiries."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from codespaces_registry_secrets.report.reported_change import ReportedChange
from codespaces_registry_secrets.report.timeline import MAX_BARS, render_timeline
from rendering import HOSTILE

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
STORED = ReportedChange(
    "organization:octo-org",
    "ACR",
    "none",
    "unchanged",
    stored_at=NOW - timedelta(days=42),
    expires=NOW + timedelta(days=30),
)


def tasks(*changes: ReportedChange) -> list[str]:
    lines = render_timeline(changes, NOW).splitlines()
    return [line.strip() for line in lines if " :" in line]


def test_a_credential_has_a_bar_for_its_age_and_one_for_its_rest() -> None:
    assert tasks(STORED) == [
        "organization octo-org stored 42d ago :done, 2025-12-21, 2026-02-01",
        "organization octo-org expires in 30d :2026-02-01, 2026-03-03",
    ]


@pytest.mark.parametrize(
    ("days", "task"),
    [
        (10, "organization octo-org expires in 10d :crit, 2026-02-01, 2026-02-11"),
        (-5, "organization octo-org expired 5d ago :crit, 2026-01-27, 2026-02-01"),
        (0, "organization octo-org expires today :crit, 2026-02-01, 2026-02-02"),
    ],
)
def test_a_near_expiry_is_critical(days: int, task: str) -> None:
    assert tasks(replace(STORED, expires=NOW + timedelta(days=days)))[1] == task


def test_what_a_run_wrote_is_stored_today() -> None:
    rotated = replace(STORED, action="rotate", status="applied", expires=None)

    assert tasks(rotated) == ["organization octo-org stored today :done, 2026-02-01, 2026-02-02"]


def test_targets_with_equal_days_share_a_bar() -> None:
    changes = [replace(STORED, target=f"repository:octo-org/svc-{n}") for n in range(40)]

    assert tasks(*changes)[0].startswith("40 targets stored 42d ago :done, ")


@pytest.mark.parametrize(
    "change",
    [
        replace(STORED, stored_at=None, expires=None),
        replace(STORED, action="delete", status="applied"),
    ],
)
def test_without_a_date_there_is_no_chart(change: ReportedChange) -> None:
    """A deleted triplet has none either."""
    assert render_timeline([change], NOW) == ""


def test_the_most_urgent_bars_are_drawn_and_the_others_counted() -> None:
    changes = [
        replace(STORED, target=f"user:u{n}", expires=NOW + timedelta(days=n)) for n in range(50)
    ]

    text = render_timeline(reversed(changes), NOW)

    assert re.findall(r"user u(\d+) stored", text) == [str(n) for n in range(MAX_BARS)]
    assert f"oldest; {50 - MAX_BARS} more are not drawn." in text


@pytest.mark.parametrize(
    ("days", "ticks"), [(20, "1week"), (60, "1week"), (200, "1month"), (1000, "4month")]
)
def test_the_dates_of_the_axis_have_space(days: int, ticks: str) -> None:
    chart = render_timeline(
        [replace(STORED, stored_at=NOW, expires=NOW + timedelta(days=days))], NOW
    )

    assert f"    tickInterval {ticks}\n" in chart


@pytest.mark.parametrize(
    "text", [*HOSTILE, "section", "title x", "click x href y", "%%{init: {}}%%"]
)
def test_text_from_outside_adds_no_statement(text: str) -> None:
    """Each line begins with a word of our own."""
    changes = [replace(STORED, target=target, registry=text) for target in (text, f"user:{text}")]

    chart = render_timeline(changes, NOW)

    lines = chart.removeprefix("```mermaid\n").removesuffix("\n```\n").splitlines()
    assert lines[1] == "gantt"
    assert lines[6] == "    todayMarker off"
    for line in lines[7:]:
        assert re.fullmatch(
            r"    (section [\w./-]+|(2 targets|user|target)( [\w./-]+)? (stored|expires) [\w ]+ :(\w+, )?[\d-]+, [\d-]+)",
            line,
            re.ASCII,
        )
