"""docs/start.md: its commands print what the page shows, and end with a repository that works."""

from __future__ import annotations

import re

import pytest

from command_line import CommandLine
from github_sandbox import Sandbox, World
from page_reader import PASSWORD, REPOSITORY, Reader, create_world, reachable_registry
from repo.documents import PAGES
from sandboxed_action import TRIPLET

PAGE = PAGES["start.md"]


@pytest.fixture
def world() -> World:
    return create_world()


def test_the_commands_of_the_page_print_what_it_shows(
    cli: CommandLine, sandbox: Sandbox, world: World
) -> None:
    """From `init` to the first run of the workflow, with a login to the registry."""
    with reachable_registry(cli.folder) as network:
        assert Reader(cli, sandbox, network).follow(PAGE) == PAGE
    secrets = world.secrets(f"repository:{REPOSITORY}")
    assert secrets.keys() == set(TRIPLET)
    assert PASSWORD not in PAGE


def test_the_page_creates_the_secrets_that_init_names() -> None:
    """With the same commands, in the same order."""
    shown = re.findall(r"^ +(gh secret set \w+)$", PAGE, re.MULTILINE)
    assert shown
    assert re.findall(r"^(gh secret set \w+)$", PAGE, re.MULTILINE) == shown


def test_the_page_shows_every_step() -> None:
    """A command that is deleted from the page is no longer run by the test above."""
    commands = re.findall(r"^\$ codespaces-registry-secrets (\w+)", PAGE, re.MULTILINE)
    assert commands == ["init", "validate", "plan", "apply", "check", "doctor"]
    assert re.findall("log of the mode (.+) -->", PAGE) == ["plan", "apply"]
