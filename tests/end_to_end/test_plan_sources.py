"""The plan shows the server and the sources of each change, without values."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from github_sandbox import World
from runner import Step
from sandboxed_action import Action, stored_triplet

SPEC = """
version: 1
defaults:
  targets: [{repository: octo-org/app}]
registries:
  - id: ENV
    registry: acr
    name: mycompany
    username: literal-user
    password: {env: ENV_PASSWORD}
  - id: SECRET
    registry: ghcr
    username: {env: GHCR_USER}
    password: {secret: GHCR_TOKEN}
  - id: FILE
    registry: dockerhub
    username: {file: user}
    password: {file: "a | b.txt"}
  - id: BLOCKED
    server: registry.example.com:5000
    username: {env: GHCR_USER}
    password: {env: ENV_PASSWORD}
    targets: [{repository: octo-org/absent}]
  - id: ACCESS
    targets: [{organization: octo-org, repositories: [app]}]
"""
ENVIRONMENT = {
    "ENV_PASSWORD": "pass-word",
    "GHCR_TOKEN": "token-of-ghcr",
    "GHCR_USER": "user-of-ghcr",
}
ACTIONS = {"access", "blocked", "create", "delete"}
HUB = "https://index.docker.io/v1/"


@pytest.fixture
def step(world: World, action: Action) -> Step:
    """A plan with every kind of source except `input`, and a triplet that is not in the spec."""
    stored_triplet(world, "repository:octo-org/app", registry="OLD")
    stored_triplet(world, "organization:octo-org", registry="ACCESS", visibility="selected")
    (action.workspace / "user").write_text("user-of-hub")
    (action.workspace / "a | b.txt").write_text("password-of-hub")
    return action.step(SPEC, ENVIRONMENT, mode="plan", prune="true")


def changes_by_registry(step: Step) -> dict[str, dict[str, Any]]:
    """Return the changes of the JSON plan by registry."""
    return {change["registry"]: change for change in json.loads(step.outputs["plan"])["changes"]}


def test_the_json_plan_has_server_and_sources(step: Step) -> None:
    """A literal user name has no source, and a deletion has neither server nor sources."""
    origins = {
        registry: (change["server"], change["sources"])
        for registry, change in changes_by_registry(step).items()
    }
    assert origins == {
        "ENV": ("mycompany.azurecr.io", {"username": None, "password": "env:ENV_PASSWORD"}),
        "SECRET": ("ghcr.io", {"username": "env:GHCR_USER", "password": "secret:GHCR_TOKEN"}),
        "FILE": (HUB, {"username": "file:user", "password": "file:a | b.txt"}),
        "BLOCKED": (
            "registry.example.com:5000",
            {"username": "env:GHCR_USER", "password": "env:ENV_PASSWORD"},
        ),
        "ACCESS": (None, {"username": None, "password": None}),
        "OLD": (None, {"username": None, "password": None}),
    }
    assert changes_by_registry(step)["BLOCKED"]["action"] == "blocked"


def test_a_line_of_the_log_has_server_and_sources(step: Step) -> None:
    """They are after the reason."""
    changes = [line.split(maxsplit=2) for line in step.log.splitlines() if line.startswith("  ")]
    lines = {rest.partition(" at ")[0]: rest for _, action, rest in changes if action in ACTIONS}
    assert lines["ENV"].endswith(" (mycompany.azurecr.io, password from env:ENV_PASSWORD)")
    origin = "(ghcr.io, username from env:GHCR_USER, password from secret:GHCR_TOKEN)"
    assert lines["SECRET"].endswith(origin)
    assert lines["FILE"].endswith(f"({HUB}, username from file:user, password from file:a | b.txt)")
    assert "(registry.example.com:5000, username from env:GHCR_USER, " in lines["BLOCKED"]
    assert lines["OLD"].endswith("the spec does not name it")


def test_a_row_of_the_summary_has_server_and_sources(step: Step) -> None:
    """In a cell of their own."""
    rows = {
        match[1]: line
        for line in step.summary.splitlines()
        if (match := re.search(r"<br>`(\w+)` \|", line))
    }
    assert "| `mycompany.azurecr.io`<br>password from `env:ENV_PASSWORD` |" in rows["ENV"]
    origin = "`ghcr.io`<br>username from `env:GHCR_USER`<br>password from `secret:GHCR_TOKEN` |"
    assert origin in rows["SECRET"]
    assert "| `registry.example.com:5000`<br>" in rows["BLOCKED"]
    assert "`OLD` |  |  | today |" in rows["OLD"]


def test_the_sources_of_the_shorthand_are_its_inputs(action: Action) -> None:
    """Inputs are sources too."""
    step = action.step(mode="plan", id="ghcr", registry="ghcr", username="me", password="pass-word")

    assert changes_by_registry(step)["GHCR"]["sources"] == {
        "username": "input:username",
        "password": "input:password",
    }


def test_no_value_of_a_source_is_in_the_output(step: Step) -> None:
    """Neither passwords nor user names."""
    output = step.log + step.summary + step.outputs["plan"]
    for value in (*ENVIRONMENT.values(), "user-of-hub", "password-of-hub", "literal-user"):
        assert value not in output
