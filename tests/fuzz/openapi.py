"""GitHub's OpenAPI description, for the endpoints that the Action reads: which JSON is valid.

githubkit's models are generated from it. GraphQL is not part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from githubkit_schemas.latest import models
from pydantic import BaseModel

_SECRETS = "/codespaces/secrets"
_REPOSITORY = r"/(repos/[^/]+/[^/]+|repositories/\d+)"
# The model of each response, a list of it with `[]`, by a pattern of the path.
_MODELS: Mapping[str, str] = {
    "/user": "PrivateUser",
    "/user/repos": "Repository[]",
    "/user/orgs": "OrganizationSimple[]",
    "/users/[^/]+/repos": "MinimalRepository[]",
    "/orgs/[^/]+": "OrganizationFull",
    "/orgs/[^/]+/repos": "MinimalRepository[]",
    "/orgs/[^/]+/teams/[^/]+/repos": "MinimalRepository[]",
    "/orgs/[^/]+/properties/values": "OrgRepoCustomPropertyValues[]",
    _REPOSITORY: "FullRepository",
    f"/orgs/[^/]+{_SECRETS}": "OrgsOrgCodespacesSecretsGetResponse200",
    f"/user{_SECRETS}": "UserCodespacesSecretsGetResponse200",
    f"{_REPOSITORY}{_SECRETS}": "ReposOwnerRepoCodespacesSecretsGetResponse200",
    f".*{_SECRETS}/public-key": "CodespacesPublicKey",
    f"/orgs/[^/]+{_SECRETS}/[^/]+": "CodespacesOrgSecret",
    f"/user{_SECRETS}/[^/]+": "CodespacesSecret",
    f"/orgs/[^/]+{_SECRETS}/[^/]+/repositories": (
        "OrgsOrgCodespacesSecretsSecretNameRepositoriesGetResponse200"
    ),
    f"/user{_SECRETS}/[^/]+/repositories": (
        "UserCodespacesSecretsSecretNameRepositoriesGetResponse200"
    ),
    f"{_REPOSITORY}/actions/secrets/public-key": "ActionsPublicKey",
    f"{_REPOSITORY}/actions/secrets/[^/]+": "ActionsSecret",
    f"{_REPOSITORY}/actions/organization-secrets": (
        "ReposOwnerRepoActionsOrganizationSecretsGetResponse200"
    ),
    f"{_REPOSITORY}/actions/variables": "ReposOwnerRepoActionsVariablesGetResponse200",
    f"{_REPOSITORY}/actions/variables/[^/]+": "ActionsVariable",
    f"{_REPOSITORY}/issues/[^/]+/comments": "IssueComment[]",
    f"{_REPOSITORY}/installation": "Installation",
    "/(orgs|users)/[^/]+/installation": "Installation",
    "/app/installations": "Installation[]",
    "/app/installations/[^/]+/access_tokens": "InstallationToken",
}

Schema = Mapping[str, Any]
# JSON's types, by Python's.
_TYPES = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    list: "array",
    dict: "object",
    type(None): "null",
}


@dataclass(frozen=True)
class Node:
    """A value in a body: the container that has it, its key there, and its schema.

    `schemas` are the alternatives that are valid, and empty if nothing is known. `required` is
    whether the container must have it.
    """

    container: Any
    key: Any
    schemas: tuple[Schema, ...]
    required: bool

    @property
    def types(self) -> frozenset[str]:
        """The valid types; empty if they are unknown."""
        return frozenset(str(one["type"]) for one in self.schemas if "type" in one)

    @property
    def choices(self) -> tuple[Any, ...]:
        """The valid values, if the schema lists them."""
        listed = [one["enum"] for one in self.schemas if "enum" in one]
        return tuple(value for values in listed for value in values)

    @property
    def is_date(self) -> bool:
        """Whether it is a date."""
        return any(one.get("format") == "date-time" for one in self.schemas)

    def permits(self, value: object) -> bool:
        """Whether a value has a valid type. An integer is a number too."""
        kind = _TYPES[type(value)]
        return not self.types or kind in self.types or {kind, *self.types} >= {"integer", "number"}


@cache
def find_schema(path: str) -> Schema:
    """The schema of the response to a GET of a path; empty if it is unknown."""
    for pattern, name in _MODELS.items():
        if re.fullmatch(pattern, path):
            model: type[BaseModel] = getattr(models, name.removesuffix("[]"))
            schema = model.model_json_schema(by_alias=True)
            is_list = name.endswith("[]")
            return {**schema, "type": "array", "items": schema} if is_list else schema
    return {}


def walk(body: Any, schema: Schema) -> Iterator[Node]:
    """Each value in a body, with its schema."""
    definitions = schema.get("$defs", {})
    pending: list[tuple[Any, tuple[Schema, ...]]] = [(body, _resolve(schema, definitions))]
    while pending:
        value, schemas = pending.pop()
        for key in _keys(value):
            inner = [part for one in schemas for part in _part(one, key)]
            resolved = tuple(s for part in inner for s in _resolve(part, definitions))
            required = any(key in one.get("required", ()) for one in schemas)
            yield Node(value, key, resolved, required)
            pending.append((value[key], resolved))


def _keys(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []


def _part(schema: Schema, key: Any) -> list[Schema]:
    if isinstance(key, int):
        return [schema["items"]] if "items" in schema else []
    return [schema["properties"][key]] if key in schema.get("properties", {}) else []


def _resolve(schema: Schema, definitions: Mapping[str, Schema]) -> tuple[Schema, ...]:
    """The alternatives of a schema, without references. `<UNSET>` is githubkit's: no value."""
    if "$ref" in schema:
        return _resolve(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "anyOf" in schema:
        return tuple(s for one in schema["anyOf"] for s in _resolve(one, definitions))
    return () if schema.get("const") == "<UNSET>" else (schema,)
