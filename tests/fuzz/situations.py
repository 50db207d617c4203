"""Runs that request every endpoint: those of the fault matrix, and one that reads much more."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

from end_to_end.faults.scenarios import ENVIRONMENT, SCENARIOS, Scenario, inputs, spec
from end_to_end.faults.state import build_world
from fuzz.runs import run_action
from github_app import private_pem
from github_sandbox import Sandbox, World
from sandboxed_action import JOB_TOKEN, TOKEN, stored_triplet

HOME = "home-org/app"
PASSWORD = "value-of-the-password-not-to-show"
ENV = {**ENVIRONMENT, "ACR_PASSWORD": PASSWORD}
READS_MUCH = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: new
    password: {secret: ACR_PASSWORD}
    targets:
      - organization: "home-*"
        repositories:
          include: ["*"]
          teams: [platform]
          devcontainer: true
"""
# Everything that an account or a repository stores, in a form that can be compared.
Stored = Mapping[tuple[str, str], tuple[bytes, str | None, frozenset[str]]]


@dataclass(frozen=True, eq=False)
class Situation:
    """A world, and the run against it. `targets` are those that it writes to."""

    name: str
    build: Callable[[], World]
    spec: str
    inputs: Mapping[str, str]
    targets: tuple[str, ...]
    mentions: tuple[str, ...]

    def stored(self, world: World) -> Stored:
        """The secrets of all targets."""
        return {
            (target, name): (secret.value, secret.visibility, frozenset(secret.repositories))
            for target in self.targets
            for name, secret in world.secrets(target).items()
        }


@dataclass(frozen=True)
class Baseline:
    """What a run without an alteration does: its endpoints, and what it stores.

    `readable` are the endpoints with a body.
    """

    endpoints: tuple[tuple[str, str], ...]
    readable: tuple[tuple[str, str], ...]
    before: Stored
    after: Stored


@cache
def baseline(situation: Situation) -> Baseline:
    """Run without an alteration."""
    world = situation.build()
    before = situation.stored(world)
    with Sandbox(world) as sandbox:
        run = run_action(sandbox, {**situation.inputs, "spec": situation.spec}, ENV)
        assert run.code == 0, run
        endpoints = {(one.method, one.path) for one in sandbox.exchanges}
        readable = {
            (one.method, one.path)
            for one in sandbox.exchanges
            if one.status in {200, 201} and one.received
        }
    return Baseline(
        tuple(sorted(endpoints)), tuple(sorted(readable)), before, situation.stored(world)
    )


def _of_matrix(scenario: Scenario) -> Situation:
    named = {name.replace("_", "-"): value for name, value in inputs(scenario).items()}
    target = scenario.target
    return Situation(
        scenario.name,
        partial(_build, scenario),
        spec(scenario, ()),
        named,
        scenario.at,
        (target, target.partition(":")[2].partition("/")[0]),
    )


def _build(scenario: Scenario) -> World:
    """The world of the matrix, whose half triplet has the password of these runs."""
    world = build_world(scenario, ())
    if "HALF" in scenario.registries:
        world.put_secret(scenario.target, "HALF_CONTAINER_REGISTRY_PASSWORD", PASSWORD.encode())
    return world


def _build_much() -> World:
    world = World()
    world.add_user("octocat")
    world.add_organization("home-org", plan="team", owners=("octocat",))
    for name in ("app", "web", "api", "docs"):
        world.add_repository(f"home-org/{name}", private=name != "docs")
    world.add_team("home-org", "platform", repositories=["home-org/docs"])
    image = {"image": "mycompany.azurecr.io/a"}
    world.put_file("home-org/web", ".devcontainer/devcontainer.json", json.dumps(image))
    build = {"build": {"dockerfile": "Dockerfile"}}
    world.put_file("home-org/api", ".devcontainer/devcontainer.json", json.dumps(build))
    world.put_file("home-org/api", ".devcontainer/Dockerfile", "FROM ubuntu\n")
    world.put_actions_secret("organization:home-org", "ACR_PASSWORD")
    world.put_variable(HOME, "REGISTRY_STATE", "")
    stored_triplet(
        world, "organization:home-org", visibility="selected", repositories=["home-org/app"]
    )
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org"))
    return world


MUCH = Situation(
    "dev containers, state and a glob",
    _build_much,
    READS_MUCH,
    {"state": "REGISTRY_STATE", "allowed-owners": "home-org"},
    ("organization:home-org",),
    ("home-", "REGISTRY_STATE"),
)
SITUATIONS = (*map(_of_matrix, SCENARIOS), MUCH)
# The values that no output can show.
VALUES = (TOKEN, JOB_TOKEN, PASSWORD, private_pem())
