"""docs/registries.md has a complete recipe for each registry.

tests/repo/test_examples.py loads its specs and the inputs of its steps.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.model.registries import KINDS, server_of
from repo.documents import PAGES, blocks, rows, steps

PAGE = PAGES["registries.md"]
PARTS = ["Credential", "Least permission", "Spec", "Rotation", "Check"]
# The text of each recipe, by its heading.
RECIPES = {
    text.partition("\n")[0]: text
    for text in re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    if "**Credential.**" in text
}
EVERY_RECIPE = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)


def entries(markdown: str) -> Iterator[dict[str, Any]]:
    """Each registry of each spec."""
    for text in blocks(markdown):
        if text.startswith("version: 1\n"):
            yield from yaml.safe_load(text)["registries"]


def test_every_registry_of_the_table_has_a_recipe() -> None:
    """And every recipe is in the table, in the same order."""
    overview = PAGE.partition("\n## ")[0]
    links = [re.findall(r"\[(.+)\]\(#", row[0]) for row in rows(overview)]
    assert links == [[name] for name in RECIPES]
    assert len(RECIPES) == 9


def test_every_registry_kind_is_in_a_recipe() -> None:
    assert {entry["registry"] for entry in entries(PAGE) if "registry" in entry} == KINDS.keys()


@EVERY_RECIPE
def test_a_recipe_has_all_parts(recipe: str) -> None:
    """Each once and in order; there can be a paragraph in between."""
    headings = re.findall(r"^\*\*([^*]+)\.\*\*", recipe, re.MULTILINE)
    assert [heading for heading in headings if heading in PARTS] == PARTS


@EVERY_RECIPE
def test_a_recipe_checks_a_pull_with_a_stored_credential(recipe: str) -> None:
    """The spec names an image, and `docker login` and the commands name what the spec names."""
    listed = list(entries(recipe))
    assert listed
    for entry in listed:
        assert entry["images"]
        for source in (entry["username"], entry["password"]):
            if isinstance(source, dict):
                assert f"gh secret set {source['secret']} --repo octo-org/platform" in recipe
    assert "docker login" in recipe.partition("**Check.**")[2]


@EVERY_RECIPE
def test_a_step_of_a_recipe_stores_what_its_spec_declares(recipe: str) -> None:
    """A job that creates the credential has the id and the server of the spec."""
    declared = {(entry["id"], server_of(entry)) for entry in entries(recipe)}
    listed = [step for text in blocks(recipe) if text.startswith("- ") for step in steps(text)]
    for step in listed:
        assert (step["with"]["id"], step["with"]["server"]) in declared


def test_the_commands_are_valid_shell() -> None:
    """The blocks to copy, and the scripts of the steps."""
    listed = [
        step for text in blocks(PAGE) if text.startswith("- ") for step in yaml.safe_load(text)
    ]
    scripts = [*blocks(PAGE, "sh"), *(step["run"] for step in listed if "run" in step)]
    assert len(scripts) >= 12
    for script in scripts:
        subprocess.run(["bash", "-n"], input=script, check=True, text=True)
