"""Write a first spec: one registry and its targets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.model.fields import CredentialKey, is_reserved
from codespaces_registry_secrets.model.registries import KINDS, server_of
from codespaces_registry_secrets.model.targets import Organization, Target, User
from codespaces_registry_secrets.spec.yaml_text import indent, list_item, scalar


@dataclass(frozen=True)
class Starter:
    """One registry for a first spec.

    `server_keys` are `registry` with the keys of its kind, or `server`. `username` is a literal, or
    None for an Actions secret.
    """

    id: str
    server_keys: Mapping[str, str]
    username: str | None
    targets: tuple[Target, ...]

    @property
    def server(self) -> str | None:
        """The server that Codespaces logs in to; None if the keys are invalid."""
        return server_of(self.server_keys)

    @property
    def secrets(self) -> tuple[str, ...]:
        """The names of the Actions secrets that hold the credential."""
        keys: tuple[CredentialKey, ...] = ("username", "password")
        return tuple(
            variable_name(self.id, key) for key in keys if key != "username" or not self.username
        )


def variable_name(registry: str, key: CredentialKey) -> str:
    """The variable for a value of a registry: `ACR_PASSWORD`.

    It has a prefix if the spec could not read it otherwise.
    """
    name = f"{registry}_{key.upper()}"
    return f"REGISTRY_{name}" if is_reserved(name) else name


def default_id(registry: str | None) -> str:
    """The id for a registry kind: `ARTIFACT_REGISTRY`; `REGISTRY` without a kind."""
    return registry.upper().replace("-", "_") if registry and registry in KINDS else "REGISTRY"


def render_spec(starter: Starter) -> str:
    """The text of the spec."""
    username = f"{{secret: {variable_name(starter.id, 'username')}}}"
    entry = [
        f"id: {scalar(starter.id)}",
        *(f"{key}: {scalar(value)}" for key, value in starter.server_keys.items()),
        f"username: {scalar(starter.username) if starter.username is not None else username}",
        f"password: {{secret: {variable_name(starter.id, 'password')}}}",
        "targets:",
        *indent(line for target in starter.targets for line in list_item([*_target(target)])),
    ]
    lines = [
        "# The private registries that codespaces log in to.",
        "version: 1",
        "",
        "registries:",
        *indent(list_item(entry)),
    ]
    return "\n".join(lines) + "\n"


def _target(target: Target) -> Iterator[str]:
    """The lines of a target; for one with a list, a comment on how to add repositories.

    Without `repositories` the list of a stored secret stays as it is, and `[]` would clear it.
    """
    yield f"{target.scope}: {scalar(target.name)}"
    if isinstance(target, Organization):
        yield "# The repositories whose codespaces log in. Without it, the list is not changed."
        yield "# repositories: [api, web]"
    if isinstance(target, User):
        yield "# The repositories whose codespaces log in. Without it, the list is not changed."
        yield "# repositories: [octo-org/api]"
