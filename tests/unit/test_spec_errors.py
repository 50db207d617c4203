"""Every kind of error in a spec: its exact message, with line and path, and no value quoted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("spec_errors.yml").read_text())
ENVIRONMENT = {"P": "secret", "EMPTY": "", "BIG": "x" * 50_000, "NL": "\n"}
GOOD = """\
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: P}
    targets:
      - organization: octo-org
        repositories: [api]
"""
START = "a value starts with a tab, `@`, `%` or a backquote; quote it"


def spec_of(case: dict[str, Any]) -> str:
    """The text of the spec in a case."""
    if "spec" in case:
        return str(case["spec"])
    old, new = case["replace"]
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def errors(text: str, workspace: Path) -> list[str]:
    """The errors in a spec, without the name of its file; none if it is valid."""
    sources = Sources(ENVIRONMENT, workspace, lambda _: None)
    try:
        load_desired(parse(text, "spec.yml"), sources.find_error)
    except InvalidConfigError as error:
        return [str(item).removeprefix("spec.yml") for item in error.errors]
    return []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_error_has_its_message(case: dict[str, Any], tmp_path: Path) -> None:
    """Line, path, what is wrong, and what is valid or what to do."""
    assert errors(spec_of(case), tmp_path) == case["errors"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nregistries:\n\t- id: x\n", f":3: not valid YAML: {START}"),
        ("[" * 3000, ": the YAML is nested too deeply"),
        ("version: \x00", ": not valid YAML: control characters are not allowed"),
    ],
    ids=["a tab", "nested without end", "a character that YAML does not have"],
)
def test_text_that_the_file_of_cases_cannot_contain_has_its_message(
    text: str, message: str, tmp_path: Path
) -> None:
    """Like the test above."""
    assert errors(text, tmp_path) == [message]


def test_the_spec_without_an_error_is_valid(tmp_path: Path) -> None:
    """Each message above is for the one change in its case."""
    assert errors(GOOD, tmp_path) == []


@pytest.mark.parametrize("name", [name for name in CASES if "hunter2" in spec_of(CASES[name])])
def test_no_message_quotes_a_possible_password(name: str, tmp_path: Path) -> None:
    """A password in the wrong place is still a password."""
    assert "hunter2" not in "".join(errors(spec_of(CASES[name]), tmp_path))
