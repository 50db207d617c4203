"""Run the jobs of the reusable workflow provision.yml, step by step, without GitHub."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from runner import Runner, Step
from sandboxed_action import ACTION_YML, UNPACED
from workflow import condition, text

WORKFLOW = yaml.safe_load((ACTION_YML.parent / ".github/workflows/provision.yml").read_text())
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 reads the key `on` as true
JOBS = WORKFLOW["jobs"]
PROJECT = "octo-org/codespaces-registry-secrets@"
MERGE = "octo-org/codespaces-registry-secrets/.github/actions/merge-shards@"
MERGE_YML = ACTION_YML.parent / ".github/actions/merge-shards/action.yml"


@dataclass
class Call:
    """One call of the workflow. `result` has the result of each job.

    `forged` replaces outputs of the Action, as another step of the job could.
    """

    folder: Path
    inputs: Mapping[str, Any]
    secrets: Mapping[str, str]
    api_url: str
    attempt: int = 1
    result: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    summary: str = ""
    printed: str = ""
    steps: list[Step] = field(default_factory=list)
    forged: Mapping[str, str] = field(default_factory=dict)

    @property
    def artifacts(self) -> Path:
        """The folder of all artifacts, each in a folder of its own name."""
        return self.folder / "plans"

    @property
    def shards(self) -> list[str]:
        """The matrix of the job `apply`; empty if the job is skipped."""
        if not condition(JOBS["apply"]["if"], self._contexts()):
            return []
        return list(json.loads(self.outputs["plan"]["matrix"])["shard"])

    @property
    def _matrix(self) -> list[dict[str, str]]:
        """The values of `matrix` of each job `apply`: a shard, and what `include` adds to it.

        Source: "Running variations of jobs in a workflow", `include`, docs.github.com.
        """
        include = (
            json.loads(self.outputs["plan"]["matrix"]).get("include", ()) if self.shards else ()
        )
        added = {entry["shard"]: entry for entry in include}
        return [{"shard": shard, **added.get(shard, {})} for shard in self.shards]

    def plan(self) -> Step:
        """Run the job `plan`."""
        step = self._run("plan", {}, {})
        self.result["plan"] = "success" if step.exit_code == 0 else "failure"
        contexts = self._contexts(steps={"plan": {"outputs": step.outputs}})
        self.outputs["plan"] = {
            name: text(value, contexts) for name, value in JOBS["plan"]["outputs"].items()
        }
        return step

    def apply(self, indexes: Sequence[int] | None = None) -> list[Step]:
        """Run the jobs `apply` with these indexes, or all of them; `max-parallel` at a time."""
        matrix = self._matrix

        def run(index: int) -> Step:
            contexts = {"matrix": matrix[index], "strategy": {"job-index": index}}
            return self._run("apply", UNPACED, contexts)

        strategy = JOBS["apply"]["strategy"]
        with ThreadPoolExecutor(int(text(strategy["max-parallel"], self._contexts()))) as pool:
            steps = list(pool.map(run, range(len(matrix)) if indexes is None else indexes))
        succeeded = all(step.exit_code == 0 for step in steps)
        self.result["apply"] = ("success" if succeeded else "failure") if steps else "skipped"
        return steps

    def sum_up(self) -> dict[str, str]:
        """Run the job `summary`; return its outputs, and the exit code as `code`."""
        download, merge = JOBS["summary"]["steps"]
        workspace = self._workspace()
        temporary = workspace.parent / "_temp"
        needs = {name: {"result": result} for name, result in self.result.items()}
        contexts = self._contexts(needs=needs, runner={"temp": str(temporary)})
        for artifact in self.artifacts.glob(text(download["with"]["pattern"], contexts)):
            destination = Path(text(download["with"]["path"], contexts))
            shutil.copytree(artifact, destination / artifact.name)
        inputs = {name: text(value, contexts) for name, value in merge["with"].items()}
        step = Runner(MERGE_YML, workspace).run(inputs)
        assert step.stderr == ""
        self.summary = step.summary
        self.printed = step.stdout
        assert step.outputs.keys() == JOBS["summary"]["outputs"].keys()
        return {**step.outputs, "code": str(step.exit_code)}

    def run(self) -> dict[str, str]:
        """Run all jobs, one after the other."""
        self.plan()
        self.apply()
        return self.sum_up()

    def _run(self, job: str, overrides: Mapping[str, str], contexts: Mapping[str, Any]) -> Step:
        """Run the step of a job that uses the Action, and the steps that upload its plan file."""
        (entry,) = (step for step in JOBS[job]["steps"] if step.get("uses", "").startswith(PROJECT))
        contexts = self._contexts(**contexts)
        workspace = self._workspace()
        inputs = {name: text(value, contexts) for name, value in entry["with"].items()}
        runner = Runner(ACTION_YML, workspace, {"api_url": self.api_url})
        step = runner.run({**inputs, **overrides})
        self.steps.append(step)
        self._upload(job, entry["id"], step, workspace.parent / "_temp", contexts)
        return step

    def _workspace(self) -> Path:
        """Create the workspace of a job; each job has its own machine."""
        workspace = Path(mkdtemp(dir=self.folder), "workspace")
        workspace.mkdir()
        return workspace

    def _upload(
        self, job: str, step_id: str, step: Step, temporary: Path, contexts: Mapping[str, Any]
    ) -> None:
        """Run the steps that check the name of the plan file and upload it."""
        (check,) = (entry for entry in JOBS[job]["steps"] if "run" in entry)
        (upload,) = (
            entry for entry in JOBS[job]["steps"] if "upload-artifact" in entry.get("uses", "")
        )
        contexts = {
            **contexts,
            "steps": {step_id: {"outputs": {**step.outputs, **self.forged}}},
            "runner": {"temp": str(temporary)},
        }
        outcome = "skipped"
        if condition(check["if"], contexts):
            process = self._run_script(check, contexts)
            self.printed += process.stderr
            outcome = "failure" if process.returncode else "success"
        contexts["steps"] |= {check["id"]: {"outcome": outcome}}
        if condition(upload["if"], contexts):
            artifact = self.artifacts / text(upload["with"]["name"], contexts)
            artifact.mkdir(parents=True)
            shutil.copy(text(upload["with"]["path"], contexts), artifact)

    def _run_script(
        self, step: Mapping[str, Any], contexts: Mapping[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        """Run a step with a script, as GitHub does with `shell: bash`.

        Source: "Workflow syntax for GitHub Actions", `jobs.<job_id>.steps[*].shell`, docs.github.com.
        """
        assert step["shell"] == "bash"
        script = Path(mkdtemp(dir=self.folder), "script")
        script.write_text(step["run"])
        environment = {name: text(value, contexts) for name, value in step["env"].items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _contexts(self, **others: object) -> dict[str, Any]:
        """The contexts for expressions, with the defaults of the inputs."""
        github = {"api_url": self.api_url, "run_attempt": self.attempt}
        defaults = {
            name: text(entry.get("default", ""), {"github": github})
            for name, entry in CALL["inputs"].items()
        }
        return {
            "github": github,
            "inputs": {**defaults, **self.inputs},
            "secrets": self.secrets,
            "needs": {"plan": {"outputs": self.outputs.get("plan", {})}},
            **others,
        }
