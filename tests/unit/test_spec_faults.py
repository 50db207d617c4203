"""Every kind of mistake in a spec: its exact message, with line and path, and no value quoted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.errors import InvalidConfigError
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import parse

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("spec_faults.yml").read_text())
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
    """The whole spec of a case."""
    if "spec" in case:
        return str(case["spec"])
    old, new = case["replace"]
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


def faults(text: str, workspace: Path) -> list[str]:
    """The messages that a spec gets, without the name of its file; none for a good one."""
    sources = Sources(ENVIRONMENT, workspace, lambda _: None)
    try:
        load_desired(parse(text, "spec.yml"), sources.find_error)
    except InvalidConfigError as error:
        return [str(fault).removeprefix("spec.yml") for fault in error.errors]
    return []


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_mistake_has_its_message(case: dict[str, Any], tmp_path: Path) -> None:
    """Line, path, what is wrong, and what is allowed or to do."""
    assert faults(spec_of(case), tmp_path) == case["faults"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("version: 1\nregistries:\n\t- id: x\n", f":3: not valid YAML: {START}"),
        ("[" * 3000, ": the YAML is nested too deeply"),
        ("version: \x00", ": not valid YAML: control characters are not allowed"),
    ],
    ids=["a tab", "nested without end", "a character that YAML does not have"],
)
def test_what_no_yaml_file_can_hold_has_its_message_too(
    text: str, message: str, tmp_path: Path
) -> None:
    """As above, for text that cannot stand in the file of cases."""
    assert faults(text, tmp_path) == [message]


def test_the_spec_that_the_mistakes_are_made_in_is_good(tmp_path: Path) -> None:
    """So each message above is for its mistake alone."""
    assert faults(GOOD, tmp_path) == []


@pytest.mark.parametrize("name", [name for name in CASES if "hunter2" in spec_of(CASES[name])])
def test_no_message_shows_what_may_be_a_password(name: str, tmp_path: Path) -> None:
    """A password in the wrong place is still one."""
    assert "hunter2" not in "".join(faults(spec_of(CASES[name]), tmp_path))
