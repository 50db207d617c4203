"""Run the Action against a sandbox: plan, apply, a rejected credential, and plan again.

Each run is `entrypoint.py` in its own process, with the environment that GitHub's runner sets. Its
log is printed as the runner shows it, and its summary is written to a file.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from github_sandbox.demo_commands import CREDENTIALS, ROOT, SPEC, TOKEN, next_steps, serve
from github_sandbox.demo_registry import serve_registry
from github_sandbox.presets import PARTS, demo
from github_sandbox.server import Sandbox
from github_sandbox.world import World
from runner_environment import EVENT, GITHUB, StepPaths, build_environment

SUMMARY = ROOT / ".demo" / "summary.md"
TARGETS = ("organization:octo-org", "repository:octo-org/service-template", "user:octocat")
REVOKED = {"LOCAL_PASSWORD": "a password that was revoked"}
# The target and the spec of a rotation to an invalid password.
REJECTED_TARGET = "repository:octo-org/api"
REJECTED_SPEC = """
version: 1
registries:
  - id: LOCAL
    server: "{server}"
    username: octocat
    password: {{env: LOCAL_PASSWORD}}
    rotate: always
    targets: [{{repository: octo-org/api}}]
"""


def main() -> int:
    """Run the demo, or serve the sandbox; return the exit code.

    Ctrl-C ends the runs with 130, as it ends a shell command. A reader that goes away, as `head`
    does, ends them with 1.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True, errors="replace")
    try:
        options = _create_parser().parse_args()
        return serve() if options.serve else show_runs(options.summary)
    except KeyboardInterrupt:
        print("script/demo: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 1
    finally:
        _discard_unread_output()


def _discard_unread_output() -> None:
    """Without this, Python prints an error when it exits and nobody reads standard output."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _create_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="script/demo", description=__doc__)
    parser.add_argument(
        "--serve",
        action="store_true",
        help="do not run the Action; serve the sandbox until Ctrl-C, and print commands to try",
    )
    parser.add_argument(
        "--summary",
        type=Path,
        default=SUMMARY,
        metavar="FILE",
        help="where to write the job summary (default: .demo/summary.md)",
    )
    return parser


def show_runs(summary: Path) -> int:
    """Show the runs; 0 if each has the expected exit code and the last one has no changes."""
    print("Starting a sandbox of GitHub's API on this machine.\n")
    with Sandbox(demo()) as sandbox, tempfile.TemporaryDirectory() as folder:
        runner = _StepRunner(sandbox, Path(folder))
        print(f"The spec, {SPEC.relative_to(ROOT)}:\n")
        print(_indent(SPEC.read_text(encoding="utf-8")))
        _show_secrets(sandbox.world, "Secrets in the sandbox before", TARGETS)
        results = [
            runner.run("1. plan: show the changes without writing anything", "plan") == 0,
            runner.run("2. apply: make the changes", "apply") == 0,
        ]
        _show_secrets(sandbox.world, "Secrets in the sandbox after", TARGETS)
        results.append(_show_rejected_credential(runner, sandbox))
        results.append(runner.run("4. plan again: nothing is left to change", "plan") == 0)
        results.append(not sandbox.writes and "no changes" in runner.log)
    print("\nno changes" if all(results) else "\nA run did not have the expected result.")
    summary.parent.mkdir(parents=True, exist_ok=True)
    summary.write_text("\n".join(runner.summaries), encoding="utf-8")
    print(
        f"\nThe job summary of the four runs, which GitHub shows on the run's page:\n\n  {summary}"
    )
    print(f"\n{next_steps()}")
    return 0 if all(results) else 1


def _show_rejected_credential(runner: _StepRunner, sandbox: Sandbox) -> bool:
    """Show a rotation to a password that the registry rejects.

    True if the run fails and the stored secrets are unchanged.
    """
    values = (b"127.0.0.1", b"octocat", b"a password that works")
    for part, value in zip(PARTS, values, strict=True):
        sandbox.world.put_secret(REJECTED_TARGET, f"LOCAL_CONTAINER_REGISTRY_{part}", value)
    before = sandbox.world.secrets(REJECTED_TARGET)
    with serve_registry("octocat", "a password that works") as server:
        exit_code = runner.run(
            "3. apply: rotate to a password that the registry rejects",
            "apply",
            {"spec": REJECTED_SPEC.format(server=server), "spec-file": "", "verify": "auto"},
        )
    is_unchanged = sandbox.world.secrets(REJECTED_TARGET) == before
    print(f"  The stored credential {'is unchanged' if is_unchanged else 'WAS LOST'}.")
    return exit_code == 1 and is_unchanged


class _StepRunner:
    """Run steps against a sandbox and print their logs.

    `log` is the log of the last step; `summaries` are the summaries of all steps.
    """

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self.log = ""
        self.summaries: list[str] = []

    def run(self, title: str, mode: str, inputs: Mapping[str, str] | None = None) -> int:
        """Run a step, print its log, and return its exit code."""
        print(f"\n{title}\n")
        self._sandbox.clear_exchanges()
        temp, step = str(self._folder), f"step{len(self.summaries) + 1}"
        paths = StepPaths(temp, temp, temp, temp, workspace=str(ROOT), step=step)
        exit_code, self.log = _run_action(self._sandbox.url, mode, paths, inputs or {})
        self.summaries.append(Path(paths.file("STEP_SUMMARY")).read_text(encoding="utf-8"))
        print(f"{_indent(self.log)}\n")
        requests, writes = len(self._sandbox.exchanges), len(self._sandbox.writes)
        print(f"  {requests} requests, {writes} of them writes; exit code {exit_code}.")
        return exit_code


def _run_action(
    url: str, mode: str, paths: StepPaths, inputs: Mapping[str, str]
) -> tuple[int, str]:
    """Run the Action; return its exit code and its log."""
    step_inputs = {
        "api-url": url,
        "mode": mode,
        "spec-file": str(SPEC.relative_to(ROOT)),
        "token": TOKEN,
        "verify": "off",  # the registries in the example spec do not exist
        **inputs,
    }
    github = {**GITHUB, "api_url": url}
    environment = build_environment(
        step_inputs, paths, github=github, env={**CREDENTIALS, **REVOKED}
    )
    for command in ("OUTPUT", "STEP_SUMMARY"):
        Path(paths.file(command)).touch()
    Path(paths.event).write_text(json.dumps(EVENT), encoding="utf-8")
    command_line = [sys.executable, "-X", "utf8", str(ROOT / "entrypoint.py")]
    process = subprocess.run(  # noqa: S603 - our own entrypoint
        command_line, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return process.returncode, "\n".join(_render_log(process.stdout + process.stderr))


def _render_log(log: str) -> Iterator[str]:
    """Render a log as the runner does: hide `add-mask`, and show groups and annotations."""
    for line in log.rstrip().splitlines():
        command, _, message = line.removeprefix("::").partition("::")
        name = command.partition(" ")[0]
        if not line.startswith("::"):
            yield line
        elif name in {"error", "warning", "notice"}:
            yield f"{name.capitalize()}: {message}"
        elif name == "group":
            yield f"▾ {message}"


def _show_secrets(world: World, title: str, targets: Sequence[str]) -> None:
    """Print the secrets of the targets, without values, which GitHub does not show either."""
    lines = []
    for target in targets:
        secrets = world.secrets(target)
        lines.append(f"{target}: {'' if secrets else 'no secrets'}")
        for secret in secrets.values():
            count = len(secret.repositories)
            selected = f", {count} selected repositories" if count else ""
            age = (world.now() - secret.updated_at).days
            lines.append(f"  {secret.name:<32} {age} days old{selected}")
    print(f"\n{title}:\n\n{_indent(chr(10).join(lines))}")


def _indent(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
