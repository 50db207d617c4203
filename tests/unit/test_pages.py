"""Which pages of a list follow, and which must not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from codespaces_registry_secrets.errors import GitHubError, PartialListError
from codespaces_registry_secrets.github.pagination import (
    Page,
    check_pages_complete,
    item_keys,
    later_urls,
    next_url,
)

URL = "https://api.github.com/orgs/o/repos"


def link(**pages: str) -> Mapping[str, str]:
    """The header of an answer that knows of such other pages."""
    return {
        "link": ", ".join(
            f'<{URL}?per_page=100&{page}>; rel="{rel}"' for rel, page in pages.items()
        )
    }


def page(*ids: int) -> Page[tuple[int, ...]]:
    """A page of repositories."""
    return Page({}, item_keys([{"id": number} for number in ids]), ids)


def test_the_first_page_names_the_others() -> None:
    """By the number of the last one."""
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
    ids=["one page", "no last", "cursors", "the last itself"],
)
def test_where_it_cannot_none_are_named(headers: Mapping[str, str]) -> None:
    """They are then read one after the other, as far as each names the next."""
    assert later_urls(headers) == []


def test_the_items_of_a_list_may_move_while_it_is_read() -> None:
    """So a page may show again what another has shown, beside something new."""
    assert list(check_pages_complete([page(1, 2), page(2, 3)])) == [(1, 2), (2, 3)]


def test_a_page_that_comes_twice_is_an_error() -> None:
    """Another one would be missed."""
    with pytest.raises(GitHubError, match="came twice"):
        list(check_pages_complete([page(1, 2), page(3, 4), page(2, 1)]))


def test_a_list_that_is_cut_short_is_an_error() -> None:
    """At the page that says so; nothing more is asked for."""

    def pages() -> Iterator[Page[tuple[int, ...]]]:
        yield page(1)
        yield Page({"x-github-sso": "partial-results; organizations=1"}, frozenset(), ())
        raise AssertionError

    with pytest.raises(PartialListError):
        list(check_pages_complete(pages()))
