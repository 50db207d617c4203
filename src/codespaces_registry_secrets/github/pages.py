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

T = TypeVar("T")


@dataclass(frozen=True)
class Page(Generic[T]):
    """A page in the shape of its `content`: the body would take ten times the memory.

    `listed` is what its items are told apart by.
    """

    headers: Mapping[str, str]
    listed: frozenset[object]
    content: T


def following(headers: Mapping[str, str]) -> str | None:
    """The URL of the next page."""
    return _links(headers).get("next")


def later(headers: Mapping[str, str]) -> list[str]:
    """The URLs of all pages after the first, whose headers these are; none where it cannot say."""
    url, total = _links(headers).get("last", ""), 0
    query = dict(parse_qsl(urlsplit(url).query))
    if query.get("page", "").isdigit():
        total = int(query["page"])
    return [
        urlunsplit(urlsplit(url)._replace(query=urlencode({**query, "page": str(number)})))
        for number in range(2, total + 1)
    ]


def whole(pages: Iterable[Page[T]]) -> Iterator[T]:
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
        if page.listed and page.listed <= seen:
            raise GitHubError("a page of GitHub's list came twice, and another not; run again")
        seen |= page.listed
        yield page.content


def _links(headers: Mapping[str, str]) -> Mapping[str, str]:
    links = requests.utils.parse_header_links(headers.get("link", ""))
    return {link.get("rel", ""): link["url"] for link in links}


def listed(body: object) -> frozenset[object]:
    """What the items of a page are told apart by; nothing for what is no page."""
    values = body.values() if isinstance(body, dict) else [body]
    items = next((value for value in values if isinstance(value, list)), [])
    return frozenset(
        (item.get("id"), item.get("repository_id"), item.get("name"))
        for item in items
        if isinstance(item, dict)
    )
