"""Which secrets a codespace of a repository gets, by scope. Pure.

If a secret with the same name exists at several levels, the lowest level takes precedence: the
repository's over the organization's. Source: "Managing development environment secrets for your
repository or organization", docs.github.com. It does not say where a user's secrets stand; they are
taken to come last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from codespaces_registry_secrets.model.observed import ObservedSecret, ObservedTarget
from codespaces_registry_secrets.model.repositories import RepositoryDetails
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import Part, registry_of, secret_name

Reach = Literal["yes", "no", "unknown"]


@dataclass(frozen=True)
class Candidate:
    """A stored secret, and whether codespaces of the repository get it if no other precedes it.

    `reason` says why they do not, or why that is unknown.
    """

    target: Target
    part: Part
    secret: ObservedSecret
    reach: Reach
    reason: str = ""


def find_candidates(
    registry: str, repository: RepositoryDetails, scopes: Mapping[Target, ObservedTarget]
) -> tuple[Candidate, ...]:
    """The stored secrets of a registry; those of the first scope take precedence."""
    return tuple(
        _candidate(target, part, secret, repository)
        for target, state in scopes.items()
        for part in Part
        if (secret := state.secrets.get(secret_name(registry, part)))
    )


def find_registries(scopes: Mapping[Target, ObservedTarget]) -> tuple[str, ...]:
    """The ids of all registries with at least one secret, sorted."""
    names = (name for state in scopes.values() for name in state.secrets)
    return tuple(sorted({registry for name in names if (registry := registry_of(name))}))


def used_members(candidates: Sequence[Candidate]) -> Mapping[Part, Candidate]:
    """The secret that a codespace gets for each member, without those that it does not get."""
    used: dict[Part, Candidate] = {}
    for candidate in candidates:
        if candidate.reach == "yes":
            used.setdefault(candidate.part, candidate)
    return used


def _candidate(
    target: Target, part: Part, secret: ObservedSecret, repository: RepositoryDetails
) -> Candidate:
    reach, reason = _reach(target, secret, repository)
    return Candidate(target, part, secret, reach, reason)


def _reach(
    target: Target, secret: ObservedSecret, repository: RepositoryDetails
) -> tuple[Reach, str]:
    if isinstance(target, Repository) or secret.visibility == "all":
        return "yes", ""
    if secret.visibility == "private":
        if repository.private:
            return "yes", ""
        return "no", "its visibility is `private`, and the repository is public"
    if secret.selected and any(r.id == repository.id for r in secret.selected.repositories):
        return "yes", ""
    if secret.selected is None or not secret.selected.complete:
        return "unknown", "the token cannot see all of its selected repositories"
    return "no", f"{repository.full_name} is not one of its selected repositories"
