"""docs/migrate.md: `import` prints what the page shows, and its spec has no changes."""

from __future__ import annotations

import re

import pytest

from command_line import CommandLine
from github_sandbox import Sandbox, World
from page_reader import NOW, Reader
from repo.documents import PAGES
from sandboxed_action import TOKEN, stored_triplet

PAGE = PAGES["migrate.md"]


@pytest.fixture
def world() -> World:
    """A triplet of an organization with a list, and one of a repository."""
    world = World(now=lambda: NOW)
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    names = [f"octo-org/{name}" for name in ("api", "svc-billing")]
    for name in (*names, "octo-org/app", "octo-org/web"):
        world.add_repository(name)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    stored_triplet(world, "organization:octo-org", visibility="selected", repositories=names)
    stored_triplet(world, "repository:octo-org/web", registry="DOCKER")
    world.put_secret("repository:octo-org/web", "NPM_TOKEN", b"of no triplet")
    return world


def test_the_commands_of_the_page_print_what_it_shows(cli: CommandLine, sandbox: Sandbox) -> None:
    """`import`, and then a plan without changes."""
    assert Reader(cli, sandbox).follow(PAGE) == PAGE
    assert "Plan: no changes, 2 unchanged." in PAGE
    assert not sandbox.writes


def test_every_way_has_the_same_parts() -> None:
    """What the reader has, what changes, the steps, and how to go back."""
    ways = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    ways = [way for way in ways if way.startswith("From ")]
    assert len(ways) == 3
    for way in ways:
        parts = re.findall(r"^\*\*([\w ]+)\.\*\*", way, re.MULTILINE)
        assert parts == ["What you have", "What changes", "Steps", "Back"]
