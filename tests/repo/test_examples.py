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
from codespaces_registry_secrets.model.generator import GENERATORS
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.locate import read_document
from codespaces_registry_secrets.spec.yaml_document import parse
from repo.documents import (
    ACTION,
    DOCUMENTS,
    PAGES,
    PROJECT,
    README,
    ROOT,
    ROTATION,
    SPEC,
    WORKFLOWS,
    blocks,
    steps,
)
from runner_environment import input_variables

VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
SHOWN = "\n".join(path.read_text(encoding="utf-8") for path in DOCUMENTS)
BLOCKS = blocks(SHOWN)
SPECS = [text for text in BLOCKS if re.search(r"^version: 1$", text, re.MULTILINE)]
SPECS = [text for text in SPECS if isinstance(yaml.safe_load(text), dict)]
TEXTS = [*BLOCKS, *(path.read_text(encoding="utf-8") for path in WORKFLOWS)]
STEPS = [step for text in TEXTS for step in steps(text) if step["uses"].startswith(f"{PROJECT}@")]
REUSABLE = re.compile(rf"{PROJECT}/(\.github/workflows/[\w-]+\.yml)@")
# Pages whose first spec is that of their steps. The steps of the others have the spec of the README.
PAGES_WITH_SPEC = [ROTATION, PAGES["generate.md"]]
FULL = [text for text in TEXTS if re.search(r"^jobs:$", text, re.MULTILINE)]


class AnyVariable(dict[str, str]):
    """An environment that has every variable; the value is also valid base64."""

    def __contains__(self, name: object) -> bool:
        return True

    def __missing__(self, name: str) -> str:
        return "dmFsdWU="


def evaluated(value: object) -> str:
    """Replace each expression in an input by its default, or by a placeholder."""

    def substitute(expression: re.Match[str]) -> str:
        if "plan-digest" in expression[0]:
            return "0" * 64
        default = re.search(r"\|\| '(.*)'", expression[0])
        return default[1] if default else "placeholder"

    return re.sub(r"\$\{\{.*?}}", substitute, str(value))


def _spec(step: dict[str, Any]) -> str:
    """The spec for a step: the first one of the page that shows the step, else of the README."""
    page = next((page for page in PAGES_WITH_SPEC if step in _steps_of(page)), README)
    return next(text for text in blocks(page) if text.startswith("version: 1\n"))


def _steps_of(page: str) -> list[dict[str, Any]]:
    return [step for text in blocks(page) for step in steps(text)]


def generators(step: dict[str, Any]) -> list[dict[str, Any]]:
    """The `generate` of each registry in the spec file of a step of this Action."""
    is_action = step["uses"].startswith(f"{PROJECT}@")
    if not is_action or {"spec", "id"} & set(step["with"]):
        return []
    registries = yaml.safe_load(_spec(step))["registries"]
    return [entry["generate"] for entry in registries if "generate" in entry]


def jobs(text: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Each job of a workflow with its steps. A job that calls a workflow is its own step."""
    for job in yaml.safe_load(text)["jobs"].values():
        yield job, job.get("steps", [job])


@pytest.mark.parametrize("text", [*SPECS, SPEC.read_text(encoding="utf-8")])
def test_a_spec_is_valid(text: str, tmp_path: Path) -> None:
    """Each spec in the documents and examples loads, and has at least one triplet."""
    assert load_desired(
        parse(text, "spec.yml"), Sources(AnyVariable(), tmp_path, lambda _: None).find_error
    )


def test_specs_and_steps_are_found() -> None:
    """Without blocks, the tests of this file would also pass."""
    assert len(SPECS) == SHOWN.count("```yaml\nversion: 1\n")
    assert len(SPECS) >= 9
    assert len(BLOCKS) >= 20
    assert len(STEPS) >= 14


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.get("name", "a step"))
def test_a_step_has_valid_inputs_and_all_values_of_its_spec(
    step: dict[str, Any], tmp_path: Path
) -> None:
    """The inputs are valid together, and `env:` has the variables that the spec reads."""
    inputs = step["with"]
    assert inputs.keys() <= ACTION["inputs"].keys()
    assert ("token" in inputs) != {"app-id", "app-private-key"}.issubset(inputs)
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "codespaces-registries.yml").write_text(_spec(step))
    without_app = {k: v for k, v in inputs.items() if not k.startswith("app-")} | {
        "token": "placeholder"
    }
    environ = {
        **{name: evaluated(value) for name, value in step.get("env", {}).items()},
        **input_variables({name: evaluated(value) for name, value in without_app.items()}),
        "GITHUB_REPOSITORY": "octo-org/app",
        "GITHUB_WORKSPACE": str(tmp_path),
    }
    sources = Sources(environ, tmp_path, lambda _: None)
    parsed = action_inputs.read_inputs(environ)
    assert load_desired(
        read_document(parsed, has_credential=sources.has_credential),
        sources.find_error,
        parsed.rotate,
        parsed.only,
        parsed.allowed,
    )


def test_everything_names_the_major_tag() -> None:
    """The one of the version in pyproject.toml: steps, calls of workflows, and what these use."""
    reusable = [path.read_text(encoding="utf-8") for path in ROOT.glob(".github/workflows/*.yml")]
    used = re.findall(rf"uses: {PROJECT}[\w./-]*@(\S+)", "\n".join([*TEXTS, *reusable]))
    assert len(used) >= len(STEPS) >= 14
    assert set(used) == {f"v{VERSION.partition('.')[0]}"}


def granted(workflow: Path) -> dict[str, str]:
    """The permissions of all jobs of a reusable workflow."""
    listed = yaml.safe_load(workflow.read_text(encoding="utf-8"))["jobs"].values()
    return {key: level for job in listed for key, level in job.get("permissions", {}).items()}


@pytest.mark.parametrize("text", FULL)
def test_a_workflow_has_minimal_permissions(text: str) -> None:
    """To read the repository, to comment, to write issues and to get an ID token, if a job does so.

    A job that calls a workflow grants the permissions of its jobs.
    """
    assert yaml.safe_load(text)["permissions"] == {}
    for job, listed in jobs(text):
        called = REUSABLE.match(job.get("uses", ""))
        if called:
            assert job["permissions"] == granted(ROOT / called[1])
            continue
        checked_out = any(step["uses"].startswith("actions/checkout@") for step in listed)
        writes_issues = any("/update-issue@" in step["uses"] for step in listed)
        comments = any(step.get("with", {}).get("comment") for step in listed)
        created = [generate for step in listed for generate in generators(step)]
        keyless = any(GENERATORS[generate["kind"]].keyless for generate in created)
        assert job.get("permissions", {}) == {
            **({"contents": "read"} if checked_out else {}),
            **({"pull-requests": "write"} if comments else {}),
            **({"issues": "write"} if writes_issues else {}),
            **({"id-token": "write"} if keyless else {}),
        }


def test_a_step_hands_over_the_journals_of_its_spec() -> None:
    """Without the value, every run after the first one is blocked."""
    created = [(step, generate) for step in STEPS for generate in generators(step)]
    assert created
    for step, generate in created:
        name = generate["store"]
        assert step["env"][name] == f"${{{{ secrets.{name} }}}}"


@pytest.mark.parametrize("text", FULL)
def test_a_workflow_checks_out_before_it_reads_a_spec_file(text: str) -> None:
    """Otherwise the file does not exist."""
    for _, listed in jobs(text):
        for number, step in enumerate(listed):
            is_action = step["uses"].startswith(f"{PROJECT}@")
            reads_file = is_action and not {"spec", "id"} & set(step["with"])
            before = [earlier["uses"] for earlier in listed[:number]]
            assert not reads_file or any(
                action.startswith("actions/checkout@") for action in before
            )


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_in_the_documents_equals_its_file(path: Path) -> None:
    """Each example is in exactly one document, without a difference."""
    shown = re.escape(f"<!-- examples/workflows/{path.name} -->\n") + r"```yaml\n(.*?)^```$"
    (block,) = re.findall(shown, SHOWN, re.DOTALL | re.MULTILINE)
    assert block == path.read_text(encoding="utf-8")
