"""Check `generate` of a registry in combination with its other keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import ValidationError

from codespaces_registry_secrets.model.fields import CredentialKey, Source
from codespaces_registry_secrets.model.generator import (
    GENERATORS,
    NOT_GENERATED,
    GeneratorKind,
    is_https_or_loopback,
)
from codespaces_registry_secrets.model.registries import KINDS
from codespaces_registry_secrets.spec.yaml_document import KeyPath

Entry = Mapping[str, object]
PathError = tuple[KeyPath, str]
FindSourceError = Callable[[CredentialKey, Source], str | None]

_KEYS_OF_ALL = frozenset({"kind", "store", "retire-after", "expires-in"})
_SOURCE_FORMS = ("env", "secret", "file", "input")


def check_generate(
    entry: Entry, path: KeyPath, find_source_error: FindSourceError
) -> Iterator[PathError]:
    """Find what is wrong with `generate`; sources are read, so that each is known to exist."""
    generate = entry.get("generate")
    if not isinstance(generate, dict):
        return
    path = (*path, "generate")
    yield from _check_entry(entry, path)
    name = generate.get("kind")
    kind = GENERATORS.get(name) if isinstance(name, str) else None
    if kind is None:
        return
    if _registry_without_api(entry) is None:
        yield from _check_registry(entry, name, kind, path)
    yield from _check_keys(generate, name, kind, path)
    yield from _check_formats(generate, kind, path)
    for key in sorted(kind.sources & generate.keys()):
        yield from _check_source(key, generate[key], (*path, key), find_source_error)


def find_shared_stores(entries: Iterable[tuple[int, Entry]]) -> Iterator[tuple[KeyPath, str]]:
    """Each `store` that several registries have: two journals cannot share a secret."""
    first: dict[str, str] = {}
    for index, entry in entries:
        generate = entry.get("generate")
        store = generate.get("store") if isinstance(generate, dict) else None
        if not isinstance(store, str):
            continue
        registry = str(entry.get("id")).upper()
        if store.upper() in first:
            message = (
                f"{first[store.upper()]} has this `store` already; each registry needs its own"
            )
            yield ("registries", index, "generate", "store"), message
        first.setdefault(store.upper(), registry)


def find_shared_accounts(entries: Iterable[tuple[int, Entry]]) -> Iterator[tuple[KeyPath, str]]:
    """Each account whose credentials several registries create.

    After a run that died, one of them would take the new credential of the other for an orphan.
    """
    first: dict[tuple[object, str], str] = {}
    for index, entry in entries:
        generate = entry.get("generate")
        if not isinstance(generate, dict):
            continue
        kind = GENERATORS.get(str(generate.get("kind")))
        account = kind.account({**entry, **generate}) if kind else ""
        if kind is None or not account:
            continue
        registry, key = str(entry.get("id")).upper(), (generate["kind"], account)
        if key in first:
            message = (
                f"{first[key]} creates the credentials of the same {_listed(kind.accounts)} "
                "already; each registry needs its own"
            )
            yield ("registries", index, "generate"), message
        first.setdefault(key, registry)


def _listed(keys: Iterable[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)


def _check_entry(entry: Entry, path: KeyPath) -> Iterator[PathError]:
    for key in ("username", "password", "expires"):
        if key in entry:
            yield path, f"`generate` and `{key}` are mutually exclusive"
    if entry.get("access-only") is True:
        yield path, "`generate` and `access-only: true` are mutually exclusive"
    registry = _registry_without_api(entry)
    if registry:
        yield path, f"not possible with {registry[0]}: {NOT_GENERATED[registry[1]]}"


def _registry_without_api(entry: Entry) -> tuple[str, str] | None:
    """The key of a registry whose credentials no job can create, and its kind; else None."""
    registry, server = entry.get("registry"), entry.get("server")
    for kind in NOT_GENERATED:
        if registry == kind:
            return f"`registry: {kind}`", kind
        if server == KINDS[kind].server({}):
            return f"`server: {server}`", kind
    return None


def _check_registry(
    entry: Entry, name: object, kind: GeneratorKind, path: KeyPath
) -> Iterator[PathError]:
    registry = entry.get("registry")
    if kind.registries and str(registry) not in kind.registries:
        names = " or ".join(f"`registry: {one}`" for one in sorted(kind.registries))
        yield (*path, "kind"), f"`{name}` is only valid with {names}"
    if not kind.registries and "server" not in entry:
        yield (*path, "kind"), f"`{name}` is only valid with `server`"


def _check_keys(
    generate: Entry, name: object, kind: GeneratorKind, path: KeyPath
) -> Iterator[PathError]:
    for key, value in generate.items():
        if value is None:
            yield (*path, key), "has no value; set one, or remove the key"
    for key in sorted({*kind.required, *kind.sources} - generate.keys()):
        yield path, f"`{key}` is required with `kind: {name}`"
    if kind.one_of and len(kind.one_of & generate.keys()) != 1:
        yield path, f"set exactly one of {', '.join(f'`{key}`' for key in sorted(kind.one_of))}"
    every_kind = frozenset(key for one in GENERATORS.values() for key in one.keys)
    for key in sorted((every_kind & generate.keys()) - kind.keys):
        yield (*path, key), f"not valid with `kind: {name}`"
    if "expires-in" in generate and not kind.expires:
        yield (*path, "expires-in"), f"not valid with `kind: {name}`: its issuer sets no expiry"


def _check_formats(generate: Entry, kind: GeneratorKind, path: KeyPath) -> Iterator[PathError]:
    for key, key_format in {**kind.required, **kind.optional}.items():
        value = generate.get(key)
        if isinstance(value, dict):
            yield (*path, key), f"must be text: {key_format.description}"
        elif isinstance(value, str) and not re.fullmatch(key_format.pattern, value, re.ASCII):
            yield (*path, key), f"must be {key_format.description}"
        elif key == "url" and isinstance(value, str) and not is_https_or_loopback(value):
            yield (*path, key), "must be an https URL; http only for a loopback host"


def _check_source(
    key: str, value: object, path: KeyPath, find_source_error: FindSourceError
) -> Iterator[PathError]:
    if isinstance(value, str):
        if key != "username":
            yield path, "must be a source such as {env: NAME}; never write it into the spec"
        elif not value:
            yield path, "is empty; set a user name, or a source such as {env: NAME}"
        return
    try:
        source = Source.model_validate(value)
    except ValidationError:
        return
    if len(set(_SOURCE_FORMS) & source.model_fields_set) != 1:
        yield path, f"set exactly one of {', '.join(f'`{form}`' for form in _SOURCE_FORMS)}"
        return
    message = find_source_error("username" if key == "username" else "password", source)
    if message:
        yield path, message
