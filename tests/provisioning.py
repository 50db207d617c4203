"""The reusable workflow, called: its jobs run here, step by step, as its file says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import yaml

from runner import Runner, Step
from runner_protocol import key_values, step_summary
from running import ACTION_YML, UNPACED
from workflow import condition, text

WORKFLOW = yaml.safe_load((ACTION_YML.parent / ".github/workflows/provision.yml").read_text())
CALL = WORKFLOW[True]["workflow_call"]  # YAML 1.1 takes the key `on` for true
JOBS = WORKFLOW["jobs"]
PROJECT = "octo-org/codespaces-registry-secrets@"


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
        (step,) = (one for one in JOBS["summary"]["steps"] if "run" in one)
        given, told = (self.folder / name for name in ("output", "summary"))
        for file in (given, told):
            file.write_text("")
        needs = {name: {"result": result} for name, result in self.result.items()}
        files = {"GITHUB_OUTPUT": str(given), "GITHUB_STEP_SUMMARY": str(told)}
        done = self._script(step, self._contexts(needs=needs), **files)
        assert done.stderr == ""
        self.summary = step_summary(told.read_bytes())
        self.printed = done.stdout
        outputs = key_values(given.read_text())
        assert outputs.keys() == JOBS["summary"]["outputs"].keys()
        return {**outputs, "code": str(done.returncode)}

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
        workspace = Path(mkdtemp(dir=self.folder), "workspace")
        workspace.mkdir()
        inputs = {name: text(value, contexts) for name, value in given["with"].items()}
        runner = Runner(ACTION_YML, workspace, {"api_url": self.api_url})
        step = runner.run({**inputs, **instead})
        self.steps.append(step)
        self._keep(job, given["id"], step, workspace.parent / "_temp", contexts)
        return step

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
            artifact = Path(
                self._contexts()["runner"]["temp"], "plans", text(keep["with"]["name"], contexts)
            )
            artifact.mkdir(parents=True)
            shutil.copy(text(keep["with"]["path"], contexts), artifact)

    def _script(
        self, step: Mapping[str, Any], contexts: Mapping[str, Any], **files: str
    ) -> subprocess.CompletedProcess[str]:
        """A step that is a script: run as its `shell` says."""
        script = self.folder / "script"
        script.write_text(step["run"])
        environment = {name: text(value, contexts) for name, value in step["env"].items()}
        command_line = step["shell"].format(script).replace("python3", sys.executable, 1).split(" ")
        return subprocess.run(
            command_line,
            env={**environment, **files},
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
            "runner": {"temp": str(self.folder)},
            "needs": {"plan": {"outputs": self.outputs.get("plan", {})}},
            **more,
        }
