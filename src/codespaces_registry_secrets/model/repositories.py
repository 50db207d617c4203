"""A selection of repositories -> full names and ids. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

# Names and values of an organization's custom properties; a property can have several values.
Properties = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, order=True)
class RepositoryInfo:
    """A repository as far as secrets are concerned."""

    full_name: str
    id: int
    archived: bool = False
    topics: tuple[str, ...] = ()
    properties: Properties = ()


# Every repository that is known, by the lower-case full name that it was asked for or listed under:
# a repository that moved has its former name here too, which means it to whoever wrote that name.
RepositoryIndex = Mapping[str, RepositoryInfo]


@dataclass(frozen=True)
class Selection:
    """Patterns are `owner/name` or `owner/glob`; `topics` and `properties` are for repositories of
    `owner`. Any topic picks a repository, and all properties together do.
    """

    owner: str
    mode: Literal["exact", "ensure", "remove"]
    include: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    properties: Properties = ()
    exclude: tuple[str, ...] = ()
    archived: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The patterns, included or excluded, that are plain names."""
        patterns = (*self.include, *self.exclude)
        return tuple(pattern for pattern in patterns if not is_glob(pattern))

    @property
    def globs(self) -> tuple[str, ...]:
        """The included patterns that are globs."""
        return tuple(pattern for pattern in self.include if is_glob(pattern))

    @property
    def empty(self) -> bool:
        """Whether nobody is meant."""
        return not (self.include or self.topics or self.properties)


@dataclass(frozen=True)
class SelectionResult:
    """What a selection comes to: sorted repositories, and what there is to say about it.

    `why` says by full name what picked a repository. `unmatched` are globs, topics and properties
    that picked none. `unknown` and `renamed` are names to include or to exclude, the latter with
    the names of today; `transferred` are those to include that belong to another owner by now.
    """

    repositories: tuple[RepositoryInfo, ...]
    selected_by: Mapping[str, str]
    unknown: tuple[str, ...]
    unmatched: tuple[str, ...]
    archived: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    transferred: tuple[tuple[str, str], ...]


def is_glob(pattern: str) -> bool:
    """Whether `pattern` can match more than the name that it spells."""
    return any(sign in pattern for sign in "*?[")


def select(selection: Selection, catalogue: RepositoryIndex) -> SelectionResult:
    """Apply a selection to the repositories that are known."""
    named = {name: catalogue.get(name.lower()) for name in selection.names}
    matched = dict(_matched(selection, _by_current_name(catalogue)))
    why = {repo: "name" for name in selection.include if (repo := named.get(name))}
    for reason, repositories in matched.items():
        why = {**dict.fromkeys(repositories, reason), **why}
    kept = why.keys() - _excluded(why, selection, named)
    # Whoever takes repositories off a list means the archived ones too.
    every = selection.archived or selection.mode == "remove"
    archived = {repo for repo in kept if repo.archived and not every}
    renamed = _renamed(named)
    # Taking access away from a repository is right whoever owns it by now.
    included = selection.include if selection.mode != "remove" else ()
    return SelectionResult(
        repositories=tuple(sorted(kept - archived)),
        selected_by={repo.full_name: reason for repo, reason in why.items()},
        unknown=tuple(name for name, repo in named.items() if repo is None),
        unmatched=tuple(reason for reason, repos in matched.items() if not repos),
        archived=tuple(sorted(repo.full_name for repo in archived)),
        renamed=renamed,
        transferred=tuple(
            (old, new) for old, new in renamed if old in included and _owner(old) != _owner(new)
        ),
    )


def _by_current_name(catalogue: RepositoryIndex) -> RepositoryIndex:
    """What globs, topics and properties pick from: what another selection asked for by a former
    name is in there by its own alone.
    """
    return {name: repo for name, repo in catalogue.items() if name == repo.full_name.lower()}


def _renamed(named: Mapping[str, RepositoryInfo | None]) -> tuple[tuple[str, str], ...]:
    """The names that are not those of today, with those of today."""
    known = ((name, repo.full_name) for name, repo in named.items() if repo)
    return tuple((old, new) for old, new in known if old.lower() != new.lower())


def transferred_message(name: str, now: str) -> str:
    """Why a repository is left alone that belongs to another owner than the spec says."""
    return (
        f"{name} was transferred and now belongs to another owner ({now}); update the spec if the "
        "credential may go there, or remove it from the spec"
    )


def _owner(full_name: str) -> str:
    return full_name.partition("/")[0].lower()


def _matched(
    selection: Selection, catalogue: RepositoryIndex
) -> Iterator[tuple[str, frozenset[RepositoryInfo]]]:
    """What each glob, each topic, and the properties together pick."""
    for glob in selection.globs:
        yield f"`{glob}`", _matching(glob, catalogue)
    own = [r for name, r in catalogue.items() if name.startswith(f"{selection.owner.lower()}/")]
    for topic in selection.topics:
        yield f"topic `{topic}`", frozenset(r for r in own if topic.lower() in r.topics)
    if selection.properties:
        told = ", ".join(f"{name}: {' | '.join(v)}" for name, v in selection.properties)
        picked = frozenset(repo for repo in own if _has(repo, selection.properties))
        yield f"properties `{told}`", picked


def _has(repo: RepositoryInfo, wanted: Properties) -> bool:
    """Whether each property has one of the values that are wanted of it."""
    has = {name.lower(): values for name, values in repo.properties}
    return all(set(values) & set(has.get(name.lower(), ())) for name, values in wanted)


def closest_name(name: str, catalogue: RepositoryIndex) -> str | None:
    """The known repository whose name looks most like `name`, if any does."""
    close = difflib.get_close_matches(name.lower(), catalogue, n=1, cutoff=0.8)
    return catalogue[close[0]].full_name if close else None


def _matching(glob: str, catalogue: RepositoryIndex) -> frozenset[RepositoryInfo]:
    matches = re.compile(fnmatch.translate(glob.lower())).match
    return frozenset(repo for name, repo in catalogue.items() if matches(name))


def _excluded(
    picked: Iterable[RepositoryInfo],
    selection: Selection,
    named: Mapping[str, RepositoryInfo | None],
) -> set[RepositoryInfo]:
    """Those of the picked repositories that the selection excludes; a name means the repository."""
    ids = {repo.id for name in selection.exclude if (repo := named.get(name))}
    globs = [pattern.lower() for pattern in selection.exclude if is_glob(pattern)]
    return {
        repo
        for repo in picked
        if repo.id in ids
        or any(fnmatch.fnmatchcase(repo.full_name.lower(), glob) for glob in globs)
    }
