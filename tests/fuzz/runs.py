"""Runs of the Action in this process, with the files of a runner, and the laws for every run."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from codespaces_registry_secrets.action import main
from codespaces_registry_secrets.github.auth import TimeoutConfig
from fuzz.properties import find_values
from github_sandbox import Sandbox
from runner_environment import GITHUB, input_variables
from runner_protocol import Command, commands, key_values, output_lines, step_summary
from sandboxed_action import TOKEN, UNPACED

# A request that gets no response ends after this, and is not repeated after a pause.
TIMEOUTS = TimeoutConfig(timeout=2, backoff=0)
# Far more than a run takes on a busy machine. One that hangs never ends.
MAX_SECONDS = 150.0
MAX_SHOWN = 2000
CRASHES = ("an error in this Action", "The Action crashed", "Traceback (most recent call last)")


@dataclass(frozen=True)
class Run:
    """A run that has ended. `printed` has no masks, `written` is the text of each file."""

    code: int
    printed: str
    written: Mapping[str, str]
    commands: tuple[Command, ...]
    seconds: float

    @property
    def errors(self) -> list[str]:
        """The messages of the errors, each with its place."""
        return [
            " ".join([*command.properties.values(), command.message])
            for command in self.commands
            if command.name == "error"
        ]

    def __str__(self) -> str:
        """The last part, for the message of a failed law."""
        return f"exit code {self.code}\n{self.printed[-MAX_SHOWN:]}"

    @property
    def text(self) -> str:
        """All that a person can read of the run."""
        return "\n".join([self.printed, *self.written.values()])


def run_action(
    sandbox: Sandbox, inputs: Mapping[str, str], env: Mapping[str, str], spec_file: bytes = b""
) -> Run:
    """Run against a sandbox; `spec_file` is the content of `spec.yml` in the workspace."""
    with _folder() as folder:
        (folder / "workspace" / "spec.yml").write_bytes(spec_file)
        home = {"GITHUB_REPOSITORY": GITHUB["repository"]}
        environ = {**home, **env, **_variables(sandbox, inputs, folder)}
        out = io.StringIO()
        began = time.monotonic()
        with _output_file(environ), redirect_stdout(out), redirect_stderr(out):
            code = main(environ, timeouts=TIMEOUTS)
        seconds = time.monotonic() - began
        return _collect(code, out.getvalue(), folder, seconds)


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("workspace", "temp", "files"):
            (folder / part).mkdir()
        for file in ("output", "summary"):
            (folder / "files" / file).touch()
        yield folder


@contextmanager
def _output_file(environ: Mapping[str, str]) -> Iterator[None]:
    """The package that writes outputs reads the variable of the process."""
    os.environ["GITHUB_OUTPUT"] = environ["GITHUB_OUTPUT"]
    try:
        yield
    finally:
        del os.environ["GITHUB_OUTPUT"]


def _variables(sandbox: Sandbox, inputs: Mapping[str, str], folder: Path) -> dict[str, str]:
    given = {"token": TOKEN, "verify": "off", "api-url": sandbox.url, **UNPACED, **inputs}
    return {
        **input_variables({name: value for name, value in given.items() if value}),
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(folder / "files" / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "files" / "summary"),
        "GITHUB_WORKSPACE": str(folder / "workspace"),
        "RUNNER_TEMP": str(folder / "temp"),
    }


def _collect(code: int, printed: str, folder: Path, seconds: float) -> Run:
    """Parse what a run printed and wrote, as strictly as the runner does or more."""
    paths = [path for part in ("temp", "files") for path in (folder / part).rglob("*")]
    written = {path.name: path.read_text(encoding="utf-8") for path in paths if path.is_file()}
    key_values(written["output"])
    step_summary(written["summary"].encode())
    lines = output_lines(printed)
    shown = "\n".join(line for line in lines if not line.lstrip().startswith("::add-mask::"))
    return Run(code, shown, written, tuple(commands(printed)), seconds)


def check_run(run: Run, values: Iterable[str]) -> None:
    """The laws for every run, whatever it gets: an end in time, an exit code, no crash, no value."""
    assert run.seconds < MAX_SECONDS
    assert run.code in {0, 1}, run
    assert not [sign for sign in CRASHES if sign in run.text], run
    assert not find_values(run.text, values), run
    assert run.code == 0 or any(error.strip() for error in run.errors), run
