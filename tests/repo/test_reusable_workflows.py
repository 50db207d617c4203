"""The reusable workflows agree with the Action, with docs/workflows.md, and with their examples."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.inputs.issue_inputs import IssueInputs
from repo.documents import ACTION, PAGES, PROJECT, ROOT, WORKFLOWS, quoted, rows, section

FOLDER = ROOT / ".github" / "workflows"
FILES = [path for path in sorted(FOLDER.glob("*.yml")) if "workflow_call" in path.read_text()]
# Those that run the Action once for each job; provision.yml has tests of its own.
SIMPLE = [path for path in FILES if path.name != "provision.yml"]
OWN_INPUTS = {"environment", "issue", "placeholders", "organization"}
# Inputs with another meaning or default: there, the calling workflow is not the repository's own.
OTHER_DEFAULTS = {("template-setup.yml", "rotate"), ("template-access.yml", "mode")}
ISSUE_ACTION = yaml.safe_load((ROOT / ".github/actions/update-issue/action.yml").read_text())
# Examples that write the same secrets in another way share a group.
GROUPS = {
    "registry-access": {"template-setup", "template-access"},
    "rotate-registry-secrets": {"rotation", "rotation-with-issue", "rotate"},
    "approve-registry-secrets": {"approval", "approve"},
}


def load(path: Path) -> dict[Any, Any]:
    """The workflow of a file."""
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return workflow


def call(path: Path) -> dict[str, dict[str, Any]]:
    """Its `workflow_call`, with inputs, secrets and outputs."""
    declared: dict[str, dict[str, Any]] = load(path)[True]["workflow_call"]
    return declared  # YAML 1.1 reads the key `on` as true


def steps(path: Path, action: str = "") -> list[dict[str, Any]]:
    """The steps that use the Action, or another action of this project."""
    listed = (step for job in load(path)["jobs"].values() for step in job["steps"])
    return [step for step in listed if step["uses"].startswith(f"{PROJECT}{action}@")]


def test_the_workflows_are_found() -> None:
    """Without any, the tests of this file would also pass."""
    assert [path.stem for path in FILES] == [
        "approve",
        "plan-on-pull-request",
        "provision",
        "rotate",
        "template-access",
        "template-setup",
    ]


@pytest.mark.parametrize("path", SIMPLE, ids=lambda path: path.stem)
def test_every_input_and_secret_reaches_the_action(path: Path) -> None:
    """Under the same name, in every step that uses it."""
    declared = call(path)
    for step in steps(path):
        for kind in ("inputs", "secrets"):
            for name in declared[kind].keys() - OWN_INPUTS:
                expected = f"${{{{ {kind}.{name} }}}}"
                in_spec = expected in step["with"].get("spec", "")
                assert in_spec or step["with"][name] == expected, name
        assert step["with"].keys() <= ACTION["inputs"].keys()


@pytest.mark.parametrize("path", SIMPLE, ids=lambda path: path.stem)
def test_an_input_has_the_default_of_the_action(path: Path) -> None:
    """Replacing a step by a call of the workflow changes no behaviour."""
    for name, entry in call(path)["inputs"].items():
        if name in OWN_INPUTS or (path.name, name) in OTHER_DEFAULTS or entry.get("required"):
            continue
        default = entry.get("default", "")
        shown = str(default).lower() if isinstance(default, bool) else str(default)
        assert shown == ACTION["inputs"][name].get("default", ""), name


@pytest.mark.parametrize("path", SIMPLE, ids=lambda path: path.stem)
def test_an_output_has_the_description_and_the_value_of_the_action(path: Path) -> None:
    """It comes from a step that uses the Action."""
    jobs = load(path)["jobs"]
    for name, entry in call(path)["outputs"].items():
        assert entry["description"] == ACTION["outputs"][name]["description"]
        (job,) = re.findall(rf"^\$\{{\{{ jobs\.([\w-]+)\.outputs\.{name} }}}}$", entry["value"])
        (step,) = (step for step in jobs[job]["steps"] if "id" in step)
        assert jobs[job]["outputs"][name] == f"${{{{ steps.{step['id']}.outputs.{name} }}}}"
        assert step["uses"].startswith(f"{PROJECT}@")


def test_a_rotation_has_the_outputs_of_the_action() -> None:
    """Except for the plan and its matrix, which are for jobs of the same workflow."""
    outputs = call(FOLDER / "rotate.yml")["outputs"]
    assert outputs.keys() == ACTION["outputs"].keys() - {"plan", "plan-file", "matrix"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_description_ends_with_a_full_stop(path: Path) -> None:
    """As in action.yml."""
    declared = call(path)
    for kind in ("inputs", "secrets", "outputs"):
        for name, entry in declared[kind].items():
            assert entry["description"].endswith("."), name


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_job_has_a_time_limit_and_its_own_permissions(path: Path) -> None:
    """Nothing by default; `write` only without a credential, or for the comment of a plan."""
    workflow = load(path)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert 10 <= job["timeout-minutes"] <= 360
        writes = "write" in job.get("permissions", {}).values()
        credentials = any("secrets." in str(step.get("with", {})) for step in job["steps"])
        assert not (writes and credentials) or path.name == "plan-on-pull-request.yml"


@pytest.mark.parametrize("path", [*FILES, *WORKFLOWS], ids=lambda path: path.name)
def test_no_workflow_runs_on_pull_request_target(path: Path) -> None:
    """It would give the author of a pull request the secrets."""
    triggers = load(path)[True]
    assert "pull_request_target" not in triggers


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_workflows_md_lists_permissions_inputs_secrets_and_outputs(path: Path) -> None:
    """In the row of the workflow, in the order of the file."""
    table = rows(section(PAGES["workflows.md"], "## The workflows to call"))
    (row,) = (row for row in table if f"[`{path.name}`]" in row[0])
    declared = call(path)
    permissions = {
        f"{key}: {level}"
        for job in load(path)["jobs"].values()
        for key, level in job.get("permissions", {}).items()
    }
    assert set(quoted(row[1])) == permissions
    for cell, kind in zip(row[2:], ("inputs", "secrets", "outputs"), strict=True):
        assert quoted(cell) == list(declared[kind])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_an_example_has_a_concurrency_group_and_time_limits(path: Path) -> None:
    """A run that writes is never cancelled by the next one; a plan is."""
    example = load(path)
    concurrency = example["concurrency"]
    plans = "pull_request" in example[True]
    assert concurrency["cancel-in-progress"] is plans
    assert ("github.event.pull_request.number" in concurrency["group"]) is plans
    for job in example["jobs"].values():
        assert "uses" in job or job["timeout-minutes"] <= 20


def test_only_examples_for_the_same_secrets_share_a_concurrency_group() -> None:
    """A copy and the call of the same workflow have the same name of a group."""
    found: dict[str, set[str]] = {}
    for path in WORKFLOWS:
        group = load(path)["concurrency"]["group"]
        found.setdefault(group, set()).add(path.stem.removeprefix("call-"))
    shared = {group: names for group, names in found.items() if len(names) > 1}
    assert shared == GROUPS


@pytest.mark.parametrize(
    "path",
    [path for path in WORKFLOWS if path.name.startswith("call-")],
    ids=lambda path: path.stem,
)
def test_an_example_calls_the_workflow_of_its_name(path: Path) -> None:
    """With inputs and secrets that exist, and all that are required."""
    (job,) = load(path)["jobs"].values()
    name = f"{path.stem.removeprefix('call-')}.yml"
    assert job["uses"].startswith(f"{PROJECT}/.github/workflows/{name}@")
    declared = call(FOLDER / name)
    for kind, passed in (("inputs", job["with"]), ("secrets", job["secrets"])):
        assert passed.keys() <= declared[kind].keys()
        assert {k for k, entry in declared[kind].items() if entry.get("required")} <= passed.keys()
    assert "\n" not in job["secrets"].get("credentials", "")


def test_update_issue_has_the_inputs_of_the_code() -> None:
    """With the same defaults, and in the table of docs/workflows.md."""
    fields = {
        str(field.alias).removeprefix("INPUT_").lower(): field
        for field in IssueInputs.model_fields.values()
        if str(field.alias).startswith("INPUT_")
    }
    inputs = ISSUE_ACTION["inputs"]
    assert fields.keys() == inputs.keys()
    assert fields["spec-file"].default == inputs["spec-file"]["default"]
    assert inputs["expiry-warning"]["default"] == ACTION["inputs"]["expiry-warning"]["default"]
    table = rows(section(PAGES["workflows.md"], "## An issue about the last run"))
    described = [name for row in table for name in quoted(row[0])]
    assert set(described) >= inputs.keys()
    assert all(entry["description"].endswith(".") for entry in inputs.values())


@pytest.mark.parametrize(
    "path", [*FILES, *WORKFLOWS], ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_a_step_with_the_issue_has_all_its_inputs(path: Path) -> None:
    """The outputs come from the job that the step needs."""
    jobs = load(path)["jobs"]
    for job in jobs.values():
        for step in job.get("steps", []):
            if "/update-issue@" in step.get("uses", ""):
                needed = jobs[job["needs"]]
                assert step["with"].keys() <= ISSUE_ACTION["inputs"].keys()
                assert step["with"]["result"] == f"${{{{ needs.{job['needs']}.result }}}}"
                for name in ("blocked", "failed", "next-expiry"):
                    expected = f"${{{{ needs.{job['needs']}.outputs.{name} }}}}"
                    assert step["with"][name] == expected
                    assert name in needed["outputs"]


def test_the_action_update_issue_uses_the_image_of_the_action() -> None:
    """Its path points to the Dockerfile in the root; the runner builds the folder of that file."""
    folder = ROOT / ".github" / "actions" / "update-issue"
    assert ISSUE_ACTION["runs"]["using"] == ACTION["runs"]["using"] == "docker"
    assert (folder / ISSUE_ACTION["runs"]["image"]).resolve() == ROOT / ACTION["runs"]["image"]
    assert ISSUE_ACTION["runs"]["args"] == ["update-issue"]
