"""action.yml agrees with the code."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from codespaces_registry_secrets.inputs.action_inputs import Inputs, Mode, Verify
from codespaces_registry_secrets.model.fields import RotateWhen, Source
from github_sandbox import Sandbox, World
from repo.documents import ACTION
from runner_environment import input_variables
from sandboxed_action import TOKEN, Action

FIELDS = {
    str(field.alias).removeprefix("INPUT_").lower(): name
    for name, field in Inputs.model_fields.items()
    if str(field.alias).startswith("INPUT_")
}
# Inputs that `Sources` reads, because a source `{input: …}` can name them.
SOURCE_INPUTS = set(
    chain.from_iterable(map(get_args, get_args(Source.model_fields["input"].annotation)))
)
EXPRESSIONS = {"${{ github.api_url }}": "https://api.github.com", "${{ github.token }}": ""}
ENTRIES = {**ACTION["inputs"], **ACTION["outputs"]}


def test_the_code_reads_the_inputs_of_action_yml() -> None:
    """They are the fields of `Inputs`, and the two that sources can read."""
    assert set(ACTION["inputs"]) == FIELDS.keys() | SOURCE_INPUTS
    assert {"username", "password"} == SOURCE_INPUTS


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_is_the_same_in_the_code(name: str) -> None:
    """So the code behaves the same if the runner sets no default, or an empty string."""
    default = ACTION["inputs"][name].get("default", "")
    value = EXPRESSIONS.get(default, default)
    environ = input_variables({name: value} if value else {})
    code_default = getattr(Inputs.model_validate({}), FIELDS[name])
    assert getattr(Inputs.model_validate(environ), FIELDS[name]) == code_default
    assert default or not code_default


@pytest.mark.parametrize(
    ("name", "values"), [("mode", Mode), ("rotate", RotateWhen), ("verify", Verify)]
)
def test_a_description_lists_every_valid_value(name: str, values: object) -> None:
    """Of an input with a fixed set of values."""
    for value in get_args(values):
        assert f"`{value}`" in ACTION["inputs"][name]["description"]


def test_a_run_sets_exactly_the_outputs_of_action_yml(tmp_path: Path) -> None:
    """No output is missing, and none is undeclared."""
    world = World()
    world.add_user("octocat")
    world.add_repository("octocat/app")
    world.add_token(TOKEN, user="octocat", scopes=("repo",))
    with Sandbox(world) as sandbox:
        step = Action(sandbox, tmp_path).step(
            mode="plan",
            id="ACR",
            server="mycompany.azurecr.io",
            username="acr-user",
            password="secret of the registry",
            target="repository:octocat/app",
        )
    assert step.exit_code == 0, step.stdout
    assert set(step.outputs) == set(ACTION["outputs"])


@pytest.mark.parametrize("name", ENTRIES)
def test_a_description_ends_with_a_full_stop(name: str) -> None:
    """It also has no line break."""
    description = ENTRIES[name]["description"]
    assert description.endswith(".")
    assert "\n" not in description


def test_the_icon_is_valid_on_the_marketplace() -> None:
    """GitHub's Marketplace rejects some of Feather's icons, for example `key`."""
    assert ACTION["branding"]["icon"] in {"lock", "shield", "package", "server", "refresh-cw"}
