from __future__ import annotations

import pytest

from contract.sandbox_client import Client
from github_sandbox import Fault, Sandbox, World
from github_sandbox.faults import Repeat


def pages(client: Client, most: int = 5) -> list[list[str]]:
    """The names of the organization's repositories, page by page, as `Link` leads."""
    url = "/orgs/octo-org/repos?per_page=100"
    found: list[list[str]] = []
    while url and len(found) < most:
        answer = client.get(url)
        found.append([one["name"] for one in answer.json()])
        url = answer.links.get("next", {}).get("url", "").removeprefix(client.url)
    return found


def test_pages_may_be_short(world: World, client: Client) -> None:
    """Whatever is asked for, so that few items make many pages."""
    world.max_per_page = 3
    assert pages(client) == [["old", "docs", "web"], ["api"]]


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("itself", [["old", "docs"]] * 5),
        ("items", [["old", "docs"]] * 2),
        ("forever", [["old", "docs"]] * 5),
    ],
)
def test_pages_may_repeat(
    sandbox: Sandbox, client: Client, world: World, how: Repeat, expected: list[list[str]]
) -> None:
    """Without an end, or with a page in place of another."""
    world.max_per_page = 2
    sandbox.fail(Fault("GET", status=None, repeat=how, times=None))
    assert pages(client) == expected
    asked = [one.query.get("page", "1") for one in sandbox.exchanges]
    assert asked == {"itself": ["1"] * 5, "items": ["1", "2"]}.get(how, list("12345"))
