"""What the pictures of the documentation show, in both themes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import pytest

from summary_preview.browser import Theme, show
from summary_preview.pictures import run_all

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

NAMES = ("summary", "comment", "failures")
THEMES: tuple[Theme, ...] = get_args(Theme)


@pytest.fixture(scope="module")
def pages() -> dict[tuple[str, Theme], dict[str, Any]]:
    """What was measured, by picture and theme; the runs are those of `script/pictures`."""
    shown = [(name, view, theme) for name, view in run_all().items() for theme in THEMES]
    measured = show([replace(view, theme=theme) for _, view, theme in shown])
    return {(name, theme): page for (name, _, theme), page in zip(shown, measured, strict=True)}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("theme", THEMES)
def test_nothing_is_cut(
    pages: dict[tuple[str, Theme], dict[str, Any]], name: str, theme: Theme
) -> None:
    """No text leaves the picture, its tables or its chart."""
    page = pages[name, theme]
    assert (page["errors"], page["scrolls"], page["overflowing"]) == ([], False, [])
    assert (page["wide_tables"], page["cut_labels"], page["charts"]) == (0, [], 1)


def test_the_marker_of_the_comment_is_not_seen(
    pages: dict[tuple[str, Theme], dict[str, Any]],
) -> None:
    """Only the title names the project; the marker is an HTML comment."""
    for theme in THEMES:
        text = pages["comment", theme]["text"]
        assert text.startswith("github-actions bot commented now\n")
        assert "codespaces-registry-secrets" not in text
        assert "Plan: 1 access change, 1 blocked, 2 unchanged." in text


def test_the_failures_are_at_the_top(pages: dict[tuple[str, Theme], dict[str, Any]]) -> None:
    """The picture shows one error of each kind: of GitHub, and of a credential."""
    text = pages["failures", "light"]["text"]
    assert text.count("Error ") == 2
    assert "the credential expired" in text
    assert "GitHub returned 422" in text
