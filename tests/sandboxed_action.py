"""Run the Action against a sandbox, in a separate process or in this process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from codespaces_registry_secrets.action import main
from codespaces_registry_secrets.github.auth import TimeoutConfig
from codespaces_registry_secrets.runtime.cancellation import Cancellation
from github_sandbox import Sandbox, World
from runner import Runner, Started, Step
from runner_environment import EVENT, GITHUB, input_variables

ACTION_YML = Path(__file__).parents[1] / "action.yml"
TOKEN = "sandbox-token-that-must-not-show"
JOB_TOKEN = GITHUB["token"]
UNPACED = {"writes-per-minute": "100000"}  # the sandbox has no write limit unless a test sets one
# A registry without targets; a test adds them.
ACR_SPEC = """
version: 1
registries:
  - id: ACR
    server: mycompany.azurecr.io
    username: me
    password: {env: ACR_PASSWORD}
"""
# A registry that a login reaches at `{server}`; a test formats it, and can add targets.
LOGIN_SPEC = """
version: 1
registries:
  - id: ACR
    server: "{server}"
    username: octocat
    password: {{env: ACR_PASSWORD}}
    targets:
      - repository: octo-org/app
"""
TRIPLET = tuple(f"ACR_CONTAINER_REGISTRY_{part}" for part in ("SERVER", "USER", "PASSWORD"))


@dataclass
class Clock:
    """GitHub's clock, which a test sets."""

    now: datetime

    def __call__(self) -> datetime:
        """The time that the sandbox uses."""
        return self.now


def stored_triplet(
    world: World,
    target: str,
    *,
    registry: str = "ACR",
    visibility: str | None = None,
    repositories: Sequence[str] = (),
    updated_at: datetime | None = None,
) -> None:
    """Store the three secrets of a registry with the value `old`."""
    for part in ("SERVER", "USER", "PASSWORD"):
        world.put_secret(
            target,
            f"{registry}_CONTAINER_REGISTRY_{part}",
            b"old",
            visibility=visibility,
            repositories=repositories,
            updated_at=updated_at,
        )


class Action:
    """Runs the Action against a sandbox."""

    def __init__(self, sandbox: Sandbox, folder: Path) -> None:
        self.url = sandbox.url
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.timeouts = TimeoutConfig(backoff=0)
        self._runner = Runner(ACTION_YML, self.workspace, {"api_url": sandbox.url})

    def set_event(self, name: str, **payload: object) -> None:
        """Let an event start the workflow; the payload has the default repository."""
        self._runner.github["event_name"] = name
        self._runner.event = {**EVENT, **payload}

    def run_in(self, repository: str, id_tokens: Mapping[str, str] | None) -> None:
        """Let a repository run the workflow; `id_tokens` gives its job `id-token: write`."""
        self._runner.github["repository"] = repository
        self._runner.permissions = {"id-token": "write"} if id_tokens else {}
        self._runner.id_token_service = id_tokens or {}

    def step(self, spec: str = "", env: Mapping[str, str] | None = None, **inputs: str) -> Step:
        """Run a step in a separate process. `_` in an input's name stands for `-`."""
        return self.start(spec, env, **inputs).end()

    def start(self, spec: str, env: Mapping[str, str] | None = None, **inputs: str) -> Started:
        """Start a step in a separate process."""
        step_inputs = {
            "token": TOKEN,
            "spec": spec,
            "verify": "off",
            **UNPACED,
            **_hyphened(inputs),
        }
        return self._runner.start({k: v for k, v in step_inputs.items() if v}, env)

    def run_in_process(
        self,
        spec: str,
        env: Mapping[str, str] | None = None,
        cancellation: Cancellation | None = None,
        /,
        **inputs: str,
    ) -> int:
        """Run in this process, without output files and backoff; return the exit code."""
        step_inputs = {
            "token": TOKEN,
            "spec": spec,
            "verify": "off",
            "api-url": self.url,
            **UNPACED,
        }
        step_inputs |= _hyphened(inputs)
        environ = {**(env or {}), **input_variables(step_inputs)}
        return main(environ, cancellation, self.timeouts)


def _hyphened(inputs: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in inputs.items()}
