"""Find the pages of a list, and check that none is repeated or incomplete.

Source: "Using pagination in the REST API", docs.github.com: the `Link` header names the next page
and the last one, by their numbers if the list has numbered pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from codespaces_registry_secrets.errors import GitHubError, PartialListError
from codespaces_registry_secrets.github.transport import guard_parsing

T = TypeVar("T")

# At 100 items a page; an organization has at most 100,000 repositories.
MAX_PAGES = 2_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page of a list, parsed: the JSON body would take ten times the memory.

    `item_keys` identify its items.
    """

    headers: Mapping[str, str]
    item_keys: frozenset[object]
    content: T


@guard_parsing()
def next_url(headers: Mapping[str, str]) -> str | None:
    """The URL of the next page, None after the last one."""
    return _links(headers).get("next")


@guard_parsing()
def later_urls(headers: Mapping[str, str]) -> list[str]:
    """The URLs of all pages after the first, by its headers; empty if the pages have no numbers.

    Raises:
        GitHubError: there are more than MAX_PAGES.
    """
    url, total = _links(headers).get("last", ""), 0
    query = dict(parse_qsl(urlsplit(url).query))
    number = query.get("page", "")
    if number.isascii() and number.isdigit():
        total = int(number)
    check_page_count(total)
    return [
        urlunsplit(urlsplit(url)._replace(query=urlencode({**query, "page": str(number)})))
        for number in range(2, total + 1)
    ]


def _links(headers: Mapping[str, str]) -> Mapping[str, str]:
    links = requests.utils.parse_header_links(headers.get("link", ""))
    return {link.get("rel", ""): link["url"] for link in links}


def check_page_count(count: int) -> None:
    """Stop at MAX_PAGES, because a response must not make a run read forever.

    Raises:
        GitHubError: no list of GitHub's can have `count` pages.
    """
    if count > MAX_PAGES:
        raise GitHubError(f"GitHub's list has more than {MAX_PAGES:,} pages, so it was not read")


def check_pages_complete(pages: Iterable[Page[T]]) -> Iterator[T]:
    """Yield the content of each page in order, and check that the list is complete.

    Items can move to the next page while a list is read, so two pages can share some. A page with
    no new item is a repeated page, and another one is missing.

    Raises:
        PartialListError: GitHub says that it leaves something out.
        GitHubError: GitHub returned a page twice.
    """
    keys_read: set[object] = set()
    for page in pages:
        if page.headers.get("x-github-sso", "").startswith("partial-results"):
            message = (
                "GitHub returned only a part of the list, because the token is not authorized for "
                "single sign-on in every organization; authorize it, and run again"
            )
            raise PartialListError(message)
        if page.item_keys and page.item_keys <= keys_read:
            raise GitHubError("GitHub returned a page of the list twice; run again")
        keys_read |= page.item_keys
        yield page.content


@guard_parsing()
def item_keys(body: object) -> frozenset[object]:
    """Identify the items of a page; empty if the body is not a page."""
    values = body.values() if isinstance(body, dict) else [body]
    items = next((value for value in values if isinstance(value, list)), [])
    return frozenset(
        (item.get("id"), item.get("repository_id"), item.get("name"))
        for item in items
        if isinstance(item, dict)
    )
