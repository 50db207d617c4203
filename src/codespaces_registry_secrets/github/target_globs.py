"""Targets that are a glob over repositories -> one target for each repository that matches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import Sessions
from codespaces_registry_secrets.github.repositories import Found, attempt, merged, walked
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import Note
from codespaces_registry_secrets.model.repositories import Catalogue, Selection, is_glob, select
from codespaces_registry_secrets.model.targets import Repository, Target


@dataclass(frozen=True)
class Expanded:
    """Desired triplets without globs but for those in `problems`, which say why nothing matched.

    `repositories` are all that the globs were looked up in.
    """

    desired: tuple[Desired, ...]
    problems: Mapping[Target, str]
    notes: tuple[Note, ...]
    repositories: Catalogue


def expand(desired: Sequence[Desired], sessions: Sessions) -> Expanded:
    """Look up every glob; archived repositories are left out. One walk for an owner."""
    globs = [triplet for triplet in desired if _is_glob(triplet)]
    owners = {triplet.target.owner.lower(): triplet.target for triplet in globs}
    found: dict[str, Found] = {
        owner: attempt(partial(walked, owner), sessions, target) for owner, target in owners.items()
    }
    problems: dict[Target, str] = {}
    notes: list[Note] = []
    result: list[Desired] = [triplet for triplet in desired if not _is_glob(triplet)]
    for triplet in globs:
        matches = list(_matches(triplet, found[triplet.target.owner.lower()], problems, notes))
        result += matches or [triplet]
    return Expanded(tuple(result), problems, tuple(notes), merged(found.values()))


def _is_glob(triplet: Desired) -> bool:
    return isinstance(triplet.target, Repository) and is_glob(triplet.target.name)


def _matches(
    triplet: Desired, found: Found, problems: dict[Target, str], notes: list[Note]
) -> Iterator[Desired]:
    target = triplet.target
    if isinstance(found, GitHubError):
        problems[target] = str(found)
        return
    selected = select(Selection(target.owner, "exact", (target.name,)), found)
    if not selected.repositories:
        problems[target] = f"{target.name} matches no repository that is not archived"
    if selected.archived:
        names = ", ".join(selected.archived)
        message = f"{triplet.registry} at {target}: left out because they are archived: {names}"
        notes.append(Note("notice", message, triplet.where, target))
    for repository in selected.repositories:
        yield replace(triplet, target=Repository(repository.full_name))
