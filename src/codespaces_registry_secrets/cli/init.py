"""`init`: write a first spec and a workflow that applies it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.answers import SPEC_FILE, Answers, build_starter
from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.cli.help import NAME
from codespaces_registry_secrets.cli.prompts import ask_missing
from codespaces_registry_secrets.cli.repository import find_repository
from codespaces_registry_secrets.cli.starter_workflows import (
    APP_SECRETS,
    TOKEN_SECRET,
    WORKFLOW_FILES,
    Use,
    render_workflow,
)
from codespaces_registry_secrets.errors import DONE, RegistrySecretsError
from codespaces_registry_secrets.model.targets import Repository
from codespaces_registry_secrets.spec.starter import Starter, render_spec


@Parameter(name="*")
@dataclass(frozen=True)
class ServerOptions:
    """What the server of the registry is made from.

    Attributes:
        registry: The registry kind: dockerhub, ghcr, acr, ecr, gcr or artifact-registry.
        server: The server, if no registry kind has it, such as `registry.example.com:5000`.
        name: The name of an `acr` registry.
        suffix: The domain of an `acr` registry in a national cloud, such as `azurecr.cn`.
        subdomain: The subdomain of GHE.com for `ghcr`.
        account: The AWS account of an `ecr` registry.
        region: The AWS region of an `ecr` registry.
        location: The location of a `gcr` or `artifact-registry` registry.
    """

    registry: str | None = None
    server: str | None = None
    name: str | None = None
    suffix: str | None = None
    subdomain: str | None = None
    account: str | None = None
    region: str | None = None
    location: str | None = None

    @property
    def given(self) -> dict[str, str]:
        """The options that are set, as keys of the spec."""
        return {key: value for key, value in vars(self).items() if value is not None}


def init(
    *,
    server_options: ServerOptions = ServerOptions(),
    id: str | None = None,  # noqa: A002 - the name of the option
    username: str | None = None,
    target: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = (),
    use: Use | None = None,
    force: Annotated[bool, Parameter(negative=())] = False,
    process: InProcess,
) -> int:
    """Write the spec and the workflow.

    Args:
        server_options: What the server of the registry is made from.
        id: The ID of the registry, the start of the names of its secrets. By default the kind.
        username: The user name. Without it, the Actions secret ID_USERNAME.
        target: Where to store the credential: organization:NAME, repository:OWNER/NAME or
            user:LOGIN. Repeat it for several. By default the repository of the current folder.
        use: The workflow to write: `rotation` runs every night, `step` when it is started, and
            `template` in each repository made from this one.
        force: Overwrite existing files.
        process: The process that runs the command.
    """
    answers = Answers(server_options.given, id, username, target, use)
    repository = find_repository(None, process.environ)
    if process.terminal.is_interactive:
        answers = ask_missing(answers, repository, process.terminal)
    use = answers.use or "rotation"
    starter = build_starter(answers, use, repository)
    files = render_files(starter, use)
    write_files(Path(), files, force=force)
    for line in next_steps(starter, use, list(files)):
        process.terminal.result(line)
    return DONE


def render_files(starter: Starter, use: Use) -> Mapping[str, str]:
    """The texts of the files to write, by path. A template needs no spec."""
    try:
        installed = version(NAME)
    except PackageNotFoundError:
        installed = "0"
    workflow = {WORKFLOW_FILES[use]: render_workflow(use, starter, installed, SPEC_FILE)}
    return workflow if use == "template" else {SPEC_FILE: render_spec(starter), **workflow}


def write_files(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write all files, or none if one of them exists and `force` is not set.

    Raises:
        RegistrySecretsError: a file exists, or cannot be written.
    """
    existing = [name for name in files if os.path.lexists(folder / name)]
    if existing and not force:
        message = f"{' and '.join(existing)} already exist{'s' if len(existing) == 1 else ''}"
        raise RegistrySecretsError(f"{message}; nothing was written. Use --force to overwrite")
    for name, text in files.items():
        try:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            with (folder / name).open("w" if force else "x", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise RegistrySecretsError(f"{name}: cannot be written: {error.strerror}") from None


def next_steps(starter: Starter, use: Use, files: Sequence[str]) -> list[str]:
    """What was written, and what to do next."""
    lines = [*(f"Wrote {name}" for name in files), "", "Next:"]
    if use == "template":
        names = [*APP_SECRETS, *starter.secrets]
        return [
            *lines,
            "1. Create these Actions secrets in the organization, for the new repositories:",
            *(f"   {name}" for name in names),
            f"   The GitHub App needs the permission {Repository.permission}.",
            "2. Commit the workflow to the template repository.",
        ]
    permissions = dict.fromkeys(
        f"   {target}: {target.permission}, or the classic scope {target.classic_scope}"
        for target in starter.targets
    )
    return [
        *lines,
        "1. Create these Actions secrets in the repository that runs the workflow:",
        *(f"   gh secret set {name}" for name in (TOKEN_SECRET, *starter.secrets)),
        f"   {TOKEN_SECRET} is a personal access token with these permissions:",
        *permissions,
        "   the repository that runs the workflow: secrets: read, or the classic scope repo",
        "2. Commit the files, and start the workflow with the mode `plan`, then with `apply`.",
    ]
