"""The bodies of secret writes, checked as strictly as GitHub checks them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from github_sandbox.json_types import Json
from github_sandbox.refusals import invalid
from github_sandbox.world import ScopeKind

NAME = re.compile(r"(?!GITHUB_)[A-Z_][A-Z0-9_]*", re.ASCII)
VISIBILITIES = ("all", "private", "selected")


def checked_name(name: str) -> str:
    """A secret's name as it is kept: upper case; 422 when it may not be one.

    Source: docs.github.com, "Naming your secrets".
    """
    if not NAME.fullmatch(name.upper()):
        why = (
            "Secret names can only contain alphanumeric characters and underscores, must not "
            "start with a number and must not start with GITHUB_."
        )
        raise invalid("name", why)
    return name.upper()


def text(body: Mapping[str, Json], field: str) -> str:
    """A string that has to be there."""
    value = body.get(field)
    if value is None:
        raise invalid(field, f"'{field}' wasn't supplied.", code="missing_field")
    if not isinstance(value, str):
        raise invalid(field, f"{value!r} is not a string.")
    return value


def visibility(body: Mapping[str, Json], kind: ScopeKind) -> str | None:
    """Who may use the secret: asked for at an organization, given everywhere else."""
    if kind != "organization":
        return "selected" if kind == "user" else None
    value = text(body, "visibility")
    if value not in VISIBILITIES:
        raise invalid("visibility", f"{value!r} is not a member of {', '.join(VISIBILITIES)}.")
    return value


def repository_ids(body: Mapping[str, Json], *, required: bool) -> tuple[int, ...]:
    """The ids of the selected repositories, each once: whole numbers and nothing else."""
    ids = body.get("selected_repository_ids")
    if ids is None and not required:
        return ()
    if not isinstance(ids, list):
        raise invalid("selected_repository_ids", "The repository ids are not an array.")
    found = [one for one in ids if isinstance(one, int) and not isinstance(one, bool)]
    if len(found) < len(ids):
        raise invalid("selected_repository_ids", "A repository id is not an integer.")
    return tuple(dict.fromkeys(found))
