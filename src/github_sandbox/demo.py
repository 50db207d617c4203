"""The Action at work on a world worth seeing: plan, apply, and plan again.

Each run is `entrypoint.py` in a process of its own, with the environment that GitHub's runner gives
it; what it prints is shown as the runner would show it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from github_sandbox.server import Sandbox
from github_sandbox.world import World
from github_sandbox.worlds import demo

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "codespaces-registries.yml"
TARGETS = ("organization:octo-org", "repository:octo-org/service-template", "user:octocat")
CREDENTIALS = {"ACR_PASSWORD": "correct horse battery staple", "GHCR_TOKEN": "a token of octocat"}
RUNS = (
    ("plan", "1. plan: what would be done, and nothing is written"),
    ("apply", "2. apply: do it"),
    ("plan", "3. plan again: what is left to do"),
)


def main() -> int:
    """Show the three runs; 0 where the last one finds nothing to do."""
    argparse.ArgumentParser(prog="script/demo", description=__doc__).parse_args()
    with Sandbox(demo()) as sandbox, tempfile.TemporaryDirectory() as folder:
        print(f"The spec, {SPEC.relative_to(ROOT)}:\n")
        print(_indented(SPEC.read_text(encoding="utf-8")))
        print("\nWhat GitHub holds now (a sandbox of it, on this machine):\n")
        print(_held(sandbox.world))
        for mode, title in RUNS:
            print(f"\n{title}\n")
            sandbox.forget()
            output = Path(folder) / "output"
            code, text = _run(sandbox.url, mode, output)
            print(_indented(text))
            print(f"\n  {len(sandbox.exchanges)} requests, {len(sandbox.writes)} of them writes.")
            if code:
                return code
        print("\nWhat GitHub holds then:\n")
        print(_held(sandbox.world))
    converged = not sandbox.writes and "no changes" in text
    print("\nno changes" if converged else "\nThe last plan should have found nothing to do.")
    return 0 if converged else 1


def _run(url: str, mode: str, output: Path) -> tuple[int, str]:
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


def _held(world: World) -> str:
    """Every secret at the targets: never a value, since GitHub shows none either."""
    lines = []
    for target in TARGETS:
        secrets = world.secrets(target)
        lines.append(f"{target}: {'' if secrets else 'nothing'}")
        for secret in secrets.values():
            listed = f", {len(secret.repositories)} repositories" if secret.repositories else ""
            age = (world.now() - secret.updated_at).days
            lines.append(f"  {secret.name:<32} {age} days old{listed}")
    return _indented("\n".join(lines))


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.rstrip().splitlines())


if __name__ == "__main__":
    sys.exit(main())
