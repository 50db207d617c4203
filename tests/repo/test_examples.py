"""Specs, steps and workflows in the documents and examples are valid."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.inputs import action_inputs
from codespaces_registry_secrets.inputs.sources import Sources
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.locate import read_document
from codespaces_registry_secrets.spec.yaml_document import parse
from repo.documents import (
    ACTION,
    DOCUMENTS,
    PROJECT,
    README,
    ROOT,
    ROTATION,
    SPEC,
    WORKFLOWS,
    blocks,
    steps,
)

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SHOWN = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
BLOCKS = blocks(SHOWN)
SPECS = [text for text in BLOCKS if re.search(r"^version: 1$", text, re.MULTILINE)]
SPECS = [text for text in SPECS if isinstance(yaml.safe_load(text), dict)]
TEXTS = [*BLOCKS, *(path.read_text(encoding="utf-8") for path in WORKFLOWS)]
STEPS = [step for text in TEXTS for step in steps(text)]
CHECKS_OUT = ("actions/checkout@", f"{PROJECT}/.github/workflows/provision.yml@")
FULL = [text for text in TEXTS if re.search(r"^jobs:$", text, re.MULTILINE)]


class MadeUp(dict[str, str]):
    """An environment that has every variable, with a value that is base64 too."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "dmFsdWU="


def evaluated(value: object) -> str:
    """An input with made-up values for its expressions: the default, where one is written."""

    def made_up(expression: re.Match[str]) -> str:
        default = re.search(r"\|\| '(.*)'", expression[0])
        return default[1] if default else "made-up"

    return re.sub(r"\$\{\{.*?}}", made_up, str(value))


def _spec(step: dict[str, Any]) -> str:
    """The spec file that a step reads: the first in docs/rotation.md for its own steps, else in README."""
    rotation = [one for text in blocks(ROTATION) for one in steps(text)]
    shown = blocks(ROTATION if step in rotation else README)
    return next(text for text in shown if text.startswith("version: 1\n"))


def jobs(text: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each job of a workflow with its steps; one that calls a workflow counts as its only step."""
    for job in yaml.safe_load(text)["jobs"].values():
        yield job, job.get("steps", [job])


@pytest.mark.parametrize("text", [*SPECS, SPEC.read_text(encoding="utf-8")])
def test_a_spec_has_no_fault(text: str, tmp_path: Path) -> None:
    """Each spec that is shown loads, and asks for something."""
    assert load_desired(
        parse(text, "spec.yml"), Sources(MadeUp(), tmp_path, lambda _: None).find_error
    )


def test_every_spec_that_is_shown_is_looked_at() -> None:
    """The tests here would pass without blocks, too."""
    assert len(SPECS) == SHOWN.count("```yaml\nversion: 1\n")
    assert len(SPECS) >= 9
    assert len(BLOCKS) >= 20
    assert len(STEPS) >= 14


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.get("name", "a step"))
def test_a_step_has_valid_inputs_and_gives_its_spec_every_value(
    step: dict[str, Any], tmp_path: Path
) -> None:
    """The inputs exist and fit each other, and `env:` has what the spec before the step reads."""
    given = step["with"]
    assert given.keys() <= ACTION["inputs"].keys()
    assert ("token" in given) != {"app-id", "app-private-key"}.issubset(given)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "codespaces-registries.yml").write_text(_spec(step))
    ours = {k: v for k, v in given.items() if not k.startswith("app-")} | {"token": "made-up"}
    environ = {
        **{name: evaluated(value) for name, value in step.get("env", {}).items()},
        **{f"INPUT_{name.upper()}": evaluated(value) for name, value in ours.items()},
        "GITHUB_REPOSITORY": "octo-org/app",
        "GITHUB_WORKSPACE": str(tmp_path),
    }
    sources = Sources(environ, tmp_path, lambda _: None)
    read = action_inputs.read_inputs(environ)
    assert load_desired(
        read_document(read, has_credential=sources.has_credential),
        sources.find_error,
        read.rotate,
        read.only,
        read.allowed,
    )


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.get("name", "a step"))
def test_a_step_names_the_major_tag(step: dict[str, Any]) -> None:
    """The tag that the version in pyproject.toml moves."""
    assert step["uses"] == f"{PROJECT}@v{VERSION.partition('.')[0]}"


@pytest.mark.parametrize("text", FULL)
def test_a_workflow_grants_nothing_that_it_does_not_need(text: str) -> None:
    """No permission but to read the repository, and only for a job that checks it out."""
    assert yaml.safe_load(text)["permissions"] == {}
    for job, listed in jobs(text):
        checked_out = any(step["uses"].startswith(CHECKS_OUT) for step in listed)
        assert job.get("permissions", {}) == ({"contents": "read"} if checked_out else {})


@pytest.mark.parametrize("text", FULL)
def test_a_workflow_that_reads_a_spec_file_checks_it_out_first(text: str) -> None:
    """Otherwise there is no such file."""
    for _, listed in jobs(text):
        for number, step in enumerate(listed):
            ours = step["uses"].startswith(f"{PROJECT}@")
            reads_file = ours and not {"spec", "id"} & set(step["with"])
            before = [one["uses"] for one in listed[:number]]
            assert not reads_file or any(one.startswith("actions/checkout@") for one in before)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_shown_as_in_its_file(path: Path) -> None:
    """Each example is in one document, letter by letter."""
    shown = re.escape(f"<!-- examples/workflows/{path.name} -->\n") + r"```yaml\n(.*?)^```$"
    (block,) = re.findall(shown, SHOWN, re.DOTALL | re.MULTILINE)
    assert block == path.read_text(encoding="utf-8")
