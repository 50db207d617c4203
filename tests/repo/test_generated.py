"""Generated files are up to date, and schemas describe what the code accepts and writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from codespaces_registry_secrets.spec.json_schema import SCHEMA_URL
from codespaces_registry_secrets.spec.key_texts import KEY_TEXTS
from repo.documents import PAGES, ROOT, SPEC, blocks
from repo.generated import PAGE, TESTING, page_with_help, page_with_mutants, schemas

SPEC_SCHEMA = json.loads((ROOT / "schema" / "spec.v1.json").read_text(encoding="utf-8"))
PLAN_SCHEMA = json.loads((ROOT / "schema" / "plan.v1.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("path", "text"), schemas().items(), ids=lambda item: str(item)[-12:])
def test_a_schema_is_up_to_date(path: Path, text: str) -> None:
    """`script/generate` writes it."""
    assert path.read_text(encoding="utf-8") == text


def test_the_help_in_the_documentation_is_up_to_date() -> None:
    """`script/generate` writes it."""
    page = PAGE.read_text(encoding="utf-8")
    assert page_with_help(page) == page


def test_the_table_of_mutants_is_up_to_date() -> None:
    """`script/generate` writes it from tests/mutants.toml."""
    page = TESTING.read_text(encoding="utf-8")
    assert page_with_mutants(page) == page


def test_the_schemas_are_schemas() -> None:
    Draft7Validator.check_schema(SPEC_SCHEMA)
    Draft202012Validator.check_schema(PLAN_SCHEMA)


@pytest.mark.parametrize(
    ("schema", "models"), [(SPEC_SCHEMA, len(KEY_TEXTS)), (PLAN_SCHEMA, 5)], ids=["spec", "plan"]
)
def test_every_key_has_a_description_and_an_example(schema: dict[str, Any], models: int) -> None:
    """Also those of `defaults`, which are the same."""
    described = [schema, *schema["$defs"].values()]
    with_keys = [model for model in described if "properties" in model]
    assert len(with_keys) >= models
    for model in with_keys:
        for key, text in model["properties"].items():
            assert text.get("description") or text == {"$ref": "#/$defs/Defaults"}, key
            assert text.get("examples") or "$ref" in text, key


def test_the_examples_of_the_keys_are_valid() -> None:
    """Each by the schema of its key, except the empty ones that stand for a whole part."""
    for model in SPEC_SCHEMA["$defs"].values():
        for key, schema in model.get("properties", {}).items():
            for example in schema["examples"]:
                validator = Draft7Validator({**schema, "$defs": SPEC_SCHEMA["$defs"]})
                assert validator.is_valid(example), (key, example)


@pytest.mark.parametrize("name", ["spec.md", "registries.md"])
def test_the_specs_of_the_documentation_are_valid(name: str) -> None:
    """The example, and each spec of the page."""
    specs = [text for text in blocks(PAGES[name]) if "version: 1" in text]
    assert len(specs) > 1
    for text in [SPEC.read_text(encoding="utf-8"), *specs]:
        data = yaml.load(text, yaml.BaseLoader)  # noqa: S506 - only text, as in YAML 1.2 for dates
        data = json.loads(json.dumps(_typed(data)))
        assert [error.message for error in Draft7Validator(SPEC_SCHEMA).iter_errors(data)] == []


def _typed(value: Any) -> Any:
    """Numbers and booleans of a text without types; dates stay text."""
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return {"1": 1, "true": True, "false": False}.get(value, value)


def test_the_example_names_its_schema() -> None:
    """For editors, in its first line."""
    first = SPEC.read_text(encoding="utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_URL}"
    assert SPEC_SCHEMA["$id"] == SCHEMA_URL
