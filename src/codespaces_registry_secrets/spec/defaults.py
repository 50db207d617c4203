"""`defaults` merged into each registry of a spec. Pure.

A registry inherits every key that it does not have itself, with two exceptions:

- With `access-only: true` it inherits nothing that describes a credential, its server included.
- Keys of the server are inherited together. A registry that names its own `server` takes none of
  them. One that names its own `registry` takes the keys of that kind, unless `defaults` name a
  `server` or another `registry`, whose keys they are then. One that names neither takes those that
  `defaults` name, with all their keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import ValidationError

from codespaces_registry_secrets.model.registries import KIND_KEYS, keys_of
from codespaces_registry_secrets.spec import messages as faults
from codespaces_registry_secrets.spec.schema import RegistryEntry
from codespaces_registry_secrets.spec.yaml_document import Path

Entry = Mapping[str, object]

_SERVER_KEYS = KIND_KEYS | {"registry", "server"}
_FIELDS = frozenset(field.alias or name for name, field in RegistryEntry.model_fields.items())
_CREDENTIAL_KEYS = _FIELDS - {"id", "targets", "access-only"}


def defaults_of(data: object) -> Entry:
    """The `defaults` of a spec; empty where it has none, or none that is a mapping."""
    defaults = data.get("defaults") if isinstance(data, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def with_defaults(data: object) -> object:
    """The spec with `defaults` merged into each registry."""
    if not isinstance(data, dict) or not isinstance(data.get("registries"), list):
        return data
    defaults = defaults_of(data)
    merged = [_merged(defaults, e) if isinstance(e, dict) else e for e in data["registries"]]
    return {**{k: v for k, v in data.items() if k != "defaults"}, "registries": merged}


def complaints(data: object) -> Iterator[tuple[Path, str]]:
    """All that is wrong with the `defaults` themselves, whether a registry inherits it or not."""
    defaults = defaults_of(data)
    written = data.get("defaults") if isinstance(data, dict) else None
    if not isinstance(written, dict | None):
        yield ("defaults",), "must be a mapping of keys"
    if "id" in defaults:
        yield ("defaults", "id"), "an id belongs to one registry, not to the defaults"
    try:
        RegistryEntry.model_validate({"targets": [], **defaults, "id": "ID"})
    except ValidationError as error:
        yield from faults.complaints(error, ("defaults",))


def _merged(defaults: Entry, entry: Entry) -> Entry:
    left_out = _not_inherited(defaults, entry)
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
