"""The Action at work on a world worth seeing: plan, apply, a refusal, and plan again.

Each run is `entrypoint.py` in a process of its own, with the environment that GitHub's runner gives
it; what it prints is shown as the runner would show it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from github_sandbox.registry import registry
from github_sandbox.server import Sandbox
from github_sandbox.world import World
from github_sandbox.worlds import TRIPLET, demo

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "codespaces-registries.yml"
TARGETS = ("organization:octo-org", "repository:octo-org/service-template", "user:octocat")
CREDENTIALS = {"ACR_PASSWORD": "correct horse battery staple", "GHCR_TOKEN": "a token of octocat"}
# A registry whose new password is a wrong one.
API = "repository:octo-org/api"
LOCAL = """
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
    """Show the runs; 0 where each ends as it should, and the last one finds nothing to do."""
    argparse.ArgumentParser(prog="script/demo", description=__doc__).parse_args()
    with Sandbox(demo()) as sandbox, tempfile.TemporaryDirectory() as folder:
        run = _Runs(sandbox, Path(folder) / "output")
        print(f"The spec, {SPEC.relative_to(ROOT)}:\n")
        print(_indented(SPEC.read_text(encoding="utf-8")))
        _show_held(
            sandbox.world, "What GitHub holds now (a sandbox of it, on this machine)", TARGETS
        )
        ends = [
            run.step("1. plan: what would be done, and nothing is written", "plan") == 0,
            run.step("2. apply: do it", "apply") == 0,
        ]
        _show_held(sandbox.world, "What GitHub holds then", TARGETS)
        ends.append(_refused(run, sandbox))
        ends.append(run.step("4. plan again: what is left to do", "plan") == 0)
        ends.append(not sandbox.writes and "no changes" in run.text)
    print("\nno changes" if all(ends) else "\nSomething did not end as it should have.")
    return 0 if all(ends) else 1


def _refused(run: _Runs, sandbox: Sandbox) -> bool:
    """A rotation to a password that the registry refuses; whether the stored one survived it."""
    for part, value in zip(
        TRIPLET, (b"127.0.0.1", b"octocat", b"a password that works"), strict=True
    ):
        sandbox.world.put_secret(API, f"LOCAL_CONTAINER_REGISTRY_{part}", value)
    before = sandbox.world.secrets(API)
    with registry("octocat", "a password that works") as server:
        code = run.step(
            "3. a rotation to a password that the registry refuses",
            "apply",
            {
                "INPUT_SPEC": LOCAL.format(server=server),
                "INPUT_SPEC-FILE": "",
                "INPUT_VERIFY": "auto",
                "LOCAL_PASSWORD": "a password that was revoked",
            },
        )
    survived = sandbox.world.secrets(API) == before
    print(f"  The stored credential {'is as it was' if survived else 'WAS LOST'}.")
    return code == 1 and survived


class _Runs:
    """Runs steps against a sandbox, and shows them."""

    def __init__(self, sandbox: Sandbox, output: Path) -> None:
        self._sandbox = sandbox
        self._output = output
        self.text = ""

    def step(self, title: str, mode: str, inputs: Mapping[str, str] | None = None) -> int:
        """Show one step; its exit code."""
        self._sandbox.forget()
        code, self.text = _run(self._sandbox.url, mode, self._output, inputs or {})
        print(f"\n{title}\n\n{_indented(self.text)}\n")
        asked, written = len(self._sandbox.exchanges), len(self._sandbox.writes)
        print(f"  {asked} requests, {written} of them writes; exit code {code}.")
        return code


def _run(url: str, mode: str, output: Path, inputs: Mapping[str, str]) -> tuple[int, str]:
    """Exit code and log of one step."""
    environment = {
        **CREDENTIALS,
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(output),
        "GITHUB_WORKSPACE": str(ROOT),
        "INPUT_API-URL": url,
        "INPUT_MODE": mode,
        "INPUT_SPEC-FILE": str(SPEC.relative_to(ROOT)),
        "INPUT_TOKEN": "sandbox-token",
        "INPUT_VERIFY": "off",  # the registries of the example are not there to log in to
        **inputs,
    }
    output.touch()
    command = [sys.executable, "-X", "utf8", str(ROOT / "entrypoint.py")]
    done = subprocess.run(  # noqa: S603 - our own entrypoint
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return done.returncode, "\n".join(_as_shown(done.stdout + done.stderr))


def _as_shown(log: str) -> Iterator[str]:
    """The runner acts on a mask and shows it to nobody; an annotation it shows by its kind."""
    for line in log.rstrip().splitlines():
        command, _, message = line.removeprefix("::").partition("::")
        if not line.startswith("::"):
            yield line
        elif command.partition(" ")[0] in {"error", "warning", "notice"}:
            yield f"{command.partition(' ')[0].capitalize()}: {message}"


def _show_held(world: World, title: str, targets: Sequence[str]) -> None:
    """Every secret at the targets: never a value, since GitHub shows none either."""
    lines = []
    for target in targets:
        secrets = world.secrets(target)
        lines.append(f"{target}: {'' if secrets else 'nothing'}")
        for secret in secrets.values():
            listed = f", {len(secret.repositories)} repositories" if secret.repositories else ""
            age = (world.now() - secret.updated_at).days
            lines.append(f"  {secret.name:<32} {age} days old{listed}")
    print(f"\n{title}:\n\n{_indented(chr(10).join(lines))}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
