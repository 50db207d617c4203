"""Summaries in Chromium: folds open, charts are drawn, nothing overflows, nothing is loaded."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.report.reported_change import ReportedChange
from codespaces_registry_secrets.report.summary import TITLE, Report, render_report
from codespaces_registry_secrets.report.timeline import MAX_BARS, render_timeline
from codespaces_registry_secrets.report.wording import headline
from rendering import HOSTILE
from summary_preview.browser import Theme, View, show

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)
LONG_NAME = f"repository:{'o' * 39}/{'r' * 100}"
CHANGE = ReportedChange(
    target="organization:octo-org",
    registry="ACR",
    action="rotate",
    status="planned",
    reason="its source was changed at 2026-01-31 09:30 UTC",
    server="mycompany.azurecr.io",
    sources=(("username", "env:ACR_USERNAME"), ("password", "secret:ACR_PASSWORD")),
    visibility=("private", "selected"),
    added=tuple(f"octo-org/svc-{number:03}" for number in range(40)),
    removed=("octo-org/playbooks",),
    stored_at=NOW - timedelta(days=45),
    expires=NOW + timedelta(days=60),
)
CHANGES = [
    CHANGE,
    replace(CHANGE, target=LONG_NAME, registry="R" * 60, expires=NOW + timedelta(days=900)),
    replace(CHANGE, target="user:octocat", status="failed", stored_at=None),
    replace(CHANGE, registry="GHCR", action="none", status="unchanged", expires=None),
]
WIDTHS_AND_THEMES: list[tuple[int, Theme]] = [
    (1280, "light"),
    (1280, "dark"),
    (390, "light"),
    (390, "dark"),
]


def summary(changes: list[ReportedChange]) -> str:
    notes = [Note("error", f"create ACR at {LONG_NAME}: GitHub returned 422; try it again")]
    return render_report(
        Report(f"{TITLE}: plan", headline("plan", changes), notes, changes, NOW, "0" * 64)
    )


# More bars than a chart can have, over several years.
MANY = [
    replace(
        CHANGE,
        registry=f"REGISTRY_{number % 4}",
        target=f"repository:octo-org/svc-{number}",
        stored_at=NOW - timedelta(days=30 * number),
        expires=NOW + timedelta(days=number * 20 - 30),
    )
    for number in range(MAX_BARS + 5)
]
TEXTS = [*HOSTILE, "section", "title x", "click x href y", "%%{init: {}}%%", "</code></pre>"]


@pytest.fixture(scope="module")
def pages() -> list[dict[str, Any]]:
    """All pages, in one browser because starting it takes a second or more."""
    text = summary(CHANGES)
    views = [View(text, width, theme, open=True) for width, theme in WIDTHS_AND_THEMES]
    views.append(View(render_timeline(MANY, NOW)))
    for hostile in TEXTS:
        change = replace(CHANGE, target=f"user:{hostile}", registry=hostile, reason=hostile)
        views.append(View(summary([replace(change, added=(hostile,) * 9)])))
    return show(views)


@pytest.fixture
def opened(pages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same summary at two widths, in two themes, with all folds opened."""
    return pages[: len(WIDTHS_AND_THEMES)]


def test_every_fold_opens(opened: list[dict[str, Any]]) -> None:
    """Three lists of repositories, the unchanged triplets, and the list of one of them."""
    assert [(page["folds"], page["open_folds"]) for page in opened] == [(5, 5)] * 4


def test_the_chart_is_drawn(opened: list[dict[str, Any]]) -> None:
    """Two bars for each credential, one if its age or expiry is unknown; no label is cut."""
    for page in opened:
        assert page["errors"] == []
        assert (page["charts"], page["bars"], page["cut_labels"]) == (1, 6, [])


def test_nothing_overflows(opened: list[dict[str, Any]]) -> None:
    """A wide table scrolls by itself, and the page does not."""
    for page in opened:
        assert (page["scrolls"], page["overflowing"]) == (False, [])


def test_a_full_chart_is_drawn(pages: list[dict[str, Any]]) -> None:
    page = pages[len(WIDTHS_AND_THEMES)]

    assert (page["errors"], page["cut_labels"]) == ([], [])
    assert (page["charts"], page["bars"]) == (1, 2 * MAX_BARS)


def test_text_from_outside_changes_no_chart_and_loads_nothing(pages: list[dict[str, Any]]) -> None:
    """No markup, no statement of Mermaid, no request, no dialog."""
    hostile_pages = pages[len(WIDTHS_AND_THEMES) + 1 :]

    assert len(hostile_pages) == len(TEXTS)
    for page in hostile_pages:
        assert page["errors"] == []
        assert (page["charts"], page["bars"], page["folds"]) == (1, 2, 1)
