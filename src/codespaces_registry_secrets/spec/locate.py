"""Find the spec: a file of the workspace, inline YAML, or the shorthand inputs."""

from __future__ import annotations

from typing import Protocol

from codespaces_registry_secrets.errors import (
    ConfigError,
    InvalidConfigError,
    Location,
    input_location,
)
from codespaces_registry_secrets.inputs.action_inputs import Inputs
from codespaces_registry_secrets.inputs.workspace import (
    MissingFileError,
    WorkspaceFileError,
    read_file,
)
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, Document, KeyPath, parse


class ReadSpec(Protocol):
    """Reads the spec that the inputs refer to, as `read_document` does."""

    def __call__(self, inputs: Inputs, *, has_credential: bool) -> Document:
        """Return the parsed spec."""


def read_document(inputs: Inputs, *, has_credential: bool) -> Document:
    """Read the spec that the inputs refer to.

    `has_credential` says whether the step sets the input `username` or `password`.

    Raises:
        InvalidConfigError: the file cannot be read, or its text cannot be parsed.
    """
    if inputs.shorthand:
        return _document_from_shorthand(inputs, has_credential=has_credential)
    if inputs.spec is not None:
        return parse(inputs.spec, "input `spec`")
    return parse(_read_spec_file(inputs), inputs.spec_file)


def _read_spec_file(inputs: Inputs) -> str:
    try:
        return read_file(inputs.workspace, inputs.spec_file, MAX_BYTES).decode()
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    except MissingFileError:
        message = (
            "there is no such file; check out the repository before this step, or set `spec`, or "
            "`id` with `registry` and `target`"
        )
    except WorkspaceFileError as error:
        message = str(error)
    raise InvalidConfigError([ConfigError(input_location("spec-file", inputs.spec_file), message)])


def _document_from_shorthand(inputs: Inputs, *, has_credential: bool) -> Document:
    """One registry with one target, as the data that the same spec in YAML would be parsed to."""
    target, locations = _target(inputs)
    registry: dict[str, object] = {
        key: value for key in ("id", "registry", "server") if (value := inputs.shorthand.get(key))
    }
    if has_credential:
        registry |= {"username": {"input": "username"}, "password": {"input": "password"}}
    path: KeyPath = ("registries", 0)
    locations |= {("registries",): input_location("id"), path: input_location("id")}
    locations |= {(*path, key): input_location(key) for key in registry}
    data = {"version": 1, "registries": [{**registry, "targets": [target]}]}
    return Document(data, "", inputs=locations)


def _target(inputs: Inputs) -> tuple[dict[str, object], dict[KeyPath, Location]]:
    """The target, and for each path in it the input that it came from."""
    text = inputs.target or f"repository:{inputs.repository or ''}"
    scope, _, name = text.partition(":")
    target: dict[str, object] = {scope: name}
    path: KeyPath = ("registries", 0, "targets", 0)
    locations = {key: input_location("target") for key in (path[:-1], path, (*path, scope))}
    if inputs.visibility is not None:
        target["visibility"] = inputs.visibility
        locations[*path, "visibility"] = input_location("visibility")
    if inputs.repositories is not None:
        target["repositories"] = list(inputs.repositories)
        locations[*path, "repositories"] = input_location("repositories")
        for number, entry in enumerate(inputs.repositories):
            locations[*path, "repositories", number] = input_location("repositories", f"`{entry}`")
    return target, locations
