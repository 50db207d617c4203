"""An emulator of GitHub's runner for Docker container actions.

`Runner.run` runs a step in the image, with the mounts, variables and command line of GitHub's
runner, or as a process of this machine, with the same variables and the paths of the host. It
parses the output of the step as strictly as GitHub's runner does.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import yaml

from runner_environment import (
    EVENT,
    FILE_COMMANDS,
    GITHUB,
    ID_TOKEN_VARIABLES,
    StepPaths,
    build_environment,
)
from runner_protocol import RunnerError, Step, commands, key_values, step_summary

__all__ = ["Runner", "RunnerError", "Started", "Step"]

TIMEOUT_SECONDS = 180

# Variables of this machine that docker's client and coverage need.
_DOCKER_CLIENT = ("PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
_PROCESS = ("PATH", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class _StepFolders:
    """The directories of a step on the host, and one name for each file command."""

    workspace: Path
    temp: Path
    step: str

    @classmethod
    def make(cls, workspace: Path, event: Mapping[str, object]) -> _StepFolders:
        """Create the directories and the empty files of the file commands."""
        folders = cls(workspace, workspace.parent / "_temp", uuid4().hex)
        for directory in folders.mounts():
            directory.mkdir(parents=True, exist_ok=True)
        for command in FILE_COMMANDS:
            folders.file(command).touch()
        (folders.temp / "_github_workflow" / "event.json").write_text(json.dumps(event))
        return folders

    def mounts(self) -> dict[Path, str]:
        """The path of each directory in the container."""
        return {
            self.temp: "/github/runner_temp",
            self.temp / "_github_home": "/github/home",
            self.temp / "_github_workflow": "/github/workflow",
            self.temp / "_runner_file_commands": "/github/file_commands",
            self.workspace: "/github/workspace",
        }

    def paths(self, *, in_container: bool) -> StepPaths:
        """Return the directories as the step sees them."""
        temp, home, workflow, file_commands, workspace = (
            inside if in_container else str(host) for host, inside in self.mounts().items()
        )
        return StepPaths(temp, home, workflow, file_commands, workspace, self.step)

    def file(self, command: str) -> Path:
        """The file of a file command, such as `OUTPUT`."""
        return self.temp / "_runner_file_commands" / f"{command.lower()}_{self.step}"

    def contents(self) -> dict[Path, bytes]:
        """The digest of each file."""
        paths = (path for root in (self.temp, self.workspace) for path in root.rglob("*"))
        return {path: sha256(path.read_bytes()).digest() for path in paths if path.is_file()}


@dataclass(frozen=True)
class Started:
    """A step that is running. To cancel its job, send signals to `process`."""

    process: subprocess.Popen[bytes]
    command_line: list[str]
    _folders: _StepFolders
    _before: Mapping[Path, bytes]

    def end(self, timeout: float = TIMEOUT_SECONDS) -> Step:
        """Wait until the step ends, at most `timeout` seconds, and parse its output.

        Raises:
            RunnerError: GitHub's runner would reject or ignore a part of the output.
        """
        raw_stdout, raw_stderr = self.process.communicate(timeout=timeout)
        stdout, stderr = raw_stdout.decode(), raw_stderr.decode()
        folders = self._folders
        outputs, exported, _ = (
            key_values(folders.file(name).read_text(encoding="utf-8"), f"GITHUB_{name}")
            for name in ("OUTPUT", "ENV", "STATE")
        )
        contents = folders.contents()
        return Step(
            exit_code=self.process.returncode,
            stdout=stdout,
            stderr=stderr,
            outputs=outputs,
            exported=exported,
            summary=step_summary(folders.file("STEP_SUMMARY").read_bytes()),
            commands=[*commands(stdout), *commands(stderr)],
            command_line=self.command_line,
            files=sorted(p for p, digest in contents.items() if digest != self._before.get(p)),
        )


class Runner:
    """Runs steps that use one action, all in the same job. `event` is the payload of its event.

    `permissions` are those of the job. `id_token_service` are the variables that lead to the
    service for ID tokens; a step gets them only if the job has `id-token: write`.

    Args:
        action_yml: The action's metadata. `entrypoint.py` is next to the Dockerfile that it names.
        workspace: The checked-out repository. The runner's temporary directory is next to it.
        github: Values that replace those of the default `github` context, such as `api_url`.
    """

    def __init__(
        self, action_yml: Path, workspace: Path, github: Mapping[str, str] | None = None
    ) -> None:
        # Like the runner, this loader keeps `false` and `60` as strings.
        metadata = yaml.BaseLoader(action_yml.read_text(encoding="utf-8")).get_single_data()
        self._declared: Mapping[str, Mapping[str, str] | None] = metadata.get("inputs") or {}
        runs = metadata.get("runs") or {}
        dockerfile = action_yml.parent / runs.get("image", "Dockerfile")
        self._entrypoint = dockerfile.resolve().parent / "entrypoint.py"
        self._arguments: Sequence[str] = runs.get("args", ())
        self.workspace = workspace
        self.github = {**GITHUB, **(github or {})}
        self.event = EVENT
        self.permissions: Mapping[str, str] = {}
        self.id_token_service: Mapping[str, str] = dict.fromkeys(ID_TOKEN_VARIABLES, "unset")

    def run(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        *,
        image: str | None = None,
    ) -> Step:
        """Run a step and wait until it ends; see `start`."""
        return self.start(inputs, env, image=image).end()

    def start(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        *,
        image: str | None = None,
    ) -> Started:
        """Start a step in `image`, or as a process of this machine if `image` is None.

        Args:
            inputs: The step's `with:`.
            env: The step's `env:`; the runner's variables take precedence over it.
            image: The tag of the built action.

        Raises:
            RunnerError: The action does not have an input of this name.
        """
        folders = _StepFolders.make(self.workspace, self.event)
        paths = folders.paths(in_container=bool(image))
        may_request = self.permissions.get("id-token") == "write"
        variables = build_environment(
            self._complete_inputs(inputs),
            paths,
            github=self.github,
            env=env,
            id_tokens=self.id_token_service if may_request else None,
        )
        if image:
            command_line = _docker_run(image, variables, folders)
        else:
            options = ["-I", "-B", "-u", "-X", "utf8"]
            command_line = [sys.executable, *options, str(self._entrypoint)]
        command_line += self._arguments
        before = folders.contents()
        process = subprocess.Popen(
            command_line,
            env={**_machine_variables(_DOCKER_CLIENT if image else _PROCESS), **variables},
            cwd=self.workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return Started(process, command_line, folders, before)

    def _complete_inputs(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """Add the inputs that are not set, with their default or an empty string."""
        declared = self._declared
        unknown = sorted({name.lower() for name in inputs} - {name.lower() for name in declared})
        if unknown:
            raise RunnerError(f"the action has no such inputs: {', '.join(unknown)}")
        values = {
            name: self._expand((entry or {}).get("default", "")) for name, entry in declared.items()
        }
        return {**values, **inputs}

    def _expand(self, text: str) -> str:
        """Replace the expressions in a default. Only properties of `github` are supported."""

        def value(expression: re.Match[str]) -> str:
            context, _, name = expression["expression"].strip().partition(".")
            if context != "github" or name not in self.github:
                raise RunnerError(f"no value for the expression {expression[0]!r}")
            return self.github[name]

        return re.sub(r"\$\{\{(?P<expression>.*?)}}", value, text)


def _docker_run(image: str, variables: Mapping[str, str], folders: _StepFolders) -> list[str]:
    """The command line. It has only the names of variables, so that no process list shows a value."""
    names = [option for name in variables for option in ("-e", name)]
    mounts = [
        option for host, inside in folders.mounts().items() for option in ("-v", f"{host}:{inside}")
    ]
    options = ["--name", f"step_{folders.step}", "--workdir", "/github/workspace", "--rm"]
    # GitHub's runner creates a network for each job. A server on loopback needs the host's.
    return ["docker", "run", *options, *names, *mounts, "--network", "host", image]


def _machine_variables(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
