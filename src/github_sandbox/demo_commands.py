"""What to try after the demo: the command line tool, with a sandbox that stays up."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Iterator, Mapping
from pathlib import Path

from github_sandbox.presets import demo
from github_sandbox.server import Sandbox

ROOT = Path(__file__).parents[2]
SPEC = ROOT / "examples" / "codespaces-registries.yml"
TOKEN = "sandbox-token"  # noqa: S105 - of the sandbox
# The variables that the spec reads.
CREDENTIALS: Mapping[str, str] = {
    "ACR_PASSWORD": "correct horse battery staple",
    "GHCR_TOKEN": "a token of octocat",
}
COMMAND = "script/codespaces-registry-secrets"
_SPEC = SPEC.relative_to(ROOT)
_SPEC_FILE = f"--spec-file {_SPEC}"
_VERIFY_OFF = "--verify off"  # the registries in the example spec do not exist
# The commands to try on the sandbox, in this order.
TRY: Mapping[str, str] = {
    "Show what the spec would change": f"plan {_SPEC_FILE} {_VERIFY_OFF}",
    "Change it": f"apply --yes {_SPEC_FILE} {_VERIFY_OFF}",
    "Describe one registry at each target": f"explain ACR {_SPEC_FILE}",
    "Say whether a codespace can log in": f"doctor octo-org/api {_SPEC_FILE}",
    "Write a spec for what is stored": "import organization:octo-org user:octocat",
}
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def next_steps() -> str:
    """The commands to try after the demo; they need no token."""
    steps = {
        "Check a spec; this needs neither a token nor a network": f"{COMMAND} validate {_SPEC}",
        "Keep the sandbox up, and try the command line tool on it": "script/demo --serve",
    }
    return "\n".join([f"Try next, in {ROOT}:", *_commands(steps)])


def serve() -> int:
    """Serve the sandbox, and print commands to try, until SIGINT or SIGTERM; return 0."""
    # The server's thread inherits this mask, so both signals reach sigwait in the main thread.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    with Sandbox(demo()) as sandbox:
        print(describe_session(sandbox.url))
        signal.sigwait(_STOP_SIGNALS)
    print("\nThe sandbox is stopped.")
    return 0


def describe_session(url: str) -> str:
    """The variables and the commands for a shell; the indented lines are a script that runs."""
    variables = {"GITHUB_API_URL": url, "GH_TOKEN": TOKEN, **CREDENTIALS}
    lines = [
        f"A sandbox of GitHub's API is at {url}, with the secrets that the demo begins with.",
        "In another terminal, set the variables of the command line tool:",
        "",
        f"  cd {shlex.quote(str(ROOT))}",
        *(f"  export {name}={shlex.quote(value)}" for name, value in variables.items()),
        "",
        "Then try its commands, in this order:",
        *_commands({purpose: f"{COMMAND} {command}" for purpose, command in TRY.items()}),
    ]
    return "\n".join([*lines, "", "Press Ctrl-C to stop the sandbox."])


def _commands(steps: Mapping[str, str]) -> Iterator[str]:
    """Lines with commands by purpose. A purpose is no comment: zsh has none in a terminal."""
    for purpose, command in steps.items():
        yield from ("", f"{purpose}:", f"  {command}")
