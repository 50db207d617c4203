"""Inputs -> the document that is the spec: a file, inline YAML, or one registry without YAML."""

from __future__ import annotations

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
from codespaces_registry_secrets.spec.yaml_document import MAX_BYTES, Document, Path, parse


def read_document(inputs: Inputs, *, has_credential: bool) -> Document:
    """The spec that the inputs give.

    Raises:
        FaultyError: there is none, or its text cannot be parsed.
    """
    if inputs.shorthand:
        return _from_shorthand(inputs, has_credential=has_credential)
    if inputs.spec is not None:
        return parse(inputs.spec, "input `spec`")
    return parse(_text(inputs), inputs.spec_file)


def _text(inputs: Inputs) -> str:
    try:
        return read_file(inputs.workspace, inputs.spec_file, MAX_BYTES).decode()
    except UnicodeDecodeError:
        message = "is not UTF-8 text"
    except MissingFileError:
        message = (
            "there is no such file; check out the repository before this step, or give the spec as "
            "`spec` or with `id`, `registry`, `target`"
        )
    except WorkspaceFileError as error:
        message = str(error)
    raise InvalidConfigError([ConfigError(input_location("spec-file", inputs.spec_file), message)])


def _from_shorthand(inputs: Inputs, *, has_credential: bool) -> Document:
    """One registry at one target, as the same data that YAML would give."""
    target, places = _target(inputs)
    entry: dict[str, object] = {
        key: given for key in ("id", "registry", "server") if (given := inputs.shorthand.get(key))
    }
    if has_credential:
        entry |= {"username": {"input": "username"}, "password": {"input": "password"}}
    here: Path = ("registries", 0)
    places |= {("registries",): input_location("id"), here: input_location("id")}
    places |= {(*here, key): input_location(key) for key in entry}
    data = {"version": 1, "registries": [{**entry, "targets": [target]}]}
    return Document(data, "", inputs=places)


def _target(inputs: Inputs) -> tuple[dict[str, object], dict[Path, Location]]:
    """The target and, for each path of it, the input that it came from."""
    written = inputs.target or f"repository:{inputs.repository or ''}"
    scope, _, name = written.partition(":")
    target: dict[str, object] = {scope: name}
    here: Path = ("registries", 0, "targets", 0)
    places = {path: input_location("target") for path in (here[:-1], here, (*here, scope))}
    if inputs.visibility is not None:
        target["visibility"] = inputs.visibility
        places[*here, "visibility"] = input_location("visibility")
    if inputs.repositories is not None:
        target["repositories"] = list(inputs.repositories)
        places[*here, "repositories"] = input_location("repositories")
        for number, entry in enumerate(inputs.repositories):
            places[*here, "repositories", number] = input_location("repositories", f"`{entry}`")
    return target, places
