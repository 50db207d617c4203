"""The pages of a list: which follow, and whether one came twice. Pure.

Source: "Using pagination in the REST API", docs.github.com: `Link` names the next page and the
last, by their numbers where the list has numbered pages.
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
MOST_PAGES = 2_000


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page in the shape of its `content`: the body would take ten times the memory.

    `listed` is what its items are told apart by.
    """

    headers: Mapping[str, str]
    item_keys: frozenset[object]
    content: T


@guard_parsing()
def next_url(headers: Mapping[str, str]) -> str | None:
    """The URL of the next page."""
    return _links(headers).get("next")


@guard_parsing()
def later_urls(headers: Mapping[str, str]) -> list[str]:
    """The URLs of all pages after the first, whose headers these are; none where it cannot say.

    Raises:
        GitHubError: there are more than a list of GitHub's can have.
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


def check_page_count(number: int) -> None:
    """An answer must not make a run read for ever.

    Raises:
        GitHubError: so many pages are more than a list of GitHub's can have.
    """
    if number > MOST_PAGES:
        raise GitHubError(f"GitHub's list has more than {MOST_PAGES:,} pages, so it was not read")


def check_pages_complete(pages: Iterable[Page[T]]) -> Iterator[T]:
    """What is on the pages, in order.

    Items may move to the next page while a list is read; a page with nothing else on it is none
    that follows.

    Raises:
        PartialListError: GitHub says that it leaves something out.
        GitHubError: a page came twice.
    """
    seen: set[object] = set()
    for page in pages:
        if page.headers.get("x-github-sso", "").startswith("partial-results"):
            message = (
                "GitHub shows only a part of the list, since the token is not authorized for "
                "single sign-on everywhere; authorize it, and run again"
            )
            raise PartialListError(message)
        if page.item_keys and page.item_keys <= seen:
            raise GitHubError("a page of GitHub's list came twice, and another not; run again")
        seen |= page.item_keys
        yield page.content


def _links(headers: Mapping[str, str]) -> Mapping[str, str]:
    links = requests.utils.parse_header_links(headers.get("link", ""))
    return {link.get("rel", ""): link["url"] for link in links}


@guard_parsing()
def item_keys(body: object) -> frozenset[object]:
    """What the items of a page are told apart by; nothing for what is no page."""
    values = body.values() if isinstance(body, dict) else [body]
    items = next((value for value in values if isinstance(value, list)), [])
    return frozenset(
        (item.get("id"), item.get("repository_id"), item.get("name"))
        for item in items
        if isinstance(item, dict)
    )
