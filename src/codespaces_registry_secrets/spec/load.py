"""A document -> what is desired at each target, or every fault of it at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydantic import ValidationError

from codespaces_registry_secrets.errors import (
    ConfigError,
    InvalidConfigError,
    Location,
    input_location,
)
from codespaces_registry_secrets.model.allowlist import Allowlist, is_allowed, not_allowed_message
from codespaces_registry_secrets.model.desired import Credential, Desired
from codespaces_registry_secrets.model.fields import RotateWhen
from codespaces_registry_secrets.model.registries import KIND_KEYS, KINDS, keys_of, server_of
from codespaces_registry_secrets.model.repositories import Selection
from codespaces_registry_secrets.model.targets import ME, SCOPES, Target
from codespaces_registry_secrets.spec import messages, validation
from codespaces_registry_secrets.spec.schema import (
    RegistryEntry,
    Repositories,
    SpecModel,
    TargetEntry,
)
from codespaces_registry_secrets.spec.validation import (
    Entry,
    FindSourceError,
    PathError,
    numbered_mappings,
)
from codespaces_registry_secrets.spec.yaml_document import Document, Path

_EVERYTHING = Allowlist()


def load_desired(
    document: Document,
    find_source_error: FindSourceError,
    rotate: RotateWhen | None = None,
    only: frozenset[str] = frozenset(),
    allowed: Allowlist = _EVERYTHING,
) -> tuple[Desired, ...]:
    """What the document asks for, one for each registry at each target.

    `rotate` overrides every registry's policy. `only` names the registries that count, all where it
    is empty: of the others the values are not needed. `allowed` bounds the servers and owners of
    every registry.

    Every source is read once, so that its value is masked and known to be there.

    Raises:
        FaultyError: with every fault of the document, each at its place.
    """
    data = merge_defaults(document.data)
    model, misshapen = _shape(data)
    found = [
        *_default_errors(document.data),
        *misshapen,
        *_meaning(document, data, find_source_error, only, allowed),
    ]
    wrong = [ConfigError(_place(document, path), message) for path, message in found]
    unknown = validation.find_unknown_ids(validation.numbered_mappings(_registries(data)), only)
    wrong += [ConfigError(input_location("only"), message) for message in unknown]
    if model is None or wrong:
        raise InvalidConfigError(wrong)
    wanted = _desired(model, document, rotate)
    return tuple(triplet for triplet in wanted if not only or triplet.registry in only)


def _registries(data: object) -> object:
    return data.get("registries") if isinstance(data, dict) else None


def _shape(data: object) -> tuple[SpecModel | None, list[validation.PathError]]:
    """The spec in its shape, or what is wrong with that of each key."""
    try:
        return SpecModel.model_validate(data), []
    except ValidationError as error:
        return None, [*messages.validation_messages(error)]


def _meaning(
    document: Document,
    data: object,
    find_source_error: FindSourceError,
    only: frozenset[str],
    allowed: Allowlist,
) -> Iterator[validation.PathError]:
    """What is wrong with what the keys mean together, and with what they reach."""
    entries = validation.numbered_mappings(_registries(data))
    beyond = [*_not_allowed(entries, allowed)]
    unread = {path[1] for path, _ in beyond}
    given = defaults_of(document.data)
    yield from validation.find_errors(entries, given, find_source_error, only, unread)
    yield from beyond
    if _registries(data) == []:
        yield ("registries",), "is empty; at least one registry is needed"


def _place(document: Document, path: Path) -> Location:
    """A key that a registry inherited stands in `defaults`."""
    inherited: Path = ("defaults", *path[2:3])
    if len(path) > len(inherited) and not document.has(path[:3]) and document.has(inherited):
        return document.locate(("defaults", *path[2:]))
    return document.locate(path)


def _desired(model: SpecModel, document: Document, rotate: RotateWhen | None) -> Iterator[Desired]:
    for index, entry in enumerate(model.registries):
        for number, wanted in enumerate(entry.targets):
            target = _target(wanted)
            path: Path = ("registries", index, "targets", number)
            yield Desired(
                target=target,
                registry=entry.id,
                credential=_credential(entry, _place(document, path[:2])),
                rotate=entry.rotate.model_copy(update={"when": rotate or entry.rotate.when}),
                visibility=wanted.visibility,
                selection=_selection(wanted.repositories, target),
                where=_place(document, path),
            )


def _target(entry: TargetEntry) -> Target:
    scope = next(scope for scope in SCOPES if getattr(entry, scope) is not None)
    return SCOPES[scope](getattr(entry, scope))


def _credential(entry: RegistryEntry, where: Location) -> Credential | None:
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


def _selection(chosen: Repositories | None, target: Target) -> Selection | None:
    if chosen is None:
        return None

    def full(patterns: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(p if "/" in p else f"{target.owner}/{p}" for p in patterns)

    return Selection(
        owner=target.owner,
        mode=chosen.mode,
        include=full(chosen.include),
        topics=chosen.topics,
        properties=tuple(chosen.properties.items()),
        exclude=full(chosen.exclude),
        archived=chosen.archived,
    )


_SERVER_KEYS = KIND_KEYS | {"registry", "server"}
_FIELDS = frozenset(field.alias or name for name, field in RegistryEntry.model_fields.items())
_CREDENTIAL_KEYS = _FIELDS - {"id", "targets", "access-only"}


def defaults_of(data: object) -> Entry:
    """The `defaults` of a spec; empty where it has none, or none that is a mapping."""
    defaults = data.get("defaults") if isinstance(data, dict) else None
    return defaults if isinstance(defaults, dict) else {}


def merge_defaults(data: object) -> object:
    """The spec with `defaults` merged into each registry."""
    if not isinstance(data, dict) or not isinstance(data.get("registries"), list):
        return data
    defaults = defaults_of(data)
    merged = [_merged(defaults, e) if isinstance(e, dict) else e for e in data["registries"]]
    return {**{k: v for k, v in data.items() if k != "defaults"}, "registries": merged}


def _default_errors(data: object) -> Iterator[tuple[Path, str]]:
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
        yield from messages.validation_messages(error, ("defaults",))


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


def _not_allowed(entries: Sequence[tuple[int, Entry]], allowed: Allowlist) -> Iterator[PathError]:
    """Each server and owner that is not allowed, with paths from `registries` on."""
    for index, entry in entries:
        path: Path = ("registries", index)
        server = server_of(entry)
        if server is not None and not is_allowed(allowed.servers, server):
            key = "server" if "server" in entry else "registry"
            yield (*path, key), not_allowed_message(server, "allowed-servers", allowed.servers)
        for number, target in numbered_mappings(entry.get("targets")):
            for place, owner in _owners(target):
                if not is_allowed(allowed.owners, owner):
                    message = not_allowed_message(owner, "allowed-owners", allowed.owners)
                    yield (*path, "targets", number, *place), message


def _owners(target: Entry) -> Iterator[tuple[Path, str]]:
    """The owner of a target and of each repository that it lists.

    `@me` is nobody yet: GitHub tells whose the token is. What is excluded is on no list.
    """
    for scope in SCOPES.keys() & target.keys():
        if isinstance(target[scope], str) and target[scope] != ME:
            yield (scope,), str(target[scope]).partition("/")[0]
    chosen = target.get("repositories")
    if isinstance(chosen, dict) and chosen.get("mode") == "remove":
        return  # access is taken away from whoever has it
    listed = chosen.get("include") if isinstance(chosen, dict) else chosen
    for number, pattern in enumerate(listed if isinstance(listed, list) else ()):
        owner, slash, _ = str(pattern).rpartition("/")
        if slash:
            yield ("repositories", "include", number), owner
