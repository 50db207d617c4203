"""GitHub's runner, as far as a Docker container action can tell.

`Runner.run` runs a step: in the image, with the mounts, variables and command line of the real
runner, or as a process of this machine, with the same variables and the host's own paths. What
comes back is read as strictly as the runner reads it.
"""

from __future__ import annotations

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

from runner_environment import FILE_COMMANDS, GITHUB, StepPaths, build_environment
from runner_protocol import RunnerError, Step, commands, key_values, step_summary

__all__ = ["Runner", "RunnerError", "Started", "Step"]

TIMEOUT_SECONDS = 180

# What a client of docker needs of this machine, and what coverage needs to follow a process.
_DOCKER_CLIENT = ("PATH", "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG")
_PROCESS = ("PATH", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")


@dataclass(frozen=True)
class _Places:
    """The directories of a step on the host, and one name for each file command."""

    workspace: Path
    temp: Path
    step: str

    @classmethod
    def make(cls, workspace: Path) -> _Places:
        places = cls(workspace, workspace.parent / "_temp", uuid4().hex)
        for directory in places.mounts():
            directory.mkdir(parents=True, exist_ok=True)
        for command in FILE_COMMANDS:
            places.file(command).touch()
        (places.temp / "_github_workflow" / "event.json").write_text("{}\n")
        return places

    def mounts(self) -> dict[Path, str]:
        """Each directory, and where the container finds it."""
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
        return self.temp / "_runner_file_commands" / f"{command.lower()}_{self.step}"

    def contents(self) -> dict[Path, bytes]:
        paths = (path for root in (self.temp, self.workspace) for path in root.rglob("*"))
        return {path: sha256(path.read_bytes()).digest() for path in paths if path.is_file()}


@dataclass(frozen=True)
class Started:
    """A step that is under way. A job that is cancelled sends its `process` signals."""

    process: subprocess.Popen[bytes]
    command_line: list[str]
    _places: _Places
    _before: Mapping[Path, bytes]

    def end(self) -> Step:
        """Wait for its end, and read what it said.

        Raises:
            RunnerError: the step said something that the runner does not understand.
        """
        raw_stdout, raw_stderr = self.process.communicate(timeout=TIMEOUT_SECONDS)
        stdout, stderr = raw_stdout.decode(), raw_stderr.decode()
        places = self._places
        outputs, exported, _ = (
            key_values(places.file(name).read_text(encoding="utf-8"), f"GITHUB_{name}")
            for name in ("OUTPUT", "ENV", "STATE")
        )
        contents = places.contents()
        return Step(
            exit_code=self.process.returncode,
            stdout=stdout,
            stderr=stderr,
            outputs=outputs,
            exported=exported,
            summary=step_summary(places.file("STEP_SUMMARY").read_bytes()),
            commands=[*commands(stdout), *commands(stderr)],
            command_line=self.command_line,
            files=sorted(p for p, digest in contents.items() if digest != self._before.get(p)),
        )


class Runner:
    """Runs steps that use one action, all in the same job.

    Args:
        action_yml: The action's metadata. The `entrypoint.py` is in the folder of the Dockerfile that
            it names.
        workspace: The checked-out repository. The runner's own directory comes beside it.
        github: What differs from the usual `github` context, such as `api_url`.
    """

    def __init__(
        self, action_yml: Path, workspace: Path, github: Mapping[str, str] | None = None
    ) -> None:
        # A loader without types leaves `false` and `60` as they are written, as the runner does.
        metadata = yaml.BaseLoader(action_yml.read_text(encoding="utf-8")).get_single_data()
        self._declared: Mapping[str, Mapping[str, str] | None] = metadata.get("inputs") or {}
        runs = metadata.get("runs") or {}
        dockerfile = action_yml.parent / runs.get("image", "Dockerfile")
        self._entrypoint = dockerfile.resolve().parent / "entrypoint.py"
        self._arguments: Sequence[str] = runs.get("args", ())
        self.workspace = workspace
        self.github = {**GITHUB, **(github or {})}

    def run(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        *,
        image: str | None = None,
    ) -> Step:
        """A step from its start to its end, as `start` begins it."""
        return self.start(inputs, env, image=image).end()

    def start(
        self,
        inputs: Mapping[str, str],
        env: Mapping[str, str] | None = None,
        *,
        image: str | None = None,
    ) -> Started:
        """Begin a step: in `image`, or as a process of this machine where there is none.

        Args:
            inputs: The step's `with:`.
            env: The step's `env:`; the runner's own variables win over it.
            image: The tag of the built action.

        Raises:
            RunnerError: An input that the action does not have.
        """
        places = _Places.make(self.workspace)
        paths = places.paths(in_container=bool(image))
        variables = build_environment(self._inputs(inputs), paths, github=self.github, env=env)
        if image:
            command_line = _docker_run(image, variables, places)
        else:
            options = ["-I", "-B", "-u", "-X", "utf8"]
            command_line = [sys.executable, *options, str(self._entrypoint)]
        command_line += self._arguments
        before = places.contents()
        process = subprocess.Popen(
            command_line,
            env={**_of_this_machine(_DOCKER_CLIENT if image else _PROCESS), **variables},
            cwd=self.workspace,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        return Started(process, command_line, places, before)

    def _inputs(self, given: Mapping[str, str]) -> dict[str, str]:
        """Return every input of the action: the given value, else the default, else empty."""
        declared = self._declared
        unknown = sorted({name.lower() for name in given} - {name.lower() for name in declared})
        if unknown:
            raise RunnerError(f"the action has no such inputs: {', '.join(unknown)}")
        values = {
            name: self._expand((entry or {}).get("default", "")) for name, entry in declared.items()
        }
        return {**values, **given}

    def _expand(self, text: str) -> str:
        """A default with its expressions evaluated, of which only `github.*` has a meaning here."""

        def value(expression: re.Match[str]) -> str:
            context, _, name = expression["expression"].strip().partition(".")
            if context != "github" or name not in self.github:
                raise RunnerError(f"no value for the expression {expression[0]!r}")
            return self.github[name]

        return re.sub(r"\$\{\{(?P<expression>.*?)}}", value, text)


def _docker_run(image: str, variables: Mapping[str, str], places: _Places) -> list[str]:
    """The command line. Variables go by name only, so that no value shows up in a process list."""
    names = [option for name in variables for option in ("-e", name)]
    mounts = [
        option for host, inside in places.mounts().items() for option in ("-v", f"{host}:{inside}")
    ]
    where = ["--name", f"step_{places.step}", "--workdir", "/github/workspace", "--rm"]
    # The real runner makes a network of its own. A server on loopback needs the host's.
    return ["docker", "run", *where, *names, *mounts, "--network", "host", image]


def _of_this_machine(names: tuple[str, ...]) -> dict[str, str]:
    return {name: os.environ[name] for name in names if name in os.environ}
