"""Install the wheel, and run its command `codespaces-registry-secrets` in separate processes."""

from __future__ import annotations

import os
import pty
import select
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from github_sandbox import Sandbox, World
from sandboxed_action import TOKEN, stored_triplet

ROOT = Path(__file__).parents[1]
NAME = "codespaces-registry-secrets"
# setuptools reads only these files.
BUILD_INPUTS = ("pyproject.toml", "README.md", "LICENSE", "src")
MAX_SECONDS = 30
NOT_COPIED = shutil.ignore_patterns("__pycache__", "*.egg-info")


def install(folder: Path) -> Path:
    """Build the wheel, install it without its packages into a folder, and return the command."""
    checkout = folder / "checkout"
    checkout.mkdir()
    for name in BUILD_INPUTS:
        source, copy = ROOT / name, checkout / name
        if source.is_dir():
            shutil.copytree(source, copy, ignore=NOT_COPIED)
        else:
            shutil.copy(source, copy)
    installed = folder / "installed"
    options = ("--no-deps", "--no-index", "--no-build-isolation", "--disable-pip-version-check")
    command = (sys.executable, "-m", "pip", "install", "--quiet", *options, "--target", installed)
    process = subprocess.run([*command, checkout], capture_output=True, check=False, text=True)
    assert process.returncode == 0, process.stderr
    return installed / "bin" / NAME


@dataclass(frozen=True)
class Result:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class CommandLine:
    """The installed command, a folder to run it in, and its environment variables."""

    command: Path
    folder: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: str | bytes = b"", **variables: str) -> Result:
        """Run the command to its end; `stdin` is no terminal."""
        process = subprocess.run(
            [self.command, *arguments],
            cwd=self.folder,
            env=self.variables(variables),
            input=stdin.encode() if isinstance(stdin, str) else stdin,
            capture_output=True,
            check=False,
            timeout=MAX_SECONDS,
        )
        return Result(process.returncode, process.stdout.decode(), process.stderr.decode())

    def on_terminal(self, *arguments: str, **variables: str) -> TerminalSession:
        """Start the command on a terminal."""
        return TerminalSession(self, arguments, {"TERM": "xterm", "COLUMNS": "80", **variables})

    def variables(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The environment of the command: no token and no settings of the machine's own."""
        base = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        base["PYTHONPATH"] = str(self.command.parents[1])
        coverage = {k: v for k, v in os.environ.items() if k.startswith("COVERAGE_")}
        return {**base, **coverage, **self.environ, **variables}


class TerminalSession:
    """A command whose standard streams are a terminal; `output` is what it has printed so far."""

    def __init__(
        self, command_line: CommandLine, arguments: tuple[str, ...], variables: Mapping[str, str]
    ) -> None:
        self.output = ""
        self._terminal, child = pty.openpty()
        self.process = subprocess.Popen(
            [command_line.command, *arguments],
            cwd=command_line.folder,
            env=command_line.variables(variables),
            stdin=child,
            stdout=child,
            stderr=child,
            start_new_session=True,
        )
        os.close(child)

    def wait_for(self, text: str) -> None:
        """Read until the command has printed a text."""
        while text not in self.output:
            assert self._read(), f"{text!r} is not in: {self.output}"

    def type(self, text: str) -> None:
        """Type a text as a person does."""
        os.write(self._terminal, text.encode())

    def end(self) -> Result:
        """Read to the end; standard error is part of the output."""
        while self._read():
            pass
        os.close(self._terminal)
        return Result(self.process.wait(timeout=MAX_SECONDS), self.output, "")

    def _read(self) -> bool:
        """Read what was printed; False at the end."""
        ready, _, _ = select.select([self._terminal], [], [], MAX_SECONDS)
        assert ready, self.output
        try:
            text = os.read(self._terminal, 65536).decode(errors="replace")
        except OSError:  # Linux: no process has the terminal any more
            return False
        self.output += text.replace("\r\n", "\n")
        return bool(text)


def signed_in(cli: CommandLine, sandbox: Sandbox) -> CommandLine:
    """The command with a token, for GitHub's API at the sandbox."""
    return replace(cli, environ={"GH_TOKEN": TOKEN, "GITHUB_API_URL": sandbox.url})


def organization_world() -> World:
    """`octo-org` with two repositories, one of which is on the list of its triplet ACR."""
    world = World()
    world.add_user("octocat")
    world.add_organization("octo-org", owners=("octocat",))
    for name in ("octo-org/app", "octo-org/api", "octocat/dotfiles"):
        world.add_repository(name)
    world.add_token(TOKEN, user="octocat", scopes=("repo", "admin:org", "codespace"))
    stored_triplet(
        world, "organization:octo-org", visibility="selected", repositories=["octo-org/api"]
    )
    return world
