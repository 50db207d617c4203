"""Pages of a list: which ones follow, and which lists are incomplete."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from codespaces_registry_secrets.errors import GitHubError, PartialListError
from codespaces_registry_secrets.github.pagination import (
    MAX_PAGES,
    Page,
    check_page_count,
    check_pages_complete,
    item_keys,
    later_urls,
    next_url,
)

URL = "https://api.github.com/orgs/o/repos"


def link(**pages: str) -> Mapping[str, str]:
    """The `Link` header of a page, by the relation and query of the other pages."""
    return {
        "link": ", ".join(
            f'<{URL}?per_page=100&{page}>; rel="{rel}"' for rel, page in pages.items()
        )
    }


def page(*ids: int) -> Page[tuple[int, ...]]:
    """A page of repositories."""
    return Page({}, item_keys([{"id": number} for number in ids]), ids)


def test_the_later_pages_follow_from_the_first() -> None:
    """The `Link` header has the number of the last page."""
    headers = link(next="page=2", last="page=4")
    assert next_url(headers) == f"{URL}?per_page=100&page=2"
    assert later_urls(headers) == [f"{URL}?per_page=100&page={number}" for number in (2, 3, 4)]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        link(next="page=2"),
        link(next="after=Y3Vyc29y", last="after=bGFzdA"),
        link(prev="page=1", last="page=1"),
    ],
    ids=["one page", "no last", "cursors", "is the last page"],
)
def test_no_later_pages_without_their_number(headers: Mapping[str, str]) -> None:
    """Such pages are read one after the other: each names the next."""
    assert later_urls(headers) == []


def test_items_can_move_to_the_next_page() -> None:
    """A page can repeat items of an earlier page, if it also has new ones."""
    assert list(check_pages_complete([page(1, 2), page(2, 3)])) == [(1, 2), (2, 3)]


def test_a_repeated_page_is_an_error() -> None:
    """Another page is missing then."""
    with pytest.raises(GitHubError, match="a page of the list twice"):
        list(check_pages_complete([page(1, 2), page(3, 4), page(2, 1)]))


def test_a_partial_list_is_an_error() -> None:
    """At the page that says so; no later page is read."""

    def pages() -> Iterator[Page[tuple[int, ...]]]:
        yield page(1)
        yield Page({"x-github-sso": "partial-results; organizations=1"}, frozenset(), ())
        raise AssertionError

    with pytest.raises(PartialListError):
        list(check_pages_complete(pages()))


def test_a_list_of_more_pages_than_github_can_have_is_an_error() -> None:
    """A response must not make a run read forever."""
    check_page_count(MAX_PAGES)
    with pytest.raises(GitHubError, match=f"more than {MAX_PAGES:,} pages, so it was not read"):
        check_page_count(MAX_PAGES + 1)
