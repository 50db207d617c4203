"""The environment variables of a step, as GitHub's runner sets them: for tests and the demo.

Sources: "Metadata syntax for GitHub Actions" (`inputs`) and "Variables reference", docs.github.com.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FILE_COMMANDS = ("OUTPUT", "ENV", "PATH", "STATE", "STEP_SUMMARY")
GITHUB: Mapping[str, str] = {
    "action": "__octo-org_codespaces-registry-secrets",
    "action_repository": "octo-org/codespaces-registry-secrets",
    "action_ref": "v1",
    "actor": "octocat",
    "api_url": "https://api.github.com",
    "event_name": "workflow_dispatch",
    "graphql_url": "https://api.github.com/graphql",
    "job": "registries",
    "ref": "refs/heads/main",
    "ref_name": "main",
    "ref_type": "branch",
    "repository": "octo-org/app",
    "repository_id": "1296269",
    "repository_owner": "octo-org",
    "repository_owner_id": "9919",
    "run_attempt": "1",
    "run_id": "1658821493",
    "run_number": "7",
    "server_url": "https://github.com",
    "sha": "ffac537e6cbbf934b08745a378932722df287a53",
    "token": "ghs_token_of_the_job_that_must_not_show",
    "triggering_actor": "octocat",
    "workflow": "registries",
    "workflow_ref": "octo-org/app/.github/workflows/registries.yml@refs/heads/main",
}
# The payload of the event.
EVENT: Mapping[str, object] = {
    "repository": {"id": 1296269, "full_name": "octo-org/app", "private": True}
}
# Where a step requests an ID token of its job. Source: ContainerActionHandler.cs of actions/runner.
ID_TOKEN_VARIABLES = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
_CONTEXT_ONLY = ("token",)  # not a variable: only expressions can read it
_MACHINE = {
    "ARCH": "X64",
    "ENVIRONMENT": "github-hosted",
    "NAME": "GitHub Actions 7",
    "OS": "Linux",
}


@dataclass(frozen=True)
class StepPaths:
    """The directories of a step, as the step sees them; `step` is part of its files' names."""

    temp: str
    home: str
    workflow: str
    file_commands: str
    workspace: str
    step: str

    def file(self, command: str) -> str:
        """Return the path of the file that one of `FILE_COMMANDS` appends to."""
        return f"{self.file_commands}/{command.lower()}_{self.step}"

    @property
    def event(self) -> str:
        """Return the path of the event's payload."""
        return f"{self.workflow}/event.json"


def build_environment(
    inputs: Mapping[str, str],
    paths: StepPaths,
    *,
    github: Mapping[str, str] = GITHUB,
    env: Mapping[str, str] | None = None,
    id_tokens: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return all variables of a step.

    Args:
        inputs: The action's inputs, with their defaults filled in.
        paths: The directories and files that the variables name.
        github: The `github` context.
        env: The step's `env:`; the runner's own variables win over it.
        id_tokens: The values of `ID_TOKEN_VARIABLES`, in a job with `id-token: write` only.
    """
    return {
        **(env or {}),
        **input_variables(inputs),
        **{
            f"GITHUB_{name.upper()}": value
            for name, value in github.items()
            if name not in _CONTEXT_ONLY
        },
        **{f"RUNNER_{name}": value for name, value in _MACHINE.items()},
        **{f"GITHUB_{command}": paths.file(command) for command in FILE_COMMANDS},
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_PATH": paths.event,
        "GITHUB_WORKSPACE": paths.workspace,
        "HOME": paths.home,
        "RUNNER_TEMP": paths.temp,
        **(id_tokens or {}),
    }


def input_variables(inputs: Mapping[str, str]) -> dict[str, str]:
    """Return an `INPUT_*` variable for each input: upper case, with `_` for a space."""
    return {f"INPUT_{name.replace(' ', '_').upper()}": value for name, value in inputs.items()}
