"""Validate names and bodies of writes to secrets and variables as strictly as GitHub does."""

from __future__ import annotations

import re
from collections.abc import Mapping

from github_sandbox.errors import invalid
from github_sandbox.json_types import Json
from github_sandbox.world import ScopeKind

NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.ASCII | re.IGNORECASE)
VISIBILITIES = ("all", "private", "selected")


def normalize_name(name: str, resource: str = "Secret") -> str:
    """Convert the name of a secret or a variable to upper case.

    Raises:
        ApiError: 422 if the name is invalid.

    Source: docs.github.com, "Naming your secrets" and "Naming conventions for configuration
    variables".
    """
    if not NAME.fullmatch(name):
        why = (
            f"{resource} names can only contain alphanumeric characters and underscores, must not "
            "start with a number and must not start with GITHUB_."
        )
        raise invalid("name", why, resource=resource)
    return name.upper()


def read_string(body: Mapping[str, Json], field: str, resource: str = "Secret") -> str:
    """Read a required string.

    Raises:
        ApiError: 422 if it is missing or not a string.
    """
    value = body.get(field)
    if value is None:
        why = f"'{field}' wasn't supplied."
        raise invalid(field, why, code="missing_field", resource=resource)
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} is not a string.", resource=resource)
    return value


def read_visibility(body: Mapping[str, Json], kind: ScopeKind) -> str | None:
    """Read the visibility, which only an organization's secret sends.

    A user's secret always has `selected`, a repository's has none.

    Raises:
        ApiError: 422 if an organization's visibility is missing or unknown.
    """
    if kind != "organization":
        return "selected" if kind == "user" else None
    value = read_string(body, "visibility")
    if value not in VISIBILITIES:
        raise invalid("visibility", f"{value!r} is not a member of {', '.join(VISIBILITIES)}.")
    return value


def read_repository_ids(body: Mapping[str, Json], *, required: bool) -> tuple[int, ...]:
    """Read the ids of the selected repositories, without duplicates.

    Raises:
        ApiError: 422 if they are not an array of integers.
    """
    ids = body.get("selected_repository_ids")
    if ids is None and not required:
        return ()
    if not isinstance(ids, list):
        raise invalid("selected_repository_ids", "The repository ids are not an array.")
    integers = [id_ for id_ in ids if isinstance(id_, int) and not isinstance(id_, bool)]
    if len(integers) < len(ids):
        raise invalid("selected_repository_ids", "A repository id is not an integer.")
    return tuple(dict.fromkeys(integers))
