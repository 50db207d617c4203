"""The reusable workflow offers what the Action has, and hands all of it on."""

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
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 takes the key `on` for true
INPUTS, SECRETS, OUTPUTS = CALL["inputs"], CALL["secrets"], CALL["outputs"]
JOBS = WORKFLOW["jobs"]
RECIPE = section(PAGES["scaling.md"], "## Thousands of targets")
MERGE = yaml.safe_load((ROOT / ".github/actions/merge-shards/action.yml").read_text())
OWN = {"max-parallel", "name"}
# What a run with many targets has no use for, and what the workflow sets itself.
LEFT_OUT = {*SHORTHAND, "shard"}
EXAMPLE = yaml.safe_load((ROOT / "examples" / "workflows" / "provision.yml").read_text())


def given(job: str) -> dict[str, str]:
    """The inputs of the step that uses the Action."""
    (step,) = (one for one in JOBS[job]["steps"] if one.get("uses", "").startswith(f"{PROJECT}@"))
    return dict(step["with"])


def test_it_takes_every_input_of_the_action() -> None:
    """As an input or as a secret, but those of the shorthand."""
    assert INPUTS.keys() - OWN | SECRETS.keys() == ACTION["inputs"].keys() - LEFT_OUT
    assert not INPUTS.keys() & SECRETS.keys()


@pytest.mark.parametrize("name", INPUTS.keys() - OWN)
def test_an_input_has_the_default_of_the_action(name: str) -> None:
    """A step that becomes a call behaves as before."""
    default = INPUTS[name].get("default", "")
    shown = str(default).lower() if isinstance(default, bool) else str(default)
    assert shown == ACTION["inputs"][name].get("default", "")


@pytest.mark.parametrize("job", ["plan", "apply"])
def test_everything_is_handed_on(job: str) -> None:
    """Under its own name, to the plan and to each shard alike."""
    wanted = {name: f"${{{{ inputs.{name} }}}}" for name in INPUTS.keys() - OWN}
    wanted |= {name: f"${{{{ secrets.{name} }}}}" for name in SECRETS}
    changed = {"mode", "shard"}

    handed = given(job)

    assert handed.keys() == wanted.keys() | changed
    assert {k: v for k, v in handed.items() if k not in changed} == {
        k: v for k, v in wanted.items() if k not in changed
    }


@pytest.mark.parametrize("name", OUTPUTS.keys() & ACTION["outputs"].keys() - {"changed"})
def test_an_output_is_described_as_that_of_the_action(name: str) -> None:
    """It means the same."""
    assert OUTPUTS[name]["description"] == ACTION["outputs"][name]["description"]


def test_it_gives_the_outputs_of_the_action() -> None:
    """But what only a single run can give."""
    single = {"plan", "plan-file", "matrix"}
    assert OUTPUTS.keys() - {"skipped"} == ACTION["outputs"].keys() - single


def test_the_last_job_gives_the_merge_action_all_its_inputs() -> None:
    """The workflow, the action's metadata and the code name the same inputs and outputs."""
    _, step = JOBS["summary"]["steps"]
    fields = (str(field.alias) for field in MergeInputs.model_fields.values())
    read = {alias.removeprefix("INPUT_").lower() for alias in fields if alias.startswith("INPUT_")}
    assert step["uses"].startswith(f"{PROJECT}/.github/actions/merge-shards@")
    assert step["with"].keys() == MERGE["inputs"].keys() == read
    assert JOBS["summary"]["outputs"] == {
        name: f"${{{{ steps.{step['id']}.outputs.{name} }}}}" for name in MERGE["outputs"]
    }


def test_every_use_of_the_project_has_one_version() -> None:
    """The jobs of one run understand each other's plan files."""
    uses = (step.get("uses", "") for job in JOBS.values() for step in job["steps"])
    versions = [use.partition("@")[2] for use in uses if use.startswith(PROJECT)]
    assert len(versions) == 3
    assert len(set(versions)) == 1


def test_the_merge_action_runs_the_image_of_the_action() -> None:
    """Its path leads to the Dockerfile in the root, whose folder the runner builds."""
    folder = ROOT / ".github" / "actions" / "merge-shards"
    assert MERGE["runs"]["using"] == ACTION["runs"]["using"] == "docker"
    assert (folder / MERGE["runs"]["image"]).resolve() == ROOT / ACTION["runs"]["image"]


@pytest.mark.parametrize("name", MERGE["outputs"])
def test_an_output_of_the_merge_action_is_described_as_that_of_the_workflow(name: str) -> None:
    """It is that output."""
    assert MERGE["outputs"][name]["description"] == OUTPUTS[name]["description"]


@pytest.mark.parametrize(
    "entry",
    [*INPUTS.items(), *SECRETS.items(), *OUTPUTS.items(), *MERGE["inputs"].items()],
)
def test_a_description_is_one_or_more_sentences(entry: tuple[str, dict[str, str]]) -> None:
    """As in action.yml."""
    assert entry[1]["description"].endswith(".")


def test_docs_scaling_names_every_input_and_secret() -> None:
    """Its own with their defaults and descriptions."""
    example = " ".join(EXAMPLE["jobs"]["provision"]["secrets"])
    for name in INPUTS.keys() | SECRETS.keys():
        assert f"`{name}`" in RECIPE or name in example
    assert rows(RECIPE) == [
        [f"`{name}`", f"`{INPUTS[name]['default']}`", INPUTS[name]["description"]]
        for name in INPUTS
        if name in OWN
    ]


def test_the_example_calls_it_with_what_it_takes() -> None:
    """And grants what its jobs need, or GitHub would not start them."""
    (job,) = EXAMPLE["jobs"].values()
    assert job["uses"].startswith(f"{PROJECT}/.github/workflows/provision.yml@")
    assert job["with"].keys() <= INPUTS.keys()
    assert job["secrets"].keys() <= SECRETS.keys()
    assert job["permissions"] == JOBS["plan"]["permissions"] == JOBS["apply"]["permissions"]
    assert "\n" not in job["secrets"]["credentials"]


def test_an_action_has_one_pin_everywhere() -> None:
    """The same hash under the same version, in all workflows."""
    pins: dict[str, set[str]] = {}
    for path in [*FOLDER.glob("*.yml"), *WORKFLOWS]:
        text = path.read_text(encoding="utf-8")
        for name, pin in re.findall(r"uses: (actions/[\w-]+)@(.+)", text):
            pins.setdefault(name, set()).add(pin)
    assert len(pins) >= 5
    assert all(len(found) == 1 for found in pins.values()), pins
    for found in pins.values():
        assert re.fullmatch(r"[0-9a-f]{40} # v\d+\.\d+\.\d+", next(iter(found)))
