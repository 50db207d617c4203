"""`devcontainer: true` gives access to the repositories whose dev containers pull from a registry."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import cycle

import pytest

from github_sandbox import Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, Action

SERVER = "mycompany.azurecr.io"
TARGET = """
    targets:
      - organization: octo-org
        repositories: {include: ["*"], devcontainer: true}
"""
SPEC = f"{ACR_SPEC}    rotate: missing{TARGET}"
IMAGE = {"image": f"{SERVER}/team/app:v1"}
PUBLIC = {"image": "mcr.microsoft.com/devcontainers/base:ubuntu"}
ENV = {"ACR_PASSWORD": "p"}


@pytest.fixture
def world() -> World:
    """An organization with a token that can do everything."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=["octocat"])
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    return world


def add(world: World, name: str, configuration: object = None, **files: str) -> None:
    """Add a repository of the organization with a devcontainer.json and other files."""
    world.add_repository(f"octo-org/{name}")
    world.put_files(f"octo-org/{name}", files)
    if configuration is not None:
        text = configuration if isinstance(configuration, str) else json.dumps(configuration)
        world.put_file(f"octo-org/{name}", ".devcontainer/devcontainer.json", text)


def selected(world: World) -> set[str]:
    """The selected repositories of the three secrets, without their owner."""
    lists = {secret.repositories for secret in world.secrets("organization:octo-org").values()}
    (names,) = lists
    return {name.removeprefix("octo-org/") for name in names}


def queries(sandbox: Sandbox) -> int:
    """The number of GraphQL queries so far."""
    return sum(exchange.path == "/graphql" for exchange in sandbox.exchanges)


def test_only_repositories_that_pull_from_the_registry_are_selected(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    add(world, "image", IMAGE)
    add(world, "public", PUBLIC)
    add(world, "none")
    world.add_repository("octo-org/empty")
    assert action.run_in_process(SPEC, ENV) == 0
    assert selected(world) == {"image"}
    sandbox.clear_exchanges()
    assert action.run_in_process(SPEC, ENV, mode="check") == 0
    assert queries(sandbox) == 1


def many(world: World, count: int) -> Iterable[str]:
    """Add repositories of six kinds; return those that need the registry."""
    dockerfile = {"build": {"dockerfile": "../docker/Dockerfile"}}
    compose = {"dockerComposeFile": "../compose.yml", "service": "app"}
    from_private = f"ARG TAG=v1\nFROM {SERVER}/team/app:$TAG\n"
    kinds = cycle(
        [
            (IMAGE, {}, True),
            (PUBLIC, {}, False),
            (dockerfile, {"docker/Dockerfile": from_private}, True),
            (dockerfile, {"docker/Dockerfile": "FROM debian\n"}, False),
            (compose, {"compose.yml": f"services: {{app: {{image: {SERVER}/app}}}}"}, True),
            (None, {}, False),
        ]
    )
    for number, (configuration, files, needed) in zip(range(count), kinds, strict=False):
        add(world, f"repo-{number:04}", configuration, **files)
        if needed:
            yield f"repo-{number:04}"


def test_a_thousand_repositories_take_at_most_40_queries(
    world: World, sandbox: Sandbox, action: Action
) -> None:
    needed = set(many(world, 1000))
    assert action.run_in_process(SPEC, ENV) == 0
    assert selected(world) == needed
    assert Counter(exchange.path for exchange in sandbox.exchanges)["/graphql"] <= 40
