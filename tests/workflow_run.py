"""Run a workflow job by job and step by step, without GitHub: an example, and what it calls.

Sources: "Workflow syntax for GitHub Actions" and "Reuse workflows", docs.github.com.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Protocol

import yaml

from github_sandbox import Sandbox
from runner import Runner, Step
from runner_environment import GITHUB
from sandboxed_action import ACR_SPEC, ACTION_YML, JOB_TOKEN, TOKEN, UNPACED
from workflow import condition, text

ROOT = ACTION_YML.parent
EXAMPLES = ROOT / "examples" / "workflows"
PROJECT = "octo-org/codespaces-registry-secrets"
UPDATE_ISSUE_YML = ROOT / ".github/actions/update-issue/action.yml"
ACTIONS = {
    PROJECT: ACTION_YML,
    f"{PROJECT}/.github/actions/update-issue": UPDATE_ISSUE_YML,
}
CHECKOUT = "actions/checkout"
# The registries of the examples do not exist, so no login is possible.
OVERRIDES = {**UNPACED, "verify": "off"}
# What the repository of an example has, unless a test sets something else.
SPEC_FILE = ".github/codespaces-registries.yml"
SPEC = f"{ACR_SPEC}    targets:\n      - repository: octo-org/app\n"
SECRETS = {
    "CODESPACES_SECRETS_TOKEN": TOKEN,
    "CODESPACES_SECRETS_READ_TOKEN": TOKEN,
    "ACR_PASSWORD": "correct-horse",
    "GHCR_TOKEN": "battery-staple",
}


class WorkflowError(Exception):
    """GitHub would not start the workflow, or a step would not work as it expects."""


@dataclass(frozen=True)
class Event:
    """What started the workflow. `inputs` are those of `workflow_dispatch`, or of a call."""

    name: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    from_fork: bool = False


@dataclass
class WorkflowRun:
    """One run. Names of jobs in a called workflow are `caller / job`, as GitHub shows them.

    Args:
        workflow: The file of the workflow.
        files: The files that a checkout puts into the workspace.
        review: Called with the name of the environment before a job with one starts.
        denied: Permissions that the organization's settings take from the job's token.
        granted: The permissions of the calling job; None if nothing calls the workflow.
    """

    workflow: Path
    sandbox: Sandbox
    folder: Path
    event: Event
    secrets: Mapping[str, str]
    files: Mapping[str, str] = field(default_factory=dict)
    repository: str = "octo-org/app"
    review: Callable[[str], None] = lambda _environment: None
    denied: frozenset[str] = frozenset()
    granted: Mapping[str, str] | None = None
    results: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    steps: dict[str, list[Step]] = field(default_factory=dict)

    def run(self) -> WorkflowRun:
        """Run the jobs in the order of the file, each after those that it needs."""
        self._check_permissions()
        for name, job in self._document["jobs"].items():
            if not self._starts(job):
                self.results[name], self.outputs[name] = "skipped", {}
            elif "uses" in job:
                self._call(name, job)
            else:
                self._run_job(name, job)
        return self

    @property
    def result(self) -> str:
        """The result of the run."""
        results = set(self.results.values())
        return (
            "failure" if "failure" in results else "success" if "success" in results else "skipped"
        )

    @property
    def _document(self) -> dict[Any, Any]:
        document: dict[Any, Any] = yaml.safe_load(self.workflow.read_text(encoding="utf-8"))
        return document

    @property
    def _declared(self) -> Mapping[str, Any]:
        """The `workflow_call` of the file; empty if the file has none."""
        triggers = self._document[True]  # YAML 1.1 reads the key `on` as true
        return (triggers or {}).get("workflow_call") or {}

    def _permissions(self, job: Mapping[str, Any]) -> Mapping[str, str]:
        permissions: Mapping[str, str] = job.get("permissions", self._document["permissions"])
        return permissions

    def _check_permissions(self) -> None:
        """A called workflow cannot have a permission that its caller does not have."""
        if self.granted is None:
            return
        for name, job in self._document["jobs"].items():
            if not self._permissions(job).items() <= self.granted.items():
                raise WorkflowError(
                    f"the job {name} has permissions that the caller does not grant"
                )

    def _starts(self, job: Mapping[str, Any]) -> bool:
        """Whether a job runs. Without a status function, each job that it needs must succeed."""
        expression = job.get("if", "${{ true }}")
        if not re.search(r"\b(always|cancelled)\(\)", expression):
            needed = [job["needs"]] if isinstance(job.get("needs"), str) else job.get("needs", [])
            if any(self.results[name] != "success" for name in needed):
                return False
        return condition(expression, self._contexts())

    def _call(self, name: str, job: Mapping[str, Any]) -> None:
        """Run a reusable workflow of this repository."""
        path, _, _ = job["uses"].removeprefix(f"{PROJECT}/").partition("@")
        inputs = {key: self._evaluate(value) for key, value in job.get("with", {}).items()}
        called = replace(
            self,
            workflow=ROOT / path,
            event=replace(self.event, inputs=inputs),
            secrets={k: text(v, self._contexts()) for k, v in job.get("secrets", {}).items()},
            granted=self._permissions(job),
            results={},
            outputs={},
            steps={},
        )
        called._check_call(job.get("secrets", {}))
        called.run()
        self.results[name] = called.result
        self.results |= {f"{name} / {key}": value for key, value in called.results.items()}
        self.steps |= {f"{name} / {key}": value for key, value in called.steps.items()}
        contexts = {"jobs": {key: {"outputs": value} for key, value in called.outputs.items()}}
        self.outputs[name] = {
            key: text(entry["value"], contexts)
            for key, entry in called._declared.get("outputs", {}).items()
        }

    def _check_call(self, secrets: Mapping[str, object]) -> None:
        """A call passes only inputs and secrets that exist, and all that are required."""
        for kind, passed in (("inputs", self.event.inputs), ("secrets", secrets)):
            declared = self._declared.get(kind, {})
            missing = {key for key, entry in declared.items() if entry.get("required")} - set(
                passed
            )
            unknown = set(passed) - set(declared)
            if missing or unknown:
                raise WorkflowError(f"{kind}: missing {sorted(missing)}, unknown {sorted(unknown)}")

    def _run_job(self, name: str, job: Mapping[str, Any]) -> None:
        """Run the steps of a job on a machine of its own, until one fails."""
        environment = text(job.get("environment", ""), self._contexts())
        if environment:
            self.review(environment)
        permissions = self._job_token(job)
        workspace = Path(mkdtemp(dir=self.folder), "workspace")
        workspace.mkdir()
        self.steps[name] = []
        by_id: dict[str, dict[str, Any]] = {}
        self.results[name] = "success"
        for entry in job["steps"]:
            step = self._run_step(entry, workspace, permissions)
            if step is None:
                continue
            self.steps[name].append(step)
            by_id[entry.get("id", "")] = {"outputs": step.outputs}
            if step.exit_code:
                self.results[name] = "failure"
                break
        contexts = self._contexts(steps=by_id)
        self.outputs[name] = {k: text(v, contexts) for k, v in job.get("outputs", {}).items()}

    def _job_token(self, job: Mapping[str, Any]) -> Mapping[str, str]:
        """Add GITHUB_TOKEN with the permissions of the job, which can only read for a fork."""
        permissions = {k: v for k, v in self._permissions(job).items() if k not in self.denied}
        if self.event.from_fork:
            permissions = dict.fromkeys(permissions, "read")
        granted = {key.replace("-", "_"): level for key, level in permissions.items()}
        self.sandbox.world.add_actions_token(
            JOB_TOKEN, repository=self.repository, permissions={"metadata": "read", **granted}
        )
        return permissions

    def _run_step(
        self, entry: Mapping[str, Any], workspace: Path, permissions: Mapping[str, str]
    ) -> Step | None:
        """Run a step; None for a checkout."""
        action, _, _ = entry["uses"].partition("@")
        if action == CHECKOUT:
            if permissions.get("contents") != "read":
                raise WorkflowError("a checkout needs `contents: read`")
            for path, content in self.files.items():
                (workspace / path).parent.mkdir(parents=True, exist_ok=True)
                (workspace / path).write_text(content)
            return None
        github = {"api_url": self.sandbox.url, "event_name": self.event.name}
        runner = Runner(ACTIONS[action], workspace, {**github, "repository": self.repository})
        runner.event = self.event.payload
        runner.permissions = permissions
        contexts = self._contexts()
        inputs = {name: text(value, contexts) for name, value in entry["with"].items()}
        environment = {name: text(value, contexts) for name, value in entry.get("env", {}).items()}
        return runner.run({**inputs, **(OVERRIDES if action == PROJECT else {})}, environment)

    def _evaluate(self, value: object) -> object:
        """The value of an input or a secret; only a text can contain expressions."""
        return text(value, self._contexts()) if isinstance(value, str) else value

    def _contexts(self, **others: object) -> dict[str, Any]:
        """The contexts for expressions."""
        github = {
            **GITHUB,
            "api_url": self.sandbox.url,
            "event": self.event.payload,
            "event_name": self.event.name,
            "repository": self.repository,
            "repository_owner": self.repository.partition("/")[0],
        }
        declared = self._declared.get("inputs", {})
        defaults = {
            name: text(value, {"github": github}) if isinstance(value, str) else value
            for name, entry in declared.items()
            if (value := entry.get("default", "")) is not None
        }
        needs = {
            name: {"result": result, "outputs": self.outputs.get(name, {})}
            for name, result in self.results.items()
        }
        return {
            "github": github,
            "inputs": {**defaults, **self.event.inputs},
            "secrets": {} if self.event.from_fork else self.secrets,
            "needs": needs,
            "steps": {},
            **others,
        }


class Start(Protocol):
    """Run an example to its end. `options` are fields of `WorkflowRun`."""

    def __call__(self, name: str, event: Event, spec: str = SPEC, **options: Any) -> WorkflowRun:
        """Run it in a repository with this spec."""
