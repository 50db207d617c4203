"""What GitHub holds: names, times, visibility and lists. Values can never be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from codespaces_registry_secrets.repositories import Catalogue, Repo
from codespaces_registry_secrets.targets import Target, Visibility


@dataclass(frozen=True)
class SelectedRepositories:
    """The list of a secret; not `complete` where GitHub counts more than it shows the token."""

    repositories: tuple[Repo, ...]
    complete: bool


@dataclass(frozen=True)
class ObservedSecret:
    """A secret. `selected` is None where it has no list, or where nobody asked for it."""

    name: str
    visibility: Visibility | None = None
    selected: SelectedRepositories | None = None


@dataclass(frozen=True)
class ObservedTarget:
    """A target: its secrets by name, or the `problem` that kept us from seeing them.

    `login` is the user whose secrets they are, at a user target.
    """

    secrets: Mapping[str, ObservedSecret]
    problem: str | None = None
    login: str | None = None


@dataclass(frozen=True)
class Observed:
    """All that a plan is made from.

    `unlisted` says for which targets the repositories could not be looked up, and why: nothing may
    be concluded from a name that the catalogue lacks then.
    """

    targets: Mapping[Target, ObservedTarget]
    catalogue: Catalogue
    unlisted: Mapping[Target, str]
