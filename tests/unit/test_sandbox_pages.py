"""Page sizes and pagination faults of the sandbox."""

from __future__ import annotations

import pytest

from contract.sandbox_client import Client
from github_sandbox import Fault, Sandbox, World
from github_sandbox.faults import Repeat


def walk_pages(client: Client, limit: int = 5) -> list[list[str]]:
    """Follow the `Link` header; return the names of the organization's repositories by page."""
    url = "/orgs/octo-org/repos?per_page=100"
    names_by_page: list[list[str]] = []
    while url and len(names_by_page) < limit:
        response = client.get(url)
        names_by_page.append([repository["name"] for repository in response.json()])
        url = response.links.get("next", {}).get("url", "").removeprefix(client.url)
    return names_by_page


def test_pages_can_be_limited(world: World, client: Client) -> None:
    """A maximum below `per_page`, so that few items make many pages."""
    world.max_per_page = 3
    assert walk_pages(client) == [["old", "docs", "web"], ["api"]]


@pytest.mark.parametrize(
    ("repeat", "expected"),
    [
        ("itself", [["old", "docs"]] * 5),
        ("items", [["old", "docs"]] * 2),
        ("forever", [["old", "docs"]] * 5),
    ],
)
def test_pages_can_repeat(
    sandbox: Sandbox, client: Client, world: World, repeat: Repeat, expected: list[list[str]]
) -> None:
    """`itself` and `forever` never end; `items` repeats the previous page."""
    world.max_per_page = 2
    sandbox.fail(Fault("GET", status=None, repeat=repeat, times=None))
    assert walk_pages(client) == expected
    requested = [exchange.query.get("page", "1") for exchange in sandbox.exchanges]
    assert requested == {"itself": ["1"] * 5, "items": ["1", "2"]}.get(repeat, list("12345"))
