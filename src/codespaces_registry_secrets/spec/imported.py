"""Write a spec for the triplets that GitHub stores. Pure.

GitHub returns no values, so the spec has variables for user names and passwords. It describes what
is certain: what a spec cannot express is left out, with a comment, and stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.registries import SERVER_PLACEHOLDER
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.model.triplet import Part, registry_of, secret_name
from codespaces_registry_secrets.spec.starter import variable_name
from codespaces_registry_secrets.spec.yaml_text import (
    comment,
    indent,
    list_item,
    scalar,
    sequence,
)


@dataclass(frozen=True)
class StoredTriplet:
    """The members of a registry's triplet at one target; at least one exists."""

    registry: str
    target: Target
    members: Mapping[Part, ObservedSecret]

    @property
    def missing(self) -> tuple[str, ...]:
        """The names of the secrets that do not exist."""
        return tuple(secret_name(self.registry, part) for part in Part if part not in self.members)


def stored_triplets(observed: Mapping[Target, ObservedTarget]) -> tuple[StoredTriplet, ...]:
    """Every triplet, complete or not, sorted by registry and target.

    A target that GitHub resolves to another name has that name. Each is returned once.
    """
    resolved = {state.resolved or target: state for target, state in observed.items()}
    keys = {(r, t) for t, state in resolved.items() for r in map(registry_of, state.secrets) if r}
    return tuple(
        StoredTriplet(registry, target, _members(registry, resolved[target].secrets))
        for registry, target in sorted(keys)
    )


def _members(registry: str, secrets: Mapping[str, ObservedSecret]) -> Mapping[Part, ObservedSecret]:
    names = {part: secret_name(registry, part) for part in Part}
    return {part: secrets[name] for part, name in names.items() if name in secrets}


def render_import(triplets: Sequence[StoredTriplet], servers: Mapping[str, str]) -> str:
    """The text of the spec. `servers` has the servers that are known, by registry.

    With `rotate: missing`, a run writes nothing that exists.
    """
    registries = list(dict.fromkeys(triplet.registry for triplet in triplets))
    complete = {triplet.registry for triplet in triplets if not triplet.missing}
    lines = [
        "# The registry secrets that GitHub stores. It never returns their values.",
        "version: 1",
        "",
        "defaults:",
        "  rotate: missing # write no secret that exists; remove it to rotate credentials",
        "",
        "registries:" if complete else "registries: []",
    ]
    for registry in registries:
        entry = list_item(
            [*_registry([t for t in triplets if t.registry == registry], servers.get(registry))]
        )
        lines += indent(entry if registry in complete else comment(entry))
    return "\n".join(lines) + "\n"


def _registry(triplets: Sequence[StoredTriplet], server: str | None) -> Iterator[str]:
    registry = triplets[0].registry
    yield f"id: {scalar(registry)}"
    known = scalar(server or SERVER_PLACEHOLDER)
    yield f"server: {known}" if server else f"server: {known} # fill in"
    yield f"username: {{env: {variable_name(registry, 'username')}}}"
    yield f"password: {{env: {variable_name(registry, 'password')}}}"
    yield "targets:"
    for triplet in triplets:
        entry = list_item([*_target(triplet)])
        if triplet.missing:
            reason = f"incomplete: without {' and '.join(triplet.missing)}"
            entry = comment([reason, *entry])
        yield from indent(entry)


def _target(triplet: StoredTriplet) -> Iterator[str]:
    """The lines of a target. Its access is that of its members, if they agree."""
    target, members = triplet.target, triplet.members
    yield f"{target.scope}: {scalar(target.name)}"
    visibilities = {part: member.visibility for part, member in members.items()}
    if len(set(visibilities.values())) > 1:
        each = ", ".join(f"{part} {visibility}" for part, visibility in visibilities.items())
        yield f"# visibility: the secrets differ: {each}"
        return
    visibility = next(iter(visibilities.values()))
    if visibility is not None:
        yield f"visibility: {visibility}"
    if target.has_list and visibility in {None, "selected"}:
        yield from _repositories(triplet)


def _repositories(triplet: StoredTriplet) -> Iterator[str]:
    lists = [member.selected for member in triplet.members.values()]
    if any(selected is None or not selected.complete for selected in lists):
        yield "# repositories: the token cannot see all of them, so the list is not managed"
        return
    repositories = {selected.repositories for selected in lists if selected}
    if len(repositories) > 1:
        counts = (f"{part} {_count(member)}" for part, member in triplet.members.items())
        yield f"# repositories: the lists of the secrets differ: {', '.join(counts)}"
        return
    (listed,) = repositories
    if triplet.target.has_visibility and any(not _is_owned(r, triplet.target) for r in listed):
        yield "# repositories: some belong to another owner, so the list is not managed"
        return
    names = [_name(repository, triplet.target) for repository in listed]
    if any(repository.archived for repository in listed):
        yield "repositories:"
        yield from indent([*sequence("include", names), "archived: true"])
    else:
        yield from sequence("repositories", names)


def _count(member: ObservedSecret) -> int:
    return len(member.selected.repositories) if member.selected else 0


def _is_owned(repository: RepositoryInfo, target: Target) -> bool:
    return repository.full_name.lower().startswith(f"{target.owner.lower()}/")


def _name(repository: RepositoryInfo, target: Target) -> str:
    """The name as the spec writes it: without the owner for an organization."""
    if target.has_visibility:
        return repository.full_name.partition("/")[2]
    return repository.full_name
