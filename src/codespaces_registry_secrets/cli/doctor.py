"""`doctor`: say why a codespace of a repository can or cannot log in to its registries."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.cli.connection import (
    ApiUrl,
    Json,
    TokenFile,
    connect_read_only,
    read_only_inputs,
)
from codespaces_registry_secrets.cli.options import variable_of
from codespaces_registry_secrets.cli.spec_file import DEFAULT_FILE, parse_file
from codespaces_registry_secrets.cli.terminal import Line
from codespaces_registry_secrets.diagnosis.doctor import diagnose, scopes_of
from codespaces_registry_secrets.diagnosis.result import (
    Diagnosis,
    Problem,
    RegistryDiagnosis,
    to_json,
)
from codespaces_registry_secrets.errors import DONE, FAILED, RegistrySecretsError
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.dev_containers import read_dev_containers
from codespaces_registry_secrets.github.observe import observe_triplets
from codespaces_registry_secrets.github.repository_details import read_details
from codespaces_registry_secrets.model.desired import DeclaredRegistry
from codespaces_registry_secrets.model.dev_containers import NO_DEV_CONTAINERS, DevContainers
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.repositories import RepositoryDetails, RepositoryInfo
from codespaces_registry_secrets.model.targets import ME, Repository, User
from codespaces_registry_secrets.spec.declared import declared_registries

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*/(?!\.{1,2}$)[A-Za-z0-9._-]+")
_STYLES = {"error": "red", "warning": "yellow", "notice": "cyan"}
_HEADLINE_STYLES = {True: "bold green", False: "bold red", None: "bold yellow"}


def doctor(
    repository: str,
    /,
    *,
    only: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = (),
    spec_file: str | None = None,
    token_file: TokenFile = None,
    api_url: ApiUrl = None,
    json: Json = False,
    process: InProcess,
) -> int:
    """Print the diagnosis.

    Args:
        repository: The repository, as owner/name.
        only: The registries to diagnose. By default all that have secrets.
        spec_file: A spec that tells servers and expiries. By default
            `.github/codespaces-registries.yml`, if it exists.
        token_file: Read the token from this file.
        api_url: The URL of GitHub's API.
        json: Print JSON.
        process: The process that runs the command.
    """
    if not _NAME.fullmatch(repository):
        raise RegistrySecretsError(f"{repository}: must be owner/name")
    declared = _read_declared(spec_file)
    ids = {variable_of("only"): ",".join(only)} if only else {}
    inputs = read_only_inputs(process, token_file, api_url, **ids)
    clients = connect_read_only(process, inputs)
    details = read_details(repository, clients)
    read = observe_triplets(scopes_of(details, User(ME)), clients)
    scopes = {state.resolved or target: state for target, state in read.items()}
    at = Observed(scopes, {}, {}, {}).at
    containers = _read_dev_containers(details, clients) if not inputs.only else NO_DEV_CONTAINERS
    diagnosis = diagnose(details, scopes, declared, at, only=inputs.only, containers=containers)
    process.terminal.report(describe(diagnosis), to_json(diagnosis) if json else None)
    return FAILED if diagnosis.can_log_in is False else DONE


def _read_dev_containers(details: RepositoryDetails, clients: GitHubClients) -> DevContainers:
    repository = RepositoryInfo(details.full_name, details.id)
    target = Repository(details.full_name)
    return read_dev_containers([repository], target, clients)[details.id]


def _read_declared(spec_file: str | None) -> Mapping[str, Sequence[DeclaredRegistry]]:
    """What the spec says about servers; nothing if there is no spec and none was named."""
    if spec_file is None and not Path(DEFAULT_FILE).exists():
        return {}
    return declared_registries(parse_file(spec_file or DEFAULT_FILE))


def describe(diagnosis: Diagnosis) -> Iterator[Line]:
    """The lines of the diagnosis: problems of the repository, then each registry."""
    yield f"{diagnosis.repository.full_name}", "bold"
    yield from _problem_lines(diagnosis.problems)
    for registry in diagnosis.registries:
        yield "", ""
        style = _HEADLINE_STYLES[registry.can_log_in] if registry.needed else ""
        yield _headline(registry), style
        if registry.needed:
            yield from _problem_lines(registry.problems)
    if diagnosis.images:
        yield "", ""
        yield "Images of the dev container", "bold"
    for image in diagnosis.images:
        registry_name = f"{image.registry}, " if image.registry else ""
        yield f"  {image.image}: {registry_name}{image.reason}", _HEADLINE_STYLES[image.can_pull]


def _headline(registry: RegistryDiagnosis) -> str:
    server = f" ({registry.server})" if registry.server else ""
    if not registry.needed:
        return f"{registry.registry}{server}: not needed, no image of the dev container is there"
    if registry.can_log_in is None:
        return f"{registry.registry}{server}: unknown whether a codespace can log in"
    if not registry.can_log_in:
        return f"{registry.registry}{server}: a codespace cannot log in"
    targets = ", ".join(dict.fromkeys(str(target) for target in registry.used.values()))
    return f"{registry.registry}{server}: a codespace can log in, with the secrets of {targets}"


def _problem_lines(problems: Sequence[Problem]) -> Iterator[Line]:
    for problem in sorted(problems, key=lambda problem: [*_STYLES].index(problem.level)):
        yield f"  {problem.level}: {problem.message}", _STYLES[problem.level]
