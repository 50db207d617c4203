"""Connect to a server whose address is in the spec, and read its lists page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

import requests

from codespaces_registry_secrets.generate.addresses import safe_url
from codespaces_registry_secrets.generate.api import Api, ErrorAdvice, Task
from codespaces_registry_secrets.generate.http import IssuerClient
from codespaces_registry_secrets.generate.issuer import IssuerContext, IssuerError
from codespaces_registry_secrets.verify.http import host_of

PAGE_SIZE = 100  # the most that GitLab and Harbor allow
MAX_PAGES = 1_000


def connect(
    client: IssuerClient,
    context: IssuerContext,
    *,
    headers: Mapping[str, str],
    advice: Mapping[int, str],
) -> Api:
    """The API of the server at the option `url`.

    `headers` identify the user. `advice` says what to do about a status.

    Raises:
        IssuerError: the URL is not safe.
    """
    errors = ErrorAdvice(
        lambda response, _: advice.get(response.status, ""),
        otherwise="check `generate` in the spec",
        unexpected="check that `generate.url` is the address of its web pages",
        redirected="check `generate.url`, and whether the project was moved",
    )
    url = safe_url(context.generator.option("url"), "`generate.url`")
    return Api(client, url, errors, headers=lambda: headers)


def read_pages(
    api: Api, task: Task, url: str, query: Mapping[str, str], size_key: str
) -> Iterator[list[Any]]:
    """Read all pages of a list. `size_key` names the parameter for the size of a page.

    The address of the next page is not taken from the response, because it could lead to another
    host. A server can limit a page to fewer items than requested, so a page that is not full is the
    last one only if no header names another.

    Raises:
        IssuerError: a page is no list, repeats another, or there are too many.
    """
    seen = set[str]()
    for number in range(1, MAX_PAGES + 1):
        page = urlencode({**query, "page": number, size_key: PAGE_SIZE})
        response = api.read(task, f"{url}?{page}")
        # Harbor returns `null` for an empty list.
        items = [] if response.body.strip() == b"null" else response.json
        if not isinstance(items, list):
            raise api.unexpected(task)
        ids = {str(item.get("id")) if isinstance(item, dict) else "" for item in items}
        if ids and ids <= seen:
            raise IssuerError(task.failure(f"{host_of(url)} returned a page twice", "run again"))
        seen.update(ids)
        yield items
        if not items or (len(items) < PAGE_SIZE and not _has_next(response.headers)):
            return
    raise IssuerError(task.failure(f"the list has more than {MAX_PAGES:,} pages"))


def _has_next(headers: Mapping[str, str]) -> bool:
    """Whether `X-Next-Page` (GitLab) or `Link` (both) names another page."""
    links = requests.utils.parse_header_links(headers.get("Link", ""))
    return bool(headers.get("X-Next-Page")) or any(link.get("rel") == "next" for link in links)
