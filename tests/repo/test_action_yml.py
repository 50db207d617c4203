"""action.yml says what the code does."""

from __future__ import annotations

from itertools import chain
from pathlib import Path
from typing import get_args

import pytest

from codespaces_registry_secrets.inputs.action_inputs import Inputs, Mode, Verify
from codespaces_registry_secrets.model.fields import RotateWhen, Source
from github_sandbox import Sandbox, World
from repo.documents import ACTION
from sandboxed_action import TOKEN, Action

FIELDS = {
    str(field.alias).removeprefix("INPUT_").lower(): name
    for name, field in Inputs.model_fields.items()
    if str(field.alias).startswith("INPUT_")
}
# What `sources` reads by itself: the names that a source `{input: …}` may have.
READ_LATER = set(
    chain.from_iterable(map(get_args, get_args(Source.model_fields["input"].annotation)))
)
EXPRESSIONS = {"${{ github.api_url }}": "https://api.github.com"}
ENTRIES = {**ACTION["inputs"], **ACTION["outputs"]}


def test_every_input_is_read_and_nothing_else() -> None:
    """The inputs are the fields of `Inputs`, and the two that sources read."""
    assert set(ACTION["inputs"]) == FIELDS.keys() | READ_LATER
    assert {"username", "password"} == READ_LATER


@pytest.mark.parametrize("name", FIELDS)
def test_a_default_is_the_same_in_the_code(name: str) -> None:
    """So the code behaves alike where the runner gives no default, or the empty text for it."""
    default = ACTION["inputs"][name].get("default", "")
    given = {f"INPUT_{name.upper()}": EXPRESSIONS.get(default, default)} if default else {}
    in_the_code = getattr(Inputs.model_validate({}), FIELDS[name])
    assert getattr(Inputs.model_validate(given), FIELDS[name]) == in_the_code
    assert default or not in_the_code


@pytest.mark.parametrize(
    ("name", "values"), [("mode", Mode), ("rotate", RotateWhen), ("verify", Verify)]
)
def test_a_description_names_every_value(name: str, values: object) -> None:
    """Nobody has to guess what an input may be."""
    for value in get_args(values):
        assert f"`{value}`" in ACTION["inputs"][name]["description"]


def test_a_run_gives_every_output_and_no_other(tmp_path: Path) -> None:
    """The names that a run sets are the ones that action.yml declares."""
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
def test_a_description_is_one_or_more_sentences(name: str) -> None:
    """It ends with a full stop, and stands in one paragraph."""
    description = ENTRIES[name]["description"]
    assert description.endswith(".")
    assert "\n" not in description


def test_the_icon_is_one_that_github_has() -> None:
    """GitHub's Marketplace refuses some of Feather's icons, `key` among them."""
    assert ACTION["branding"]["icon"] in {"lock", "shield", "package", "server", "refresh-cw"}
