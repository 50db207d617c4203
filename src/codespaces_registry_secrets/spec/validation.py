"""Check the keys of a spec in combination: what excludes, requires or contradicts what.

The checks read plain data, not the validated model, so that one error does not hide another.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pydantic import ValidationError

from codespaces_registry_secrets.model.fields import CredentialKey, Source
from codespaces_registry_secrets.model.registries import (
    KIND_KEYS,
    KINDS,
    RegistryKind,
    keys_of,
    kinds_with,
)
from codespaces_registry_secrets.model.targets import SCOPES
from codespaces_registry_secrets.spec.generate_keys import (
    check_generate,
    find_shared_accounts,
    find_shared_stores,
)
from codespaces_registry_secrets.spec.yaml_document import KeyPath
from codespaces_registry_secrets.text.lists import list_some

# The keys of a selection that select repositories; the others only narrow the selection.
_SELECTING_KEYS = ("include", "topics", "properties", "teams")
ONLY_OF_ORGANIZATION = ("topics", "properties", "teams")
_NOT_INHERITED = (
    ". The one in `defaults` is not inherited because `defaults` has another `registry` or "
    "`server`, or because this registry has `access-only: true`"
)
_MAX_IDS = 20
# What to write instead of a selection without entries, by mode.
_INSTEAD_OF_NOTHING = {
    "exact": "write `repositories: []` to clear the list",
    "ensure": "remove `repositories` to add none",
    "remove": "remove `repositories` to remove none",
}

Entry = Mapping[str, object]
# Returns why the source at a key has no usable value, or None if it has one.
FindSourceError = Callable[[CredentialKey, Source], str | None]
PathError = tuple[KeyPath, str]


def find_errors(
    entries: Sequence[tuple[int, Entry]],
    defaults: Entry,
    find_source_error: FindSourceError,
    only: frozenset[str],
    skip_sources: Collection[str | int],
) -> Iterator[PathError]:
    """Find all errors between keys, with paths that start at `registries`.

    `entries` are the registries by index, with `defaults` merged in. Sources are not read for the
    registries whose indexes are in `skip_sources`, nor for those that `only` leaves out.
    """
    for index, entry in entries:
        path: KeyPath = ("registries", index)
        for check in (_check_nulls, _check_server, _check_kind_keys, _check_credential):
            yield from check(entry, path)
        yield from _check_required_keys(entry, path, defaults)
        used = index not in skip_sources and (not only or _id(entry) in only)
        if used:
            yield from _check_sources(entry, path, find_source_error)
        yield from check_generate(entry, path, find_source_error if used else lambda *_: None)
        yield from _check_targets(entry, path)
        yield from _check_dev_containers(entry, path)
    yield from find_shared_stores(entries)
    yield from find_shared_accounts(entries)
    yield from _check_unused_defaults(entries, defaults)


def find_default_errors(defaults: Entry) -> Iterator[PathError]:
    """Find errors of `defaults` that do not depend on the registries that inherit them."""
    path: KeyPath = ("defaults",)
    yield from _check_nulls(defaults, path)
    yield from _check_sources(defaults, path, lambda *_: None)
    yield from _check_targets(defaults, path)


def find_duplicates(entries: Sequence[tuple[int, Entry]]) -> Iterator[tuple[KeyPath, KeyPath, str]]:
    """Each target that a registry id has twice: its path, the path of the first one, a message."""
    first: dict[tuple[str, str, str], KeyPath] = {}
    for index, entry in entries:
        for number, target in numbered_mappings(entry.get("targets")):
            for scope in SCOPES.keys() & target.keys():
                key = (_id(entry), scope, str(target[scope]).lower())
                path: KeyPath = ("registries", index, "targets", number)
                if key in first:
                    message = f"duplicate: {_id(entry)} is already declared for {target[scope]}"
                    yield path, first[key], message
                first.setdefault(key, path)


def find_unknown_ids(entries: Sequence[tuple[int, Entry]], only: frozenset[str]) -> Iterator[str]:
    """A message for each id in the input `only` that no registry has."""
    ids = sorted({_id(entry) for _, entry in entries if "id" in entry})
    listed_ids = list_some(ids, _MAX_IDS)
    for name in sorted(only.difference(ids)):
        yield f"no registry of the spec has the id `{name}`; its ids are: {listed_ids or 'none'}"


def numbered_mappings(items: object) -> list[tuple[int, Entry]]:
    """The mappings in a list with their indexes. Other items are an error of the schema."""
    numbered = enumerate(items if isinstance(items, list) else ())
    return [(number, item) for number, item in numbered if isinstance(item, dict)]


def _id(entry: Entry) -> str:
    return str(entry.get("id")).upper()


def _check_nulls(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    """A key without a value is ambiguous, so it is an error."""
    for key, value in entry.items():
        if value is None and key not in {"id", "targets"}:
            yield (*path, key), "has no value; set one, or remove the key"


def _check_server(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    if "registry" in entry and "server" in entry:
        yield (*path, "server"), "`registry` and `server` are mutually exclusive"
    if "expires" in entry and "password" not in entry:
        yield (*path, "expires"), "only valid with `username` and `password`"
    if "images" in entry and not {"password", "generate"} & entry.keys():
        yield (*path, "images"), "only valid with `username` and `password`, or with `generate`"
    if {"password", "generate"} & entry.keys() and not {"registry", "server"} & entry.keys():
        yield path, f"has no server; set `registry` ({', '.join(KINDS)}) or `server`"


def _check_kind_keys(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    kind = _kind(entry)
    formats = {**kind.required, **kind.optional} if kind else {}
    for key in sorted(KIND_KEYS & set(entry) - set(formats)):
        yield (*path, key), _only_valid_with(key)
    for key, key_format in formats.items():
        value = entry.get(key)
        if isinstance(value, str) and not re.fullmatch(key_format.pattern, value):
            yield (*path, key), f"must be {key_format.description}"


def _check_required_keys(entry: Entry, path: KeyPath, defaults: Entry) -> Iterator[PathError]:
    kind = _kind(entry)
    for key in kind.required if kind else ():
        if key not in entry:
            message = f"`{key}` is required with `registry: {entry['registry']}`"
            inherited = _NOT_INHERITED if key in defaults else ""
            yield path, f"{message}; add it, or set `server` instead{inherited}"


def _kind(entry: Entry) -> RegistryKind | None:
    name = entry.get("registry")
    return KINDS.get(name) if isinstance(name, str) else None


def _check_unused_defaults(
    entries: Sequence[tuple[int, Entry]], defaults: Entry
) -> Iterator[PathError]:
    """Keys of a registry kind in `defaults` that no registry is of."""
    kinds = [defaults.get("registry"), *(entry.get("registry") for _, entry in entries)]
    used = frozenset[str]().union(*map(keys_of, kinds))
    for key in sorted(KIND_KEYS & defaults.keys() - used):
        yield ("defaults", key), _only_valid_with(key)


def _only_valid_with(key: str) -> str:
    return f"only valid with `registry: {kinds_with(key)}`"


def _check_credential(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    if entry.get("access-only") is True:
        for key in ("username", "password"):
            if key in entry:
                yield (*path, key), f"`{key}` and `access-only: true` are mutually exclusive"
        return
    for present, absent in (("username", "password"), ("password", "username")):
        if present in entry and absent not in entry:
            message = f"`{absent}` is required when `{present}` is set"
            yield (*path, present), f"{message}; remove both to manage access only"


def _check_sources(
    entry: Entry, path: KeyPath, find_source_error: FindSourceError
) -> Iterator[PathError]:
    """Read each source now: an error later would leave the run half done."""
    keys: tuple[CredentialKey, ...] = ("username", "password")
    for key in keys:
        try:
            source = Source.model_validate(entry[key]) if isinstance(entry.get(key), dict) else None
        except ValidationError:
            continue
        if source is None:
            if entry.get(key) == "" and key == "username":  # the schema rejects a password
                yield (*path, key), "is empty; set a user name, or a source such as {env: NAME}"
        elif len({"env", "secret", "file", "input"} & source.model_fields_set) != 1:
            yield (*path, key), "set exactly one of `env`, `secret`, `file`, `input`"
        else:
            message = find_source_error(key, source)
            if message:
                yield (*path, key), message


def _check_targets(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    if entry.get("targets") == []:
        yield (*path, "targets"), "is empty; add at least one target"
    for number, target in numbered_mappings(entry.get("targets")):
        yield from _check_nulls(target, (*path, "targets", number))
        yield from _check_target(target, (*path, "targets", number))


def _check_dev_containers(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    """A registry without a server has no images that a dev container can need."""
    if {"registry", "server"} & entry.keys():
        return
    for number, target in numbered_mappings(entry.get("targets")):
        repositories = target.get("repositories")
        if isinstance(repositories, dict) and repositories.get("devcontainer"):
            message = "needs the server of the registry; set `registry` or `server`"
            yield (*path, "targets", number, "repositories", "devcontainer"), message


def _check_target(target: Entry, path: KeyPath) -> Iterator[PathError]:
    scopes = [scope for scope in SCOPES if scope in target]
    if len(scopes) != 1:
        yield path, f"set exactly one of {', '.join(f'`{scope}`' for scope in SCOPES)}"
        return
    scope = SCOPES[scopes[0]]
    if "visibility" in target and not scope.has_visibility:
        yield (*path, "visibility"), "only valid for an organization"
    if "repositories" in target:
        yield from _check_repositories(target, scopes[0], (*path, "repositories"))


def _check_repositories(target: Entry, scope: str, path: KeyPath) -> Iterator[PathError]:
    if not SCOPES[scope].has_list:
        yield path, "only valid for an organization or a user; remove the key"
        return
    if target.get("visibility") in ("all", "private"):
        yield path, "only valid with `visibility: selected`"
    repositories = target["repositories"]
    selection = {"include": repositories} if isinstance(repositories, list) else repositories
    if isinstance(selection, dict):
        yield from _check_selection(selection, scope, path)
        for key in ("include", "exclude"):
            patterns = selection.get(key)
            for number, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
                message = _owner_error(str(pattern), scope, str(target[scope]))
                if message:
                    yield (*path, key, number), message


def _check_selection(selection: Entry, scope: str, path: KeyPath) -> Iterator[PathError]:
    """A selection selects something, by keys that its scope supports."""
    mode = str(selection.get("mode", "exact"))
    clears_list = "include" in selection and mode == "exact"
    if not any(selection.get(key) for key in _SELECTING_KEYS) and not clears_list:
        keys = ", ".join(f"`{key}`" for key in _SELECTING_KEYS)
        instead = _INSTEAD_OF_NOTHING.get(mode, _INSTEAD_OF_NOTHING["exact"])
        yield path, f"selects nothing; set one of {keys}, or {instead}"
    for key in ONLY_OF_ORGANIZATION if scope == "user" else ():
        if key in selection:
            yield (*path, key), "only valid for an organization; list owner/name in `include`"


def _owner_error(pattern: str, scope: str, owner: str) -> str | None:
    pattern_owner, slash, _ = pattern.rpartition("/")
    if scope == "organization" and slash and pattern_owner.lower() != owner.lower():
        return f"must be a repository of {owner}, written without the owner"
    if scope == "user" and not slash:
        return "must be owner/name: a user's secrets can be used in repositories of any owner"
    return None
