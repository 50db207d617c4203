"""`plan`, `check` and `apply`: a run of the Action with options as its inputs."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets import action
from codespaces_registry_secrets.cli.app import InProcess, Process
from codespaces_registry_secrets.cli.connection import TokenFile
from codespaces_registry_secrets.cli.options import option_parameters, option_variables, variable_of
from codespaces_registry_secrets.cli.output import (
    TerminalOutput,
    WorkflowOutput,
    silence_libraries,
)
from codespaces_registry_secrets.cli.repository import find_repository
from codespaces_registry_secrets.cli.spec_file import read_spec_file
from codespaces_registry_secrets.cli.terminal import Terminal
from codespaces_registry_secrets.cli.token import find_token
from codespaces_registry_secrets.errors import RegistrySecretsError
from codespaces_registry_secrets.github.auth import TimeoutConfig
from codespaces_registry_secrets.inputs.action_inputs import Mode
from codespaces_registry_secrets.model.registries import GITHUB_API_URL
from codespaces_registry_secrets.report.run_output import RunOutput

Repository = Annotated[
    str | None,
    Parameter(
        help="The repository that `{secret: NAME}` and `--state` mean, as owner/name. If it is "
        "not set, `GITHUB_REPOSITORY` or the remote `origin` of git.",
    ),
]
Json = Annotated[
    bool, Parameter(help="Print the plan as JSON, alone on standard output.", negative=())
]
Yes = Annotated[bool, Parameter(alias="-y", help="Apply without asking.", negative=())]


def _with_options(command: Callable[..., int]) -> Callable[..., int]:
    """Replace `**options` in the signature that the parser reads by an option for each input."""
    parameters = inspect.signature(command, eval_str=True).parameters.values()
    own = [item for item in parameters if item.kind is not inspect.Parameter.VAR_KEYWORD]
    everything = [*option_parameters(), *own]
    command.__annotations__ = {item.name: item.annotation for item in everything}
    vars(command)["__signature__"] = inspect.Signature(everything)  # PEP 362
    return command


@_with_options
def plan(
    *,
    token_file: TokenFile = None,
    repository: Repository = None,
    json: Json = False,
    process: InProcess,
    **options: object,
) -> int:
    """Show the changes."""
    return _run("plan", process, options, token_file, repository, json=json)


@_with_options
def check(
    *,
    token_file: TokenFile = None,
    repository: Repository = None,
    json: Json = False,
    process: InProcess,
    **options: object,
) -> int:
    """Show the changes, and tell by the exit code whether there are any."""
    return _run("check", process, options, token_file, repository, json=json)


@_with_options
def apply(
    *,
    yes: Yes = False,
    token_file: TokenFile = None,
    repository: Repository = None,
    json: Json = False,
    process: InProcess,
    **options: object,
) -> int:
    """Make the changes, after a person confirmed them."""
    if not yes and not process.terminal.is_interactive:
        raise RegistrySecretsError("there is no terminal to ask for confirmation; use --yes")
    return _run("apply", process, options, token_file, repository, json=json, ask=not yes)


def _run(
    mode: Mode,
    process: Process,
    options: Mapping[str, object],
    token_file: Path | None,
    repository: str | None,
    *,
    json: bool,
    ask: bool = False,
) -> int:
    """Run the Action with the variables that its step would have for these options."""
    api_url_variable = variable_of("api_url")
    # A step has the URL of its own GitHub, which can be GHE.com.
    inputs = {api_url_variable: process.environ.get("GITHUB_API_URL") or GITHUB_API_URL}
    inputs |= option_variables(options)
    token = find_token(token_file, process.environ, inputs[api_url_variable])
    variables = {
        **inputs,
        variable_of("mode"): mode,
        variable_of("token"): token.get_secret_value(),
        "GITHUB_WORKSPACE": str(Path.cwd()),
        "GITHUB_REPOSITORY": find_repository(repository, process.environ) or "",
    }
    environ = {**_without_inputs(process.environ), **variables}
    output = _new_output(process.environ, process.terminal, json=json, ask=ask)
    # Workflow commands are on standard output, which belongs to the JSON; the runner reads both.
    with redirect_stdout(sys.stderr) if json else nullcontext():
        return action.run(environ, output, process.cancellation, TimeoutConfig(), read_spec_file)


def _without_inputs(environ: Mapping[str, str]) -> Mapping[str, str]:
    """The environment without variables that the Action would take for an input."""
    return {name: value for name, value in environ.items() if not name.startswith("INPUT_")}


def _new_output(
    environ: Mapping[str, str], terminal: Terminal, *, json: bool, ask: bool
) -> RunOutput:
    if environ.get("GITHUB_ACTIONS") == "true":
        output = WorkflowOutput(environ, terminal, json=json)
        output.log_libraries()
        return output
    silence_libraries()
    return TerminalOutput(terminal, json=json, ask=ask)
