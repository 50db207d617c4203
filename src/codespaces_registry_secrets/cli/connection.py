"""Connect to GitHub for the commands that only read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import Process
from codespaces_registry_secrets.cli.options import variable_of
from codespaces_registry_secrets.cli.output import silence_libraries
from codespaces_registry_secrets.cli.token import find_token
from codespaces_registry_secrets.github.auth import GitHubClients, TimeoutConfig, connect
from codespaces_registry_secrets.github.rate_limiter import MAX_WAIT_SECONDS, RateLimiter
from codespaces_registry_secrets.inputs.action_inputs import Inputs, read_inputs
from codespaces_registry_secrets.model.registries import GITHUB_API_URL

TokenFile = Annotated[Path | None, Parameter(help="Read the token from this file.")]
ApiUrl = Annotated[
    str | None, Parameter(help=f"The URL of GitHub's API.  [default: {GITHUB_API_URL}]")
]
Json = Annotated[bool, Parameter(help="Print JSON.", negative=())]


def read_only_inputs(
    process: Process, token_file: Path | None, api_url: str | None, **variables: str
) -> Inputs:
    """The inputs of a run that has this token and, by their variables, these other inputs.

    Raises:
        RegistrySecretsError: there is no token, or an input is invalid.
    """
    url = api_url or process.environ.get("GITHUB_API_URL") or GITHUB_API_URL
    token = find_token(token_file, process.environ, url)
    return read_inputs(
        {
            **variables,
            variable_of("api_url"): url,
            variable_of("token"): token.get_secret_value(),
        }
    )


def connect_read_only(process: Process, inputs: Inputs) -> GitHubClients:
    """The clients for the token; messages about waits go to standard error."""
    silence_libraries()
    limiter = RateLimiter(
        inputs.writes_per_minute, process.terminal.message, process.cancellation, MAX_WAIT_SECONDS
    )
    return connect(inputs, limiter, TimeoutConfig(), lambda _: None)
