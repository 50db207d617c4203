"""provision.yml has the inputs and outputs of the Action, and passes all of them on."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml

from codespaces_registry_secrets.inputs.action_inputs import SHORTHAND
from codespaces_registry_secrets.inputs.merge_inputs import MergeInputs
from repo.documents import ACTION, PAGES, PROJECT, ROOT, WORKFLOWS, rows, section

FOLDER = ROOT / ".github" / "workflows"
WORKFLOW: dict[Any, Any] = yaml.safe_load((FOLDER / "provision.yml").read_text(encoding="utf-8"))
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 reads the key `on` as true
INPUTS, SECRETS, OUTPUTS = CALL["inputs"], CALL["secrets"], CALL["outputs"]
JOBS = WORKFLOW["jobs"]
RECIPE = section(PAGES["scaling.md"], "## Thousands of targets")
MERGE = yaml.safe_load((ROOT / ".github/actions/merge-shards/action.yml").read_text())
OWN = {"max-parallel", "name"}
# Inputs that are useless with many targets, the one that the workflow sets, and those that need
# another permission of the job.
LEFT_OUT = {*SHORTHAND, "shard", "comment", "github-token"}
EXAMPLE = yaml.safe_load((ROOT / "examples" / "workflows" / "provision.yml").read_text())


def action_inputs(job: str) -> dict[str, str]:
    """The inputs of the step that uses the Action."""
    (step,) = (
        entry for entry in JOBS[job]["steps"] if entry.get("uses", "").startswith(f"{PROJECT}@")
    )
    return dict(step["with"])


def test_the_workflow_has_every_input_of_the_action() -> None:
    """As an input or as a secret, except for the shorthand."""
    assert INPUTS.keys() - OWN | SECRETS.keys() == ACTION["inputs"].keys() - LEFT_OUT
    assert not INPUTS.keys() & SECRETS.keys()


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - OWN))
def test_an_input_has_the_default_of_the_action(name: str) -> None:
    """Replacing a step by a call of the workflow changes no behaviour."""
    default = INPUTS[name].get("default", "")
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert shown == ACTION["inputs"][name].get("default", "")


@pytest.mark.parametrize("job", ["plan", "apply"])
def test_all_inputs_and_secrets_are_passed_on(job: str) -> None:
    """Under the same name, to the plan and to each shard."""
    expected = {name: f"${{{{ inputs.{name} }}}}" for name in INPUTS.keys() - OWN}
    expected |= {name: f"${{{{ secrets.{name} }}}}" for name in SECRETS}
    changed = {"mode", "shard"} | ({"expect-digest"} if job == "apply" else set())

    passed = action_inputs(job)

    if job == "apply":  # a shard plans only its part
        assert passed["expect-digest"] == "${{ inputs.expect-digest && matrix.digest }}"
    assert passed.keys() == expected.keys() | changed
    assert {k: v for k, v in passed.items() if k not in changed} == {
        k: v for k, v in expected.items() if k not in changed
    }


@pytest.mark.parametrize("name", sorted(OUTPUTS.keys() & ACTION["outputs"].keys() - {"changed"}))
def test_an_output_has_the_description_of_the_action(name: str) -> None:
    """It has the same meaning."""
    assert OUTPUTS[name]["description"] == ACTION["outputs"][name]["description"]


def test_the_workflow_has_the_outputs_of_the_action() -> None:
    """Except for those that only a single run has."""
    single = {"plan", "plan-file", "matrix"}
    assert OUTPUTS.keys() - {"skipped"} == ACTION["outputs"].keys() - single


def test_the_last_job_sets_all_inputs_of_the_merge_action() -> None:
    """The workflow, the action's metadata and the code name the same inputs and outputs."""
    _, step = JOBS["summary"]["steps"]
    fields = (str(field.alias) for field in MergeInputs.model_fields.values())
    aliases = {
        alias.removeprefix("INPUT_").lower() for alias in fields if alias.startswith("INPUT_")
    }
    assert step["uses"].startswith(f"{PROJECT}/.github/actions/merge-shards@")
    assert step["with"].keys() == MERGE["inputs"].keys() == aliases
    assert JOBS["summary"]["outputs"] == {
        name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in MERGE["outputs"]
    }


def test_all_jobs_use_the_same_version_of_the_project() -> None:
    """So that all jobs of a run can read each other's plan files."""
    uses = (step.get("uses", "") for job in JOBS.values() for step in job["steps"])
    versions = [use.partition("@")[2] for use in uses if use.startswith(PROJECT)]
    assert len(versions) == 3
    assert len(set(versions)) == 1


def test_the_merge_action_uses_the_image_of_the_action() -> None:
    """Its path points to the Dockerfile in the root; the runner builds the folder of that file."""
    folder = ROOT / ".github" / "actions" / "merge-shards"
    assert MERGE["runs"]["using"] == ACTION["runs"]["using"] == "docker"
    assert (folder / MERGE["runs"]["image"]).resolve() == ROOT / ACTION["runs"]["image"]


@pytest.mark.parametrize("name", MERGE["outputs"])
def test_an_output_of_the_merge_action_has_the_description_of_the_workflow(name: str) -> None:
    """It becomes the output of the workflow."""
    assert MERGE["outputs"][name]["description"] == OUTPUTS[name]["description"]


@pytest.mark.parametrize(
    "entry",
    [*INPUTS.items(), *SECRETS.items(), *OUTPUTS.items(), *MERGE["inputs"].items()],
)
def test_a_description_ends_with_a_full_stop(entry: tuple[str, dict[str, str]]) -> None:
    """As in action.yml."""
    assert entry[1]["description"].endswith(".")


def test_scaling_md_has_every_input_and_secret() -> None:
    """Inputs that only the workflow has are listed with defaults and descriptions."""
    example = " ".join(EXAMPLE["jobs"]["provision"]["secrets"])
    for name in INPUTS.keys() | SECRETS.keys():
        assert f"`{name}`" in RECIPE or name in example
    assert rows(RECIPE) == [
        [f"`{name}`", f"`{INPUTS[name]['default']}`", INPUTS[name]["description"]]
        for name in INPUTS
        if name in OWN
    ]


def test_the_example_calls_the_workflow_with_valid_inputs() -> None:
    """It also grants the permissions of its jobs, because GitHub would not start them otherwise."""
    (job,) = EXAMPLE["jobs"].values()
    assert job["uses"].startswith(f"{PROJECT}/.github/workflows/provision.yml@")
    assert job["with"].keys() <= INPUTS.keys()
    assert job["secrets"].keys() <= SECRETS.keys()
    assert job["permissions"] == JOBS["plan"]["permissions"] == JOBS["apply"]["permissions"]
    assert "\n" not in job["secrets"]["credentials"]


def test_an_action_is_pinned_to_the_same_commit_everywhere() -> None:
    """With the same hash and the same version, in all workflows."""
    pins: dict[str, set[str]] = {}
    for path in [*FOLDER.glob("*.yml"), *WORKFLOWS]:
        text = path.read_text(encoding="utf-8")
        for name, pin in re.findall(r"uses: (actions/[\w-]+)@(.+)", text):
            pins.setdefault(name, set()).add(pin)
    assert len(pins) >= 5
    assert all(len(commits) == 1 for commits in pins.values()), pins
    for commits in pins.values():
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", next(iter(commits)))
