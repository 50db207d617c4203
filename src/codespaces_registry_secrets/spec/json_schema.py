"""Build the JSON Schema of a spec from its models, for editors. Pure.

The types, keys and fixed values come from the models. Formats are added here, from the patterns of
the parser, because a pattern of Python must be rewritten for JavaScript. A schema cannot compare a
registry with `defaults`, so some rules are not in it; docs/cli.md lists them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from codespaces_registry_secrets.model.generator import GENERATORS, GeneratorKind
from codespaces_registry_secrets.model.registries import (
    DOCKER_HUB,
    IMAGE,
    KIND_KEYS,
    KINDS,
    NAMESPACE,
    RegistryKind,
    server_pattern,
)
from codespaces_registry_secrets.model.targets import SCOPES
from codespaces_registry_secrets.spec.key_texts import KEY_TEXTS
from codespaces_registry_secrets.spec.schema import PATTERNS, SpecModel
from codespaces_registry_secrets.spec.validation import ONLY_OF_ORGANIZATION

Schema = dict[str, Any]
DIALECT = "http://json-schema.org/draft-07/schema#"  # the newest that editors support for YAML
SCHEMA_URL = (
    "https://raw.githubusercontent.com/octo-org/codespaces-registry-secrets/v0/schema/spec.v1.json"
)
# Letters of names that are compared without case, because JavaScript has no `(?i)`.
_RESERVED = "|".join(
    "".join(f"[{letter.upper()}{letter.lower()}]" for letter in name)
    for name in ("INPUT", "ACTIONS", "GITHUB", "RUNNER")
)
_VARIABLE = rf"^(?!({_RESERVED})_)[A-Za-z_][A-Za-z0-9_]*$"
_SAFE_URL = r"^(https://|http://(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?(/|$))"
_GITHUB = "[Gg][Ii][Tt][Hh][Uu][Bb]"
_DURATION = r"^(?!0+[dhmDHM]$)[0-9]{1,6}[dhmDHM]$"
_TEXT_OR_SOURCE: Schema = {
    "anyOf": [{"type": "string", "minLength": 1}, {"$ref": "#/$defs/Source"}]
}
_NAMESPACE = f"^({NAMESPACE})$"


def _one_or_more(item: Schema) -> Schema:
    return {"anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


_FORMATS: Mapping[str, Mapping[str, Schema]] = {
    "RegistryEntry": {
        "id": {"pattern": rf"^(?!{_GITHUB}(_|$))[A-Za-z_][A-Za-z0-9_]*$"},
        "registry": {"enum": [*KINDS]},
        "server": {"anyOf": [{"const": DOCKER_HUB}, {"pattern": server_pattern()}]},
        "images": {"items": {"type": "string", "pattern": f"^({IMAGE.pattern})$"}},
        "targets": {"minItems": 1},
        "username": _TEXT_OR_SOURCE,
        "rotate": {
            "anyOf": [
                {"enum": ["changed", "always", "missing"]},
                {"$ref": "#/$defs/RotationPolicy"},
            ]
        },
    },
    "TargetEntry": {
        **{scope: {"pattern": f"^({PATTERNS[scope]})$"} for scope in SCOPES},
        "repositories": {
            "anyOf": [
                {"type": "array", "items": {"$ref": "#/$defs/Pattern"}},
                {"$ref": "#/$defs/RepositoriesEntry"},
            ]
        },
    },
    "DevContainerEntry": {"namespace": _one_or_more({"type": "string", "pattern": _NAMESPACE})},
    "RepositoriesEntry": {
        "devcontainer": {
            "anyOf": [{"type": "boolean"}, {"$ref": "#/$defs/DevContainerEntry"}],
        },
        "include": {"items": {"$ref": "#/$defs/Pattern"}},
        "teams": {"items": {"type": "string", "pattern": f"^({PATTERNS['teams']})$"}},
        "exclude": {"items": {"$ref": "#/$defs/Pattern"}},
        "properties": {"additionalProperties": _one_or_more({"type": "string"})},
    },
    "Source": {
        "env": {"pattern": _VARIABLE},
        "secret": {"pattern": _VARIABLE},
        "file": {"minLength": 1, "pattern": r"^(?!(.*/)?\.[gG][iI][tT](/|$))"},
    },
    "RotationPolicy": {"max-age": {"pattern": _DURATION}},
    "GenerateEntry": {
        "kind": {"enum": [*GENERATORS]},
        "store": {"pattern": _VARIABLE},
        "retire-after": {"pattern": _DURATION},
        "expires-in": {"pattern": _DURATION},
        "token": _TEXT_OR_SOURCE,
        "username": _TEXT_OR_SOURCE,
    },
}
_ONE_SOURCE: Schema = {"oneOf": [{"required": [key]} for key in ("env", "secret", "file", "input")]}
_WITH_OWNER: Schema = {"items": {"pattern": "/"}}


def spec_schema() -> Schema:
    """The JSON Schema of a spec."""
    models = SpecModel.model_json_schema()
    definitions = models.pop("$defs")
    models["properties"] = {
        "version": models["properties"]["version"],
        "defaults": {"$ref": "#/$defs/Defaults"},
        "registries": {**models["properties"]["registries"], "minItems": 1},
    }
    models["required"] = ["version", "registries"]
    definitions = {name: _describe(name, model) for name, model in definitions.items()}
    definitions["Pattern"] = {"type": "string", "pattern": f"^({PATTERNS['repositories']})$"}
    _add_rules(definitions)
    head = {"$schema": DIALECT, "$id": SCHEMA_URL, "title": "Codespaces registry secrets"}
    schema: Schema = _for_javascript(
        {**head, **_describe("SpecModel", models), "$defs": definitions}
    )
    return schema


def _describe(name: str, model: Schema) -> Schema:
    """The schema of a model with texts and formats, without null."""
    properties = {
        key: _describe_key(name, key, schema) for key, schema in model["properties"].items()
    }
    kept = {k: v for k, v in model.items() if k in {"type", "required", "additionalProperties"}}
    return {**kept, "properties": properties}


def _describe_key(name: str, key: str, schema: Schema) -> Schema:
    schema = _without_null(schema)
    schema.pop("title", None)
    schema.pop("format", None)
    added = _FORMATS.get(name, {}).get(key, {})
    if "anyOf" in added:  # another form than that of the model, which the parser expands
        schema = {k: v for k, v in schema.items() if k == "type" and key == "server"}
    text = KEY_TEXTS[name][key]
    texts = {"description": text.description, "examples": list(text.examples)}
    if "$ref" in schema:  # draft 7 ignores everything next to a reference
        schema = {"allOf": [schema]}
    return {**texts, **schema, **added}


def _without_null(schema: Schema) -> Schema:
    """The schema without its default, and without the null of an optional field."""
    kept = {key: value for key, value in deepcopy(schema).items() if key != "default"}
    options = kept.pop("anyOf", None)
    if options is None:
        return kept
    (option,) = [option for option in options if option != {"type": "null"}]
    return {**kept, **option}


def _add_rules(definitions: dict[str, Schema]) -> None:
    """The rules between the keys of one mapping."""
    registry, target = definitions["RegistryEntry"], definitions["TargetEntry"]
    inherited = {key: value for key, value in registry["properties"].items() if key != "id"}
    definitions["Defaults"] = {
        "type": "object",
        "description": KEY_TEXTS["SpecModel"]["defaults"].description,
        "properties": inherited,
        "additionalProperties": False,
    }
    registry["required"] = ["id"]  # `defaults` can have the others
    registry["not"] = {"required": ["registry", "server"]}
    registry["allOf"] = [_kind_rule(name, kind) for name, kind in KINDS.items()]
    definitions["Source"] |= _ONE_SOURCE
    definitions["GenerateEntry"]["allOf"] = [_generator_rule(*one) for one in GENERATORS.items()]
    target["oneOf"] = [_scope_rule(scope) for scope in SCOPES]
    target["allOf"] = [
        {
            "if": {
                "required": ["visibility"],
                "properties": {"visibility": {"enum": ["all", "private"]}},
            },
            "then": {"properties": {"repositories": False}},
        }
    ]
    definitions["RepositoriesEntry"] |= _selection_rule()


def _kind_rule(name: str, kind: RegistryKind) -> Schema:
    """The formats of the keys of a registry kind, and no keys of other kinds."""
    formats = {**kind.required, **kind.optional}
    keys: Schema = {key: {"pattern": f"^({formats[key].pattern})$"} for key in formats}
    keys |= dict.fromkeys(sorted(KIND_KEYS - formats.keys()), False)
    condition = {"required": ["registry"], "properties": {"registry": {"const": name}}}
    return {"if": condition, "then": {"properties": keys}}


def _generator_rule(name: str, kind: GeneratorKind) -> Schema:
    """The formats of the keys of a kind of `generate`, and no keys of other kinds."""
    formats = {**kind.required, **kind.optional}
    keys: Schema = {
        key: {"type": "string", "pattern": f"^({formats[key].pattern})$"} for key in formats
    }
    if "url" in keys:
        keys["url"]["allOf"] = [{"pattern": _SAFE_URL}]
    keys |= {key: {"$ref": "#/$defs/Source"} for key in kind.sources - {"username"}}
    every_key = {key for one in GENERATORS.values() for key in one.keys}
    keys |= dict.fromkeys(sorted(every_key - kind.keys), False)
    if not kind.expires:
        keys["expires-in"] = False
    then: Schema = {"properties": keys, "required": sorted({*kind.required, *kind.sources})}
    if kind.one_of:
        then["oneOf"] = [{"required": [key]} for key in sorted(kind.one_of)]
    condition = {"required": ["kind"], "properties": {"kind": {"const": name}}}
    return {"if": condition, "then": then}


def _scope_rule(name: str) -> Schema:
    """A target of one scope, with the keys that the scope supports."""
    keys: Schema = {}
    if not SCOPES[name].has_visibility:
        keys["visibility"] = False
    if not SCOPES[name].has_list:
        keys["repositories"] = False
    elif name == "user":
        selection = {"include": _WITH_OWNER, "exclude": _WITH_OWNER}
        keys["repositories"] = {
            **_WITH_OWNER,
            "properties": selection | dict.fromkeys(ONLY_OF_ORGANIZATION, False),
        }
    return {"required": [name], "properties": keys}


def _selection_rule() -> Schema:
    """A selection selects something, or clears the list with an empty `include`."""
    not_empty: list[Schema] = [
        {"required": [key], "properties": {key: {"minItems": 1}}}
        for key in ("include", "topics", "teams")
    ]
    properties = {"required": ["properties"], "properties": {"properties": {"minProperties": 1}}}
    cleared = {"required": ["include"], "properties": {"mode": {"const": "exact"}}}
    return {"anyOf": [*not_empty, properties, cleared]}


def _for_javascript(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Rewrite the named groups of Python's patterns."""
    if isinstance(value, dict):
        return {
            key: re.sub(r"\(\?P<\w+>", "(", item)
            if key == "pattern" and isinstance(item, str)
            else _for_javascript(item)
            for key, item in value.items()
        }
    return [_for_javascript(item) for item in value] if isinstance(value, list) else value
