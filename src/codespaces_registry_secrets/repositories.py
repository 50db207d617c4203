"""A selection of repositories -> full names and ids. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, order=True)
class Repo:
    """A repository as far as secrets are concerned."""

    full_name: str
    id: int
    archived: bool = False


# Every repository that is known, by the lower-case full name that it was asked for or listed under.
Catalogue = Mapping[str, Repo]


@dataclass(frozen=True)
class Selection:
    """Patterns as `owner/name` or `owner/glob`. `owner` is None at a user's secrets."""

    mode: Literal["exact", "ensure"]
    include: tuple[str, ...]
    exclude: tuple[str, ...]
    archived: bool

    @property
    def names(self) -> tuple[str, ...]:
        """The included patterns that are plain names."""
        return tuple(pattern for pattern in self.include if not is_glob(pattern))

    @property
    def globs(self) -> tuple[str, ...]:
        """The included patterns that are globs."""
        return tuple(pattern for pattern in self.include if is_glob(pattern))


@dataclass(frozen=True)
class Selected:
    """What a selection comes to: sorted repositories, and what there is to say about it."""

    repositories: tuple[Repo, ...]
    unknown: tuple[str, ...]
    unmatched: tuple[str, ...]
    archived: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]


def is_glob(pattern: str) -> bool:
    """Whether `pattern` can match more than the name that it spells."""
    return any(sign in pattern for sign in "*?[")


def select(selection: Selection, catalogue: Catalogue) -> Selected:
    """Apply a selection to the repositories that are known."""
    named = {name: catalogue.get(name.lower()) for name in selection.names}
    matched = {glob: _matching(glob, catalogue) for glob in selection.globs}
    found = {repo for repo in named.values() if repo} | {r for rs in matched.values() for r in rs}
    kept = {repo for repo in found if not _excluded(repo, selection.exclude)}
    archived = {repo for repo in kept if repo.archived and not selection.archived}
    return Selected(
        repositories=tuple(sorted(kept - archived)),
        unknown=tuple(name for name, repo in named.items() if repo is None),
        unmatched=tuple(glob for glob, repos in matched.items() if not repos),
        archived=tuple(sorted(repo.full_name for repo in archived)),
        renamed=tuple(
            (name, repo.full_name)
            for name, repo in named.items()
            if repo and repo.full_name.lower() != name.lower()
        ),
    )


def nearest(name: str, catalogue: Catalogue) -> str | None:
    """The known repository whose name looks most like `name`, if any does."""
    close = difflib.get_close_matches(name.lower(), catalogue, n=1, cutoff=0.8)
    return catalogue[close[0]].full_name if close else None


def _matching(glob: str, catalogue: Catalogue) -> frozenset[Repo]:
    matches = re.compile(fnmatch.translate(glob.lower())).match
    return frozenset(repo for name, repo in catalogue.items() if matches(name))


def _excluded(repo: Repo, patterns: tuple[str, ...]) -> bool:
    name = repo.full_name.lower()
    return any(fnmatch.fnmatchcase(name, pattern.lower()) for pattern in patterns)
