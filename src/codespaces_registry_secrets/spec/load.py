"""Load the desired state from a document, or report every error in it at once."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import ValidationError

from codespaces_registry_secrets.errors import (
    ConfigError,
    InvalidConfigError,
    Location,
    input_location,
)
from codespaces_registry_secrets.model.allowlist import Allowlist
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.dev_containers import RegistryImages, registry_images
from codespaces_registry_secrets.model.fields import RotateWhen
from codespaces_registry_secrets.model.registries import KIND_KEYS, KINDS, keys_of
from codespaces_registry_secrets.model.repositories import Selection
from codespaces_registry_secrets.model.targets import SCOPES, Target
from codespaces_registry_secrets.spec import messages, validation
from codespaces_registry_secrets.spec.allowed import find_not_allowed
from codespaces_registry_secrets.spec.generated import generated_credential
from codespaces_registry_secrets.spec.schema import (
    DevContainerEntry,
    RegistryEntry,
    RepositoriesEntry,
    SpecModel,
    TargetEntry,
)
from codespaces_registry_secrets.spec.validation import (
    Entry,
    FindSourceError,
    PathError,
    numbered_mappings,
)
from codespaces_registry_secrets.spec.yaml_document import Document, KeyPath, path_text

# `defaults`: a registry inherits every key that it does not set itself, with two exceptions.
#
# - With `access-only: true` it inherits no key of a credential, not even the server.
# - The keys of the server are inherited together. A registry with its own `server` inherits none of
#   them. One with its own `registry` inherits the keys of that kind, unless `defaults` has a
#   `server` or another `registry`: the keys belong to that one then. A registry with neither
#   inherits the server of `defaults` with all its keys.
_SERVER_KEYS = KIND_KEYS | {"registry", "server"}
_FIELDS = frozenset(field.alias or name for name, field in RegistryEntry.model_fields.items())
_CREDENTIAL_KEYS = _FIELDS - {"id", "targets", "access-only"}
# A registry with keys of one way to get a credential inherits none of the other.
_GIVEN_KEYS, _GENERATED_KEYS = frozenset({"username", "password", "expires"}), {"generate"}


def load_desired(
    document: Document,
    find_source_error: FindSourceError,
    rotate: RotateWhen | None = None,
    only: frozenset[str] = frozenset(),
    allowed: Allowlist | None = None,
) -> tuple[Desired, ...]:
    """Return the desired state of each registry at each of its targets.

    `find_source_error` reads a source once, so that its value is masked and known to exist.
    `rotate` overrides the policy of every registry. `only` names the registries to load, all if it
    is empty; the sources of the others are not read. `allowed` limits the servers and owners of
    every registry; without it, no run uses the result, and neither is checked.

    Raises:
        InvalidConfigError: with every error of the document, each at its location.
    """
    data = merge_defaults(document.data)
    model, schema_errors = _validate_schema(data)
    path_errors = [
        *_find_default_errors(document.data),
        *schema_errors,
        *_find_combination_errors(document, data, find_source_error, only, allowed),
    ]
    errors = [ConfigError(_locate(document, path), message) for path, message in path_errors]
    unknown_ids = validation.find_unknown_ids(numbered_mappings(_registries(data)), only)
    errors += [ConfigError(input_location("only"), message) for message in unknown_ids]
    if model is None or errors:
        raise InvalidConfigError(errors)
    desired = _build_desired(model, document, rotate)
    return tuple(triplet for triplet in desired if not only or triplet.registry in only)


def _registries(data: object) -> object:
    return data.get("registries") if isinstance(data, dict) else None


def _validate_schema(data: object) -> tuple[SpecModel | None, list[PathError]]:
    """The validated spec, or what is wrong with each key by itself."""
    try:
        return SpecModel.model_validate(data), []
    except ValidationError as error:
        return None, [*messages.validation_messages(error)]


def _find_combination_errors(
    document: Document,
    data: object,
    find_source_error: FindSourceError,
    only: frozenset[str],
    allowed: Allowlist | None,
) -> Iterator[PathError]:
    """What is wrong with the keys of the spec in combination, and with what they refer to."""
    entries = numbered_mappings(_registries(data))
    not_allowed = [*find_not_allowed(entries, allowed)] if allowed else []
    skip_sources = {path[1] for path, _ in not_allowed}
    defaults = defaults_of(document.data)
    yield from validation.find_errors(entries, defaults, find_source_error, only, skip_sources)
    for path, first, message in validation.find_duplicates(entries):
        line, first_line = _locate(document, path).line, _locate(document, first).line
        place = f"on line {first_line}" if first_line != line else f"at {path_text(first)}"
        yield path, f"{message} {place}"
    yield from not_allowed
    if _registries(data) == []:
        yield ("registries",), "is empty; add at least one registry"


def _locate(document: Document, path: KeyPath) -> Location:
    """The location of a path; of a key that a registry inherited, its location in `defaults`."""
    inherited: KeyPath = ("defaults", *path[2:3])
    if len(path) > len(inherited) and not document.has(path[:3]) and document.has(inherited):
        return document.locate(("defaults", *path[2:]))
    return document.locate(path)


def _build_desired(
    model: SpecModel, document: Document, rotate: RotateWhen | None
) -> Iterator[Desired]:
    for index, registry in enumerate(model.registries):
        for number, entry in enumerate(registry.targets):
            target = _target(entry)
            path: KeyPath = ("registries", index, "targets", number)
            yield Desired(
                target=target,
                registry=registry.id,
                credential=_credential(registry, _locate(document, path[:2])),
                rotate=registry.rotate.model_copy(update={"when": rotate or registry.rotate.when}),
                visibility=entry.visibility,
                selection=_selection(entry.repositories, target, registry),
                where=_locate(document, path),
            )


def _target(entry: TargetEntry) -> Target:
    scope = next(scope for scope in SCOPES if getattr(entry, scope) is not None)
    return SCOPES[scope](getattr(entry, scope))


def _credential(entry: RegistryEntry, where: Location) -> Credential | None:
    if entry.generate is not None:
        return generated_credential(entry, entry.generate, _server(entry), where)
    if entry.username is None or entry.password is None:
        return None
    return Credential(
        name=entry.id,
        server=_server(entry),
        username=entry.username,
        password=entry.password,
        images=entry.images,
        expires=entry.expires,
        where=where,
    )


def _server(entry: RegistryEntry) -> str:
    if entry.registry is None:
        return entry.server or ""
    keys = {key: value for key in KIND_KEYS if (value := getattr(entry, key)) is not None}
    return KINDS[entry.registry].server(keys)


def _selection(
    repositories: RepositoriesEntry | None, target: Target, registry: RegistryEntry
) -> Selection | None:
    if repositories is None:
        return None

    def full_names(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p if "/" in p else f"{target.owner}/{p}" for p in patterns)

    return Selection(
        owner=target.owner,
        mode=repositories.mode,
        include=full_names(repositories.include),
        topics=repositories.topics,
        properties=tuple(repositories.properties.items()),
        teams=repositories.teams,
        exclude=full_names(repositories.exclude),
        archived=repositories.archived,
        images=_needed_images(repositories.devcontainer, registry),
    )


def _needed_images(
    entry: DevContainerEntry | None, registry: RegistryEntry
) -> RegistryImages | None:
    """The images that a dev container must pull to need the registry; None if all do."""
    if entry is None:
        return None
    return registry_images(_server(registry), registry.images, entry.namespace)


def defaults_of(data: object) -> Entry:
    """The `defaults` of a spec; empty if it has none, or if they are not a mapping."""
    defaults = data.get("defaults") if isinstance(data, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def merge_defaults(data: object) -> object:
    """The spec without `defaults`, and with each registry extended by the keys it inherits."""
    if not isinstance(data, dict) or not isinstance(data.get("registries"), list):
        return data
    defaults = defaults_of(data)
    merged = [_merge(defaults, e) if isinstance(e, dict) else e for e in data["registries"]]
    return {**{k: v for k, v in data.items() if k != "defaults"}, "registries": merged}


def _merge(defaults: Entry, entry: Entry) -> Entry:
    left_out = _not_inherited(defaults, entry)
    if "generate" in entry:
        left_out |= _GIVEN_KEYS
    elif _GIVEN_KEYS & entry.keys():
        left_out |= _GENERATED_KEYS
    return {**{k: v for k, v in defaults.items() if k not in left_out}, **entry}


def _not_inherited(defaults: Entry, entry: Entry) -> frozenset[str]:
    if entry.get("access-only", defaults.get("access-only")) is True:
        return _CREDENTIAL_KEYS
    if "server" in entry:
        return _SERVER_KEYS
    if "registry" not in entry:
        return frozenset() if {"registry", "server"} & defaults.keys() else KIND_KEYS
    if "server" in defaults or defaults.get("registry", entry["registry"]) != entry["registry"]:
        return _SERVER_KEYS
    return _SERVER_KEYS - keys_of(entry["registry"])


def _find_default_errors(data: object) -> Iterator[PathError]:
    """What is wrong with each key of `defaults`, whether or not a registry inherits it."""
    defaults = defaults_of(data)
    raw_defaults = data.get("defaults") if isinstance(data, dict) else None
    if not isinstance(raw_defaults, dict | None):
        yield ("defaults",), "must be a mapping of keys"
    if "id" in defaults:
        yield ("defaults", "id"), "not valid in `defaults`; each registry needs its own id"
    yield from validation.find_default_errors(defaults)
    try:
        RegistryEntry.model_validate({"targets": [], **defaults, "id": "ID"})
    except ValidationError as error:
        yield from messages.validation_messages(error, ("defaults",))
