"""Read what a spec says about servers and expiries, even if the spec has errors. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

from pydantic import ValidationError

from codespaces_registry_secrets.model.desired import DeclaredRegistry
from codespaces_registry_secrets.model.registries import server_error, server_of
from codespaces_registry_secrets.spec.load import merge_defaults
from codespaces_registry_secrets.spec.schema import RegistryEntry
from codespaces_registry_secrets.spec.validation import Entry, numbered_mappings
from codespaces_registry_secrets.spec.yaml_document import Document


def declared_registries(document: Document) -> Mapping[str, Sequence[DeclaredRegistry]]:
    """What a spec says about each registry, by id. A spec can declare an id several times."""
    data = merge_defaults(document.data)
    entries = numbered_mappings(data.get("registries") if isinstance(data, dict) else None)
    declared: defaultdict[str, list[DeclaredRegistry]] = defaultdict(list)
    for _, entry in entries:
        declared[str(entry.get("id")).upper()].append(_declared(entry))
    return declared


def _declared(entry: Entry) -> DeclaredRegistry:
    server = entry.get("server")
    error = server_error(server) if isinstance(server, str) else None
    return DeclaredRegistry(server_of(entry), error, _expires(entry))


def _expires(entry: Entry) -> datetime | None:
    try:
        model = RegistryEntry.model_validate(
            {"id": "ID", "targets": [], "expires": entry.get("expires")}
        )
    except ValidationError:
        return None
    return model.expires
