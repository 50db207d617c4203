"""Run the Action against a sandbox: plan, apply, a rejected credential, and plan again.

Each run is `entrypoint.py` in its own process, with the environment that GitHub's runner sets. Its
log is printed as the runner shows it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from github_sandbox.demo_registry import serve_registry
from github_sandbox.presets import PARTS, demo
from github_sandbox.server import Sandbox
from github_sandbox.world import World
from runner_environment import EVENT, GITHUB, StepPaths, build_environment

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "codespaces-registries.yml"
TARGETS = ("organization:octo-org", "repository:octo-org/service-template", "user:octocat")
CREDENTIALS = {
    "ACR_PASSWORD": "correct horse battery staple",
    "GHCR_TOKEN": "a token of octocat",
    "LOCAL_PASSWORD": "a password that was revoked",
}
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
    """Show the runs; 0 if each has the expected exit code and the last one has no changes."""
    argparse.ArgumentParser(prog="script/demo", description=__doc__).parse_args()
    with Sandbox(demo()) as sandbox, tempfile.TemporaryDirectory() as folder:
        runner = _StepRunner(sandbox, Path(folder))
        print(f"The spec, {SPEC.relative_to(ROOT)}:\n")
        print(_indent(SPEC.read_text(encoding="utf-8")))
        title = "Secrets on GitHub before (a sandbox of GitHub on this machine)"
        _show_secrets(sandbox.world, title, TARGETS)
        results = [
            runner.run("1. plan: show the changes without writing anything", "plan") == 0,
            runner.run("2. apply: make the changes", "apply") == 0,
        ]
        _show_secrets(sandbox.world, "Secrets on GitHub after", TARGETS)
        results.append(_show_rejected_credential(runner, sandbox))
        results.append(runner.run("4. plan again: nothing is left to change", "plan") == 0)
        results.append(not sandbox.writes and "no changes" in runner.log)
    print("\nno changes" if all(results) else "\nA run did not have the expected result.")
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
    """Run steps against a sandbox and print their logs; `log` is the log of the last step."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self._sandbox = sandbox
        self._folder = folder
        self.log = ""

    def run(self, title: str, mode: str, inputs: Mapping[str, str] | None = None) -> int:
        """Run a step, print its log, and return its exit code."""
        self._sandbox.clear_exchanges()
        exit_code, self.log = _run_action(self._sandbox.url, mode, self._folder, inputs or {})
        print(f"\n{title}\n\n{_indent(self.log)}\n")
        requests, writes = len(self._sandbox.exchanges), len(self._sandbox.writes)
        print(f"  {requests} requests, {writes} of them writes; exit code {exit_code}.")
        return exit_code


def _run_action(url: str, mode: str, folder: Path, inputs: Mapping[str, str]) -> tuple[int, str]:
    """Run the Action with its files in `folder`; return its exit code and its log."""
    temp = str(folder)
    paths = StepPaths(temp, temp, temp, temp, workspace=str(ROOT), step="demo")
    step_inputs = {
        "api-url": url,
        "mode": mode,
        "spec-file": str(SPEC.relative_to(ROOT)),
        "token": "sandbox-token",
        "verify": "off",  # the registries in the example spec do not exist
        **inputs,
    }
    github = {**GITHUB, "api_url": url}
    environment = build_environment(step_inputs, paths, github=github, env=CREDENTIALS)
    Path(paths.file("OUTPUT")).touch()
    Path(paths.event).write_text(json.dumps(EVENT), encoding="utf-8")
    command = [sys.executable, "-X", "utf8", str(ROOT / "entrypoint.py")]
    process = subprocess.run(  # noqa: S603 - our own entrypoint
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
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
