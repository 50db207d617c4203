"""`devcontainer: true` gives access to the repositories whose dev containers pull from a registry."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path

import pytest

from command_line import CommandLine, install, signed_in
from github_sandbox import Sandbox, World
from sandboxed_action import ACR_SPEC, TOKEN, Action, stored_triplet

ORGANIZATION = "organization:octo-org"
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
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
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
    lists = {secret.repositories for secret in world.secrets(ORGANIZATION).values()}
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


def add_mixture(world: World, count: int) -> dict[str, set[str]]:
    """Add repositories of ten kinds, and return the names of each kind."""
    compose = {"dockerComposeFile": "../compose.yml", "service": "app"}
    dockerfile = {"build": {"dockerfile": "../docker/Dockerfile"}}
    # What each kind has: its devcontainer.json, and other files.
    kinds: dict[str, tuple[object, dict[str, str]]] = {
        "image": (IMAGE, {}),
        "public": (PUBLIC, {}),
        "dockerfile": (dockerfile, {"docker/Dockerfile": f"FROM {SERVER}/team/app\n"}),
        "compose": (compose, {"compose.yml": f"services: {{app: {{image: {SERVER}/app}}}}"}),
        "feature": ({**PUBLIC, "features": {f"{SERVER}/team/tool:1": {}}}, {}),
        "other": ({"image": "quay.io/team/app"}, {}),
        "unreadable": ("{image", {}),
        "archived": (IMAGE, {}),
        "none": (None, {}),
        "empty": (None, {}),
    }
    names: dict[str, set[str]] = {kind: set() for kind in kinds}
    for number, kind in zip(range(count), cycle(kinds), strict=False):
        name = f"repo-{number:04}-{kind}"
        names[kind].add(name)
        world.add_repository(f"octo-org/{name}", archived=kind == "archived")
        configuration, files = kinds[kind]
        if configuration is not None:
            text = configuration if isinstance(configuration, str) else json.dumps(configuration)
            files = {**files, ".devcontainer/devcontainer.json": text}
        if kind == "none":
            files = {"README.md": "nothing"}
        world.put_files(f"octo-org/{name}", files)
    return names


@pytest.mark.slow  # 1,000 repositories are read three times
def test_an_organization_from_its_first_plan_to_doctor(
    world: World,
    sandbox: Sandbox,
    action: Action,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """1,000 repositories of all kinds: few requests, one notice, and no write the second time."""
    kinds = add_mixture(world, 1000)
    listed = "repo-0006-unreadable"
    stored_triplet(world, ORGANIZATION, visibility="selected", repositories=[f"octo-org/{listed}"])
    needed = kinds["image"] | kinds["dockerfile"] | kinds["compose"] | kinds["feature"]

    assert action.run_in_process(SPEC, ENV, mode="plan") == 0
    out = capsys.readouterr().out
    assert out.count("without a triplet of this spec") == 1
    assert "100 repositories pull from quay.io without a triplet of this spec for it" in out
    assert "and 95 more pull from mycompany.azurecr.io: .devcontainer/devcontainer.json: is" in out
    assert queries(sandbox) <= 40
    assert len(sandbox.exchanges) <= 60

    assert action.run_in_process(SPEC, ENV) == 0
    assert selected(world) == needed | {listed}
    sandbox.clear_exchanges()
    assert action.run_in_process(SPEC, ENV) == 0
    writes = [e for e in sandbox.exchanges if e.method != "GET" and e.path != "/graphql"]
    assert writes == []

    (tmp_path / "wheel").mkdir()
    command = signed_in(CommandLine(install(tmp_path / "wheel"), tmp_path), sandbox)
    (tmp_path / "spec.yml").write_text(SPEC)
    for name, code, line in (
        ("repo-0002-dockerfile", 0, f"  {SERVER}/team/app: ACR, a codespace can log in\n"),
        ("repo-0004-feature", 0, f"  {SERVER}/team/tool: ACR, a codespace can log in\n"),
        ("repo-0005-other", 0, "  quay.io/team/app: no triplet has the server quay.io\n"),
        (listed, 0, "  warning: .devcontainer/devcontainer.json: is not valid JSON"),
        ("repo-0009-empty", 1, "ACR: a codespace cannot log in"),
    ):
        result = command.run("doctor", f"octo-org/{name}", "--spec-file", "spec.yml")
        assert (result.code, result.err) == (code, ""), name
        assert line.replace("ACR: a", f"ACR ({SERVER}): a") in result.out, name
