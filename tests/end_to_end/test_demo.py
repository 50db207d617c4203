"""`script/demo`: what it prints, the commands that it prints, and how it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PASSWORDS = ("correct horse battery staple", "a token of octocat", "that was revoked")
MAX_SECONDS = 60
COMMAND = "script/codespaces-registry-secrets"


def environment(home: Path) -> dict[str, str]:
    """The variables of a new terminal."""
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}


def shell(text: str, home: Path) -> subprocess.CompletedProcess[str]:
    """Run a text as a person types it in a new terminal; bash reads it as one line after another."""
    return subprocess.run(
        ["bash", "-e", "-c", text],
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        check=False,
        text=True,
        timeout=MAX_SECONDS,
    )


def commands(output: str) -> list[str]:
    """The indented lines of a text."""
    return [line.strip() for line in output.splitlines() if line.startswith("  ")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def output(folder: Path) -> str:
    """What the demo prints."""
    process = shell(f"script/demo --summary '{folder}/new/summary.md'", folder)
    assert process.returncode == 0, process.stdout + process.stderr
    return process.stdout


def test_the_demo_ends_with_a_plan_without_changes(output: str) -> None:
    """It also shows a rejected credential, which replaces no stored one, and no password."""
    assert "\nno changes\n" in output
    assert "rejects the credential (401)" in output
    assert "The stored credential is unchanged." in output
    for password in PASSWORDS:
        assert password not in output


def test_the_summary_is_in_the_file_that_the_demo_names(output: str, folder: Path) -> None:
    """The sections of the four runs, as on GitHub's page of a run."""
    path = folder / "new" / "summary.md"
    assert f"\n  {path}\n" in output
    summary = path.read_text(encoding="utf-8")
    titles = re.findall("^### Codespaces registry secrets: (.+)$", summary, re.MULTILINE)
    assert titles == ["plan", "apply", "apply", "plan"]
    for password in PASSWORDS:
        assert password not in summary


def test_the_commands_to_try_next_work(output: str, folder: Path) -> None:
    """The last one serves the sandbox, which the tests below use."""
    *others, serve = commands(output.partition("Try next, in ")[2])
    assert others
    for command in others:
        process = shell(command, folder)
        assert process.returncode == 0, process.stdout + process.stderr
    assert serve == "script/demo --serve"


class ServedSandbox:
    """`script/demo --serve`; `output` is what it printed up to the line that names Ctrl-C."""

    def __init__(self, home: Path) -> None:
        self.process = subprocess.Popen(
            ["script/demo", "--serve"],
            cwd=ROOT,
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.output = ""
        assert self.process.stdout
        while "Ctrl-C" not in self.output:
            line = self.process.stdout.readline()
            assert line, self.process.communicate()
            self.output += line

    def stop(self, stop_signal: signal.Signals) -> tuple[int, str, str]:
        """Send a signal to all processes, as a terminal does; the exit code and the output."""
        os.killpg(self.process.pid, stop_signal)
        out, err = self.process.communicate(timeout=MAX_SECONDS)
        return self.process.returncode, out, err


@pytest.fixture
def served(tmp_path: Path) -> Iterator[ServedSandbox]:
    served = ServedSandbox(tmp_path)
    yield served
    if served.process.poll() is None:
        served.stop(signal.SIGKILL)


def test_the_commands_for_the_served_sandbox_work(served: ServedSandbox, tmp_path: Path) -> None:
    """One after the other, in a new terminal, with the variables that are printed before."""
    lines = commands(served.output)
    variables = [line for line in lines if line.startswith(("cd ", "export "))]
    tried = [line for line in lines if line.startswith(COMMAND)]
    assert lines == variables + tried
    printed = {}
    for command in tried:
        process = shell("\n".join([*variables, command]), tmp_path)
        assert process.returncode == 0, process.stdout + process.stderr
        printed[command.split()[1]] = process.stdout
    assert list(printed) == ["plan", "apply", "explain", "doctor", "import"]
    assert "Plan: 1 to create, 1 to repair, 1 access change." in printed["plan"]
    assert "Apply complete: 1 created, 1 repaired, 1 access change made." in printed["apply"]
    assert "none: up to date" in printed["explain"]
    assert "a codespace can log in" in printed["doctor"]
    assert "organization: octo-org" in printed["import"]


@pytest.mark.parametrize("stop_signal", [signal.SIGINT, signal.SIGTERM], ids=lambda item: item.name)
def test_a_signal_stops_the_served_sandbox(
    served: ServedSandbox, stop_signal: signal.Signals
) -> None:
    """Without an error."""
    assert served.stop(stop_signal) == (0, "\nThe sandbox is stopped.\n", "")


def test_ctrl_c_stops_the_demo(folder: Path) -> None:
    """Without a traceback, with the exit code of a stopped command."""
    process = subprocess.Popen(
        ["script/demo", "--summary", str(folder / "none.md")],
        cwd=ROOT,
        env=environment(folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("1. plan"):
            break
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=MAX_SECONDS)
    assert (process.returncode, err) == (130, "script/demo: stopped\n")


@pytest.mark.parametrize("options", ["", "--serve", "--help"])
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_closed_pipe_is_no_traceback(folder: Path, options: str, reader: str) -> None:
    """The reader of the output ends before the demo."""
    limit = "timeout --signal=INT 5" if options == "--serve" else ""
    command = f"{limit} script/demo {options} --summary '{folder}/closed.md'"
    process = shell(f"{command} | {reader}", folder)
    assert (process.returncode, process.stderr) == (0, "")
