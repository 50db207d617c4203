"""What the keys of a spec mean together.

The rules look at plain data, not at the validated model, so that one fault hides no other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from pydantic import ValidationError

from codespaces_registry_secrets.model.fields import CredentialKey, Source
from codespaces_registry_secrets.model.registries import KIND_KEYS, KINDS, keys_of, kinds_with
from codespaces_registry_secrets.model.targets import SCOPES
from codespaces_registry_secrets.spec.yaml_document import Path

# What picks repositories; the other keys of a selection only narrow it.
_CHOOSING = ("include", "topics", "properties")
_NOT_INHERITED = (
    ". The one in `defaults` is not inherited: `defaults` name another `registry` or `server`, or "
    "this registry has `access-only: true`"
)
_MOST_IDS = 20
# What to write instead of a selection of nothing, by mode: an empty list means everybody or nobody.
_NOBODY = "write `repositories: []` for nobody"
_OTHERWISE = {
    "ensure": "leave `repositories` out to add none",
    "remove": "leave `repositories` out to remove none",
}

Entry = Mapping[str, object]
# Why a source has no value, by the key that it stands at; None where it has one.
FindSourceError = Callable[[CredentialKey, Source], str | None]
PathError = tuple[Path, str]


def find_errors(
    entries: Sequence[tuple[int, Entry]],
    defaults: Entry,
    find_source_error: FindSourceError,
    only: frozenset[str],
    unread: Collection[str | int],
) -> Iterator[PathError]:
    """All that is wrong between keys, with paths from `registries` on.

    `defaults` are merged into the entries already. Of the registries whose numbers are in `unread`
    no source is read.
    """
    for index, entry in entries:
        path: Path = ("registries", index)
        for rule in (_nulls, _server, _kind_keys, _credential):
            yield from rule(entry, path)
        yield from _missing_keys(entry, path, defaults)
        if index not in unread and (not only or _id(entry) in only):
            yield from _values(entry, path, find_source_error)
        if entry.get("targets") == []:
            yield (*path, "targets"), "is empty; at least one target is needed"
        for number, target in numbered_mappings(entry.get("targets")):
            yield from _nulls(target, (*path, "targets", number))
            yield from _target(target, (*path, "targets", number))
    yield from _unused(entries, defaults)
    yield from _twice(entries)


def numbered_mappings(items: object) -> list[tuple[int, Entry]]:
    """The mappings of a list with their numbers; other things in it have the shape's own fault."""
    numbered = enumerate(items if isinstance(items, list) else ())
    return [(number, item) for number, item in numbered if isinstance(item, dict)]


def find_unknown_ids(entries: Sequence[tuple[int, Entry]], only: frozenset[str]) -> Iterator[str]:
    """A message for each id of the input `only` that no registry has."""
    known = sorted({_id(entry) for _, entry in entries if "id" in entry})
    more = len(known) - _MOST_IDS
    shown = ", ".join(known[:_MOST_IDS]) + (f" and {more} more" if more > 0 else "")
    for name in sorted(only.difference(known)):
        yield f"no registry of the spec has the id `{name}`; its ids are: {shown or 'none'}"


def _id(entry: Entry) -> str:
    return str(entry.get("id")).upper()


def _nulls(entry: Entry, path: Path) -> Iterator[PathError]:
    """An optional key with nothing behind it: nobody can tell what was meant."""
    for key, value in entry.items():
        if value is None and key not in {"id", "targets"}:
            yield (*path, key), "has no value; give one, or leave the key out"


def _server(entry: Entry, path: Path) -> Iterator[PathError]:
    if "registry" in entry and "server" in entry:
        yield (*path, "server"), "give either `registry` or `server`, not both"
    for key in ("images", "expires"):
        if key in entry and "password" not in entry:
            yield (*path, key), "means nothing without `username` and `password`"
    if "password" in entry and not {"registry", "server"} & set(entry):
        yield path, f"has no server; give `registry` ({', '.join(KINDS)}) or `server`"


def _kind_keys(entry: Entry, path: Path) -> Iterator[PathError]:
    name = entry.get("registry")
    kind = KINDS.get(name) if isinstance(name, str) else None
    known = {**kind.required, **kind.optional} if kind else {}
    for key in sorted(KIND_KEYS & set(entry) - set(known)):
        yield (*path, key), _meaningless(key)
    for key, form in known.items():
        value = entry.get(key)
        if isinstance(value, str) and not re.fullmatch(form.pattern, value):
            yield (*path, key), f"must be {form.description}"


def _missing_keys(entry: Entry, path: Path, defaults: Entry) -> Iterator[PathError]:
    name = entry.get("registry")
    kind = KINDS.get(name) if isinstance(name, str) else None
    for key in kind.required if kind else ():
        if key not in entry:
            message = f"`registry: {name}` needs `{key}`; or give `server` in its place"
            yield path, message + (_NOT_INHERITED if key in defaults else "")


def _unused(entries: Sequence[tuple[int, Entry]], defaults: Entry) -> Iterator[PathError]:
    """A key of a registry kind in `defaults`, where no registry is of such a kind."""
    kinds = [defaults.get("registry"), *(entry.get("registry") for _, entry in entries)]
    used = frozenset[str]().union(*map(keys_of, kinds))
    for key in sorted(KIND_KEYS & defaults.keys() - used):
        yield ("defaults", key), _meaningless(key)


def _meaningless(key: str) -> str:
    return f"means nothing here; it belongs to `registry: {kinds_with(key)}`"


def _credential(entry: Entry, path: Path) -> Iterator[PathError]:
    if entry.get("access-only") is True:
        for key in ("username", "password"):
            if key in entry:
                yield (*path, key), "`access-only: true` excludes it; remove one of the two"
        return
    for given, absent in (("username", "password"), ("password", "username")):
        if given in entry and absent not in entry:
            yield (
                (*path, given),
                f"needs `{absent}` beside it; without both, only access is managed",
            )


def _values(entry: Entry, path: Path, find_source_error: FindSourceError) -> Iterator[PathError]:
    """Each source must have a value now: a run that finds out later has half its work done."""
    keys: tuple[CredentialKey, ...] = ("username", "password")
    for key in keys:
        try:
            source = Source.model_validate(entry[key]) if isinstance(entry.get(key), dict) else None
        except ValidationError:
            continue
        if source is None:
            if entry.get(key) == "":
                yield (*path, key), "is empty"
        elif len({"env", "secret", "file", "input"} & source.model_fields_set) != 1:
            yield (*path, key), "a source has exactly one of `env`, `secret`, `file`, `input`"
        else:
            message = find_source_error(key, source)
            if message:
                yield (*path, key), message


def _target(target: Entry, path: Path) -> Iterator[PathError]:
    scopes = [scope for scope in SCOPES if scope in target]
    if len(scopes) != 1:
        yield path, f"a target is exactly one of {', '.join(f'`{scope}`' for scope in SCOPES)}"
        return
    scope = SCOPES[scopes[0]]
    if "visibility" in target and not scope.has_visibility:
        yield (*path, "visibility"), "only secrets of an organization have a visibility"
    if "repositories" in target:
        yield from _repositories(target, scopes[0], path)


def _repositories(target: Entry, scope: str, path: Path) -> Iterator[PathError]:
    here = (*path, "repositories")
    if not SCOPES[scope].has_list:
        yield (
            here,
            "the secrets of a repository are its own; a list belongs to an organization or user",
        )
        return
    if target.get("visibility") in ("all", "private"):
        yield here, "a list has an effect only with `visibility: selected`"
    chosen = target["repositories"]
    chosen = {"include": chosen} if isinstance(chosen, list) else chosen
    if isinstance(chosen, dict):
        yield from _choice(chosen, scope, here)
        for key in ("include", "exclude"):
            patterns = chosen.get(key)
            for number, pattern in enumerate(patterns if isinstance(patterns, list) else ()):
                message = _pattern(str(pattern), scope, str(target[scope]))
                if message:
                    yield (*here, key, number), message


def _choice(chosen: Entry, scope: str, here: Path) -> Iterator[PathError]:
    """A selection picks something, by what its scope has."""
    mode = chosen.get("mode", "exact")
    written = "include" in chosen and mode == "exact"
    if not any(chosen.get(key) for key in _CHOOSING) and not written:
        told = ", ".join(f"`{key}`" for key in _CHOOSING)
        yield here, f"selects nothing; give {told}, or {_OTHERWISE.get(str(mode), _NOBODY)}"
    for key in ("topics", "properties") if scope == "user" else ():
        if key in chosen:
            yield (*here, key), "belongs to repositories of an organization; write owner/name"


def _pattern(pattern: str, scope: str, owner: str) -> str | None:
    named, slash, _ = pattern.rpartition("/")
    if scope == "organization" and slash and named.lower() != owner.lower():
        return f"a repository of {owner} is meant here; write its name alone"
    if scope == "user" and not slash:
        return "write owner/name: a user's secrets serve repositories of any owner"
    return None


def _twice(entries: Sequence[tuple[int, Entry]]) -> Iterator[PathError]:
    seen: dict[tuple[str, str, str], Path] = {}
    for index, entry in entries:
        for number, target in numbered_mappings(entry.get("targets")):
            for scope in SCOPES.keys() & target.keys():
                key = (_id(entry), scope, str(target[scope]).lower())
                path: Path = ("registries", index, "targets", number)
                if key in seen:
                    where = f"registries[{seen[key][1]}].targets[{seen[key][3]}]"
                    yield path, f"{key[0]} is at {scope}:{target[scope]} already, in {where}"
                seen.setdefault(key, path)
