"""Translate pydantic's errors into messages of this project, without quoting any value."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from codespaces_registry_secrets.model.fields import DURATION_FORMAT, RotationPolicy, Source
from codespaces_registry_secrets.spec.schema import (
    DevContainerEntry,
    GenerateEntry,
    RegistryEntry,
    RepositoriesEntry,
    SpecModel,
    TargetEntry,
)
from codespaces_registry_secrets.spec.yaml_document import KeyPath

# The type that each kind of pydantic error expects.
_EXPECTED: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "time_delta_type": DURATION_FORMAT,
    "datetime_type": "a date",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "a mapping of keys",
    "model_attributes_type": "a mapping of keys",
    "dict_type": "a mapping of keys",
}
# The names of the types that YAML can return.
_TYPE_NAMES: Mapping[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "a mapping",
    type(None): "empty",
}
# The model whose keys are valid below a path, by the last name in the path.
_MODELS: Mapping[str, type[BaseModel]] = {
    "": SpecModel,
    "defaults": RegistryEntry,
    "registries": RegistryEntry,
    "targets": TargetEntry,
    "repositories": RepositoriesEntry,
    "devcontainer": DevContainerEntry,
    "rotate": RotationPolicy,
    "generate": GenerateEntry,
    "token": Source,
    "username": Source,
    "password": Source,
}

_SOURCES = frozenset({"token", "username", "password"})
# What to expect at keys that accept more than one type.
_EXPECTED_BY_KEY: Mapping[str | int, str] = {
    "repositories": "a list or a mapping of keys",
    "token": "text, or a source such as {env: NAME}",
    "username": "text, or a source such as {env: NAME}",
    "rotate": "`changed`, `always` or `missing`, or a mapping of `when` and `max-age`",
    "expires": "a date such as 2027-01-31",
    "properties": "a mapping of property names to values",
    "devcontainer": "`true`, or a mapping with `namespace`",
}


def validation_messages(
    error: ValidationError, prefix: KeyPath = ()
) -> Iterator[tuple[KeyPath, str]]:
    """Yield path and message of each error; `prefix` is the path of the validated data."""
    for detail in error.errors(include_url=False):
        path = detail["loc"] = (*prefix, *detail["loc"])
        if detail["type"] == "extra_forbidden" and _parent(path) in _SOURCES:
            path = path[:-1]  # the key can be a password in the wrong place
        yield path, _message(detail)


def _message(detail: ErrorDetails) -> str:
    kind = detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(detail["loc"])
    if kind == "too_short":
        return "is empty; add at least one value"
    if kind == "missing":
        return f"`{detail['loc'][-1]}` is missing"
    if kind == "literal_error":
        return f"must be {_context(detail, 'expected').replace(chr(39), '`')}"
    if kind in _EXPECTED:
        return _wrong_type(detail)
    return detail["msg"]


def _wrong_type(detail: ErrorDetails) -> str:
    name = next((part for part in reversed(detail["loc"]) if part in _EXPECTED_BY_KEY), None)
    last = name is not None and detail["loc"][-1] in {name, "source"}
    expected = _EXPECTED_BY_KEY[name] if last and name is not None else _EXPECTED[detail["type"]]
    actual = _TYPE_NAMES.get(type(detail["input"]), "a date")
    quotable = expected == "text" and actual in {"a number", "true or false", "a date"}
    return f"must be {expected}, not {actual}{'; quote it' if quotable else ''}"


def _unknown_key(path: KeyPath) -> str:
    parent = _parent(path)
    fields = _MODELS[parent].model_fields
    valid_keys = [field.alias or name for name, field in fields.items()]
    if parent == "":
        valid_keys.insert(1, "defaults")
    if parent in _SOURCES:
        return f"unknown key; valid keys are {', '.join(valid_keys)}"
    name = str(path[-1])
    close = difflib.get_close_matches(name, valid_keys, n=1)
    hint = f" (did you mean `{close[0]}`?)" if close else ""
    return f"unknown key `{name}`{hint}; valid keys are {', '.join(valid_keys)}"


def _parent(path: KeyPath) -> str:
    """The name of the model that the last key of a path belongs to; empty at the top level."""
    return next((str(part) for part in reversed(path[:-1]) if part in _MODELS), "")


def _context(detail: ErrorDetails, key: str) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    return str(context.get(key, ""))
