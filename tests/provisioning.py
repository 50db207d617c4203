"""The reusable workflow, called: its jobs run here, step by step, as its file says."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from runner import Runner, Step
from sandboxed_action import ACTION_YML, UNPACED
from workflow import condition, text

WORKFLOW = yaml.safe_load((ACTION_YML.parent / ".github/workflows/provision.yml").read_text())
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 takes the key `on` for true
JOBS = WORKFLOW["jobs"]
PROJECT = "octo-org/codespaces-registry-secrets@"
MERGE = "octo-org/codespaces-registry-secrets/.github/actions/merge-shards@"
MERGE_YML = ACTION_YML.parent / ".github/actions/merge-shards/action.yml"


@dataclass
class Call:
    """One call of the workflow. `plans` are its artifacts; `result` tells how each job ended.

    `forged` are outputs of the Action that somebody else wrote.
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
        """What the matrix of the job `apply` is; nothing where it is skipped."""
        if not condition(JOBS["apply"]["if"], self._contexts()):
            return []
        return list(json.loads(self.outputs["plan"]["matrix"])["shard"])

    def plan(self) -> Step:
        """The job `plan`."""
        step = self._run("plan", {}, {})
        self.result["plan"] = "success" if step.exit_code == 0 else "failure"
        contexts = self._contexts(steps={"plan": {"outputs": step.outputs}})
        self.outputs["plan"] = {
            name: text(value, contexts) for name, value in JOBS["plan"]["outputs"].items()
        }
        return step

    def apply(self, numbers: Sequence[int] | None = None) -> list[Step]:
        """The jobs `apply` of these numbers, from 0 on; all where there are none."""
        shards = self.shards
        done = [
            self._run(
                "apply", UNPACED, {"matrix": {"shard": shards[n]}, "strategy": {"job-index": n}}
            )
            for n in (range(len(shards)) if numbers is None else numbers)
        ]
        fine = all(step.exit_code == 0 for step in done)
        self.result["apply"] = ("success" if fine else "failure") if done else "skipped"
        return done

    def sum_up(self) -> dict[str, str]:
        """The job `summary`; its outputs, and the exit code as `code`."""
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
        """All jobs in turn."""
        self.plan()
        self.apply()
        return self.sum_up()

    def _run(self, job: str, instead: Mapping[str, str], more: Mapping[str, Any]) -> Step:
        """The step of a job that uses the Action, and the one that keeps its plan."""
        uses = [step for step in JOBS[job]["steps"] if step.get("uses", "").startswith(PROJECT)]
        (given,) = uses
        contexts = self._contexts(**more)
        workspace = self._workspace()
        inputs = {name: text(value, contexts) for name, value in given["with"].items()}
        runner = Runner(ACTION_YML, workspace, {"api_url": self.api_url})
        step = runner.run({**inputs, **instead})
        self.steps.append(step)
        self._keep(job, given["id"], step, workspace.parent / "_temp", contexts)
        return step

    def _workspace(self) -> Path:
        """The workspace of a job, on a machine of its own."""
        workspace = Path(mkdtemp(dir=self.folder), "workspace")
        workspace.mkdir()
        return workspace

    def _keep(
        self, job: str, name: str, step: Step, temporary: Path, contexts: Mapping[str, Any]
    ) -> None:
        """The two steps that check what the plan file is called, and upload it."""
        (check,) = (one for one in JOBS[job]["steps"] if "run" in one)
        (keep,) = (one for one in JOBS[job]["steps"] if "upload-artifact" in one.get("uses", ""))
        contexts = {
            **contexts,
            "steps": {name: {"outputs": {**step.outputs, **self.forged}}},
            "runner": {"temp": str(temporary)},
        }
        outcome = "skipped"
        if condition(check["if"], contexts):
            done = self._script(check, contexts)
            self.printed += done.stderr
            outcome = "failure" if done.returncode else "success"
        contexts["steps"] |= {check["id"]: {"outcome": outcome}}
        if condition(keep["if"], contexts):
            artifact = self.artifacts / text(keep["with"]["name"], contexts)
            artifact.mkdir(parents=True)
            shutil.copy(text(keep["with"]["path"], contexts), artifact)

    def _script(
        self, step: Mapping[str, Any], contexts: Mapping[str, Any]
    ) -> subprocess.CompletedProcess[str]:
        """Run a step that is a script, as GitHub does with `shell: bash`.

        Source: "Workflow syntax for GitHub Actions", `jobs.<job_id>.steps[*].shell`, docs.github.com.
        """
        assert step["shell"] == "bash"
        script = self.folder / "script"
        script.write_text(step["run"])
        environment = {name: text(value, contexts) for name, value in step["env"].items()}
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def _contexts(self, **more: object) -> dict[str, Any]:
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
            **more,
        }
