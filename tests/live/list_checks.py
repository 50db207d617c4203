"""Checks of the list of repositories that can use a secret of an organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from live.api import succeeded
from live.checks import Check, Live, check

# More than a second, because GitHub's times have no fractions.
A_WHILE_SECONDS = 3
EMPTY: Mapping[str, list[int]] = {"selected_repository_ids": []}


def put(live: Live, secret: str, **access: Any) -> int:
    """Write a secret, and return the status."""
    body = {**live.api.seal(live.resources.secrets, b"value"), **access}
    return succeeded(live.api.send("PUT", secret, body)).status_code


def select(live: Live, label: str, *repositories: Any) -> str:
    """Create a secret that repositories can use, and return its path."""
    secret = live.resources.secret(label)
    ids = [repository["id"] for repository in repositories]
    put(live, secret, visibility="selected", selected_repository_ids=ids)
    return secret


def describe_list(live: Live, secret: str) -> str:
    """The visibility and the list of a secret: `selected, total_count 1, 1 listed`."""
    visibility = live.api.read(secret)["visibility"]
    body = live.api.read(f"{secret}/repositories")
    return f"{visibility}, total_count {body['total_count']}, {len(body['repositories'])} listed"


@check(
    "A change of the list does not change `updated_at` of the secret",
    "PUT of the list: unchanged, PUT of one: unchanged, DELETE of one: unchanged",
)
def list_change_and_updated_at(live: Live) -> str:
    """Change the list in the three ways, with pauses that the time would show."""
    first, second = (live.resources.repository(f"updated-{number}") for number in (1, 2))
    secret = select(live, "updated", first)
    one = f"{secret}/repositories/{second['id']}"
    changes: tuple[tuple[str, str, str, Any], ...] = (
        ("PUT of the list", "PUT", f"{secret}/repositories", EMPTY),
        ("PUT of one", "PUT", one, None),
        ("DELETE of one", "DELETE", one, None),
    )
    seen = []
    for name, method, path, body in changes:
        before = live.api.read(secret)["updated_at"]
        live.api.wait(A_WHILE_SECONDS)
        succeeded(live.api.send(method, path, body))
        live.api.wait(A_WHILE_SECONDS)
        after = live.api.read(secret)["updated_at"]
        seen.append(f"{name}: {'unchanged' if before == after else 'changed'}")
    return ", ".join(seen)


@check(
    "The visibility `selected` without `selected_repository_ids` empties the list",
    "204, selected, total_count 0, 0 listed",
)
def selected_without_ids(live: Live) -> str:
    """Write the value of a secret that one repository can use, without its list."""
    secret = select(live, "without-ids", live.resources.repository("without-ids"))
    status = put(live, secret, visibility="selected")
    return f"{status}, {describe_list(live, secret)}"


@check(
    "A list can be empty, from the start and later",
    "created: 201, selected, total_count 0, 0 listed; emptied: 204, selected, total_count 0, 0 listed",
)
def empty_list(live: Live) -> str:
    """Create a secret with an empty list, and empty the list of another one."""
    created = live.resources.secret("created-empty")
    status = put(live, created, visibility="selected", selected_repository_ids=[])
    emptied = select(live, "emptied", live.resources.repository("emptied"))
    later = succeeded(live.api.send("PUT", f"{emptied}/repositories", EMPTY)).status_code
    return (
        f"created: {status}, {describe_list(live, created)}; "
        f"emptied: {later}, {describe_list(live, emptied)}"
    )


@check("A secret without the visibility `selected` has no list to change", "409")
def list_of_a_private_secret(live: Live) -> str:
    """Write the list of a secret that all private repositories can use."""
    secret = live.resources.secret("private")
    put(live, secret, visibility="private")
    return str(live.api.send("PUT", f"{secret}/repositories", EMPTY).status_code)


@check("A deleted repository leaves the list, and its `total_count`", "total_count 0, 0 listed")
def deleted_repository(live: Live) -> str:
    """Delete the only repository of a list."""
    repository = live.resources.repository("deleted")
    secret = select(live, "deleted", repository)
    succeeded(live.api.send("DELETE", f"/repos/{repository['full_name']}"))
    live.api.wait(A_WHILE_SECONDS)
    return describe_list(live, secret).partition(", ")[2]


@check("An archived repository can be on a list", "204, selected, total_count 1, 1 listed")
def archived_repository_on_a_list(live: Live) -> str:
    """Add an archived repository to a list."""
    repository = live.resources.repository("archived-listed")
    succeeded(live.api.send("PATCH", f"/repos/{repository['full_name']}", {"archived": True}))
    secret = select(live, "archived")
    added = live.api.send("PUT", f"{secret}/repositories/{repository['id']}")
    return f"{added.status_code}, {describe_list(live, secret)}"


LIST_CHECKS: tuple[Check, ...] = (
    list_change_and_updated_at,
    selected_without_ids,
    empty_list,
    list_of_a_private_secret,
    deleted_repository,
    archived_repository_on_a_list,
)
