"""`import`: print a spec for the registry secrets that GitHub stores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

from cyclopts import Parameter

from codespaces_registry_secrets.cli.app import InProcess
from codespaces_registry_secrets.cli.connection import (
    ApiUrl,
    TokenFile,
    connect_read_only,
    read_only_inputs,
)
from codespaces_registry_secrets.errors import (
    DONE,
    FAILED,
    ConfigError,
    InvalidConfigError,
    Location,
    RegistrySecretsError,
    input_location,
)
from codespaces_registry_secrets.github.observe import observe_triplets
from codespaces_registry_secrets.inputs.parsers import parse_target
from codespaces_registry_secrets.model.observed import ObservedTarget
from codespaces_registry_secrets.model.registries import server_error
from codespaces_registry_secrets.model.repositories import is_glob
from codespaces_registry_secrets.model.targets import ME, SCOPES, Target, User
from codespaces_registry_secrets.spec.imported import render_import, stored_triplets
from codespaces_registry_secrets.spec.load import load_desired
from codespaces_registry_secrets.spec.yaml_document import Document


def import_spec(
    *targets: str,
    server: Annotated[tuple[str, ...], Parameter(negative=(), show_default=False)] = (),
    token_file: TokenFile = None,
    api_url: ApiUrl = None,
    process: InProcess,
) -> int:
    """Print the spec.

    Args:
        targets: organization:NAME, repository:OWNER/NAME or user:@me.
        server: The server of a registry, as ID=SERVER, such as ACR=mycompany.azurecr.io. Repeat it
            for several. GitHub does not show the stored one.
        token_file: Read the token from this file.
        api_url: The URL of GitHub's API.
        process: The process that runs the command.
    """
    parsed = parse_targets(targets)
    servers = parse_servers(server)
    clients = connect_read_only(process, read_only_inputs(process, token_file, api_url))
    observed = observe_triplets(parsed, clients)
    errors = [f"{target}: {message}" for target, message in find_unreadable(observed)]
    for error in errors:
        process.terminal.message(f"error: {error}", "red")
    if errors:  # a spec without these targets would look complete
        return FAILED
    triplets = stored_triplets(observed)
    _check_ids(servers, {triplet.registry for triplet in triplets})
    if not triplets:
        names = ", ".join(map(str, observed))
        raise RegistrySecretsError(f"there are no registry secrets at {names}")
    process.terminal.result(render_import(triplets, servers).removesuffix("\n"))
    for triplet in triplets:
        if triplet.missing:
            missing = " and ".join(triplet.missing)
            message = f"warning: {triplet.registry} at {triplet.target} is incomplete: no {missing}"
            process.terminal.message(message, "yellow")
    return DONE


def parse_targets(texts: Sequence[str]) -> tuple[Target, ...]:
    """The targets, each once.

    Raises:
        InvalidConfigError: with every text that is no target, or that is a glob.
    """
    errors: list[ConfigError] = []
    targets: list[Target] = []
    for text in texts:
        try:
            scope, _, name = parse_target(text).partition(":")
        except ValueError as error:
            errors.append(ConfigError(Location(text), str(error)))
            continue
        message = "globs are not supported here" if is_glob(name) else _target_error(scope, name)
        if message:
            errors.append(ConfigError(Location(text), message))
        targets.append(SCOPES[scope](name))
    if not texts:
        errors = [ConfigError(Location("TARGET"), "required, such as organization:octo-org")]
    if errors:
        raise InvalidConfigError(errors)
    return tuple(dict.fromkeys(targets))


def _target_error(scope: str, name: str) -> str | None:
    """What a spec would say about a target; its name becomes a part of URLs."""
    entry = {"id": "ID", "targets": [{scope: name}]}
    try:
        load_desired(Document({"version": 1, "registries": [entry]}, ""), lambda *_: None)
    except InvalidConfigError as error:
        return error.errors[0].message
    return None


def parse_servers(texts: Iterable[str]) -> Mapping[str, str]:
    """The servers by registry id, from `ID=SERVER`.

    Raises:
        InvalidConfigError: with every text that has no id, or a server that Codespaces would not
            match.
    """
    errors = []
    servers: dict[str, str] = {}
    for text in texts:
        registry, _, server = text.partition("=")
        message = server_error(server) if registry and server else "must be ID=SERVER"
        if registry.upper() in servers:
            message = f"{registry.upper()} has a server already"
        if message:
            errors.append(ConfigError(input_location("server", text), message))
        servers[registry.upper()] = server
    if errors:
        raise InvalidConfigError(errors)
    return servers


def _check_ids(servers: Mapping[str, str], known: set[str]) -> None:
    """Reject servers for ids that no target has."""
    listed = ", ".join(sorted(known)) or "none"
    message = f"no target has secrets for this registry; the ids are: {listed}"
    errors = [
        ConfigError(input_location("server", registry), message)
        for registry in servers
        if registry not in known
    ]
    if errors:
        raise InvalidConfigError(errors)


def find_unreadable(observed: Mapping[Target, ObservedTarget]) -> Iterable[tuple[Target, str]]:
    """The targets that could not be read, and why; also a user who is not the token's own."""
    for target, state in observed.items():
        user = state.resolved
        if state.error:
            yield target, state.error
        elif isinstance(target, User) and user and target not in {user, User(ME)}:
            yield target, f"the token belongs to {user.name}; write user:{ME}"
