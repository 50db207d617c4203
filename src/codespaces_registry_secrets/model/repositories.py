"""Resolve a selection of repositories to full names and ids. Pure."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from codespaces_registry_secrets.model.dev_containers import DevContainerIndex, RegistryImages

# Names and values of an organization's custom properties; a property can have several values.
Properties = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, order=True)
class RepositoryInfo:
    """A repository, with the properties that a selection uses.

    `full_name` is `owner/name` as GitHub spells it today. `properties` are the values of the
    organization's custom properties. `private` is also true for an internal repository, and if
    GitHub does not say. `teams` are those of its organization that a selection names and that have
    it, in lower case.
    """

    full_name: str
    id: int
    archived: bool = False
    topics: tuple[str, ...] = ()
    properties: Properties = ()
    private: bool = True
    teams: tuple[str, ...] = ()


@dataclass(frozen=True)
class RepositoryDetails:
    """What decides about the secrets that a repository gets.

    `full_name` is its current name. `private` includes internal. `organization` is its owner, or
    None if a user owns it.
    """

    full_name: str
    id: int
    private: bool
    archived: bool
    organization: str | None


# Every repository that was looked up, by lower-case full name. A repository that was renamed or
# transferred is in it under the former name too, if the spec uses that name.
RepositoryIndex = Mapping[str, RepositoryInfo]


@dataclass(frozen=True)
class Selection:
    """The repositories that the spec selects for the secrets of one target.

    `owner` is the owner of the target; `topics`, `properties` and `teams` match only repositories
    of that owner. `mode` says what becomes of the list: it is replaced (`exact`), or repositories
    are added to it (`ensure`) or removed from it (`remove`). `include` and `exclude` are patterns,
    written `owner/name` or `owner/glob`. A repository is selected by one pattern, one topic, one
    team, or all properties together. Archived repositories are left out unless `archived` is true.
    With `images`, only those repositories are kept whose dev containers pull one of these images.
    """

    owner: str
    mode: Literal["exact", "ensure", "remove"]
    include: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    properties: Properties = ()
    teams: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    archived: bool = False
    images: RegistryImages | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The patterns that are plain names, included or excluded."""
        patterns = (*self.include, *self.exclude)
        return tuple(pattern for pattern in patterns if not is_glob(pattern))

    @property
    def globs(self) -> tuple[str, ...]:
        """The included patterns that are globs."""
        return tuple(pattern for pattern in self.include if is_glob(pattern))

    @property
    def empty(self) -> bool:
        """Whether it selects nothing, because the spec says `[]`."""
        return not (self.include or self.topics or self.properties or self.teams)

    def of_owner(self, owner: str) -> Selection:
        """The same selection at another organization, with the repositories of that one."""

        def patterns(old: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(f"{owner}/{pattern.partition('/')[2]}" for pattern in old)

        return replace(
            self, owner=owner, include=patterns(self.include), exclude=patterns(self.exclude)
        )


@dataclass(frozen=True)
class SelectionResult:
    """The repositories that a selection resolves to, and what to report about it.

    `repositories` is sorted. `selected_by` maps the full name of each selected repository to what
    selected it: `name`, or a glob, topic, team or properties. `unknown` are names, included or
    excluded, without a repository. `unmatched` are globs, topics, teams and properties that match
    no repository.
    `archived` are the full names that were left out because they are archived. `renamed` are pairs
    of a name in the spec and the current name. `transferred` are the pairs among them that are
    included and now belong to another owner. `undetermined` are the repositories of which is
    unknown whether their dev containers need the registry: they keep their place on the list.
    """

    repositories: tuple[RepositoryInfo, ...]
    selected_by: Mapping[str, str]
    unknown: tuple[str, ...]
    unmatched: tuple[str, ...]
    archived: tuple[str, ...]
    renamed: tuple[tuple[str, str], ...]
    transferred: tuple[tuple[str, str], ...]
    undetermined: tuple[RepositoryInfo, ...] = ()


def select(selection: Selection, index: RepositoryIndex) -> SelectionResult:
    """Apply a selection to the repositories in the index."""
    by_name = {name: index.get(name.lower()) for name in selection.names}
    matches = dict(_find_matches(selection, _by_current_name(index)))
    selected_by = {repo: "name" for name in selection.include if (repo := by_name.get(name))}
    for matcher, repositories in matches.items():
        selected_by = {**dict.fromkeys(repositories, matcher), **selected_by}
    selected = selected_by.keys() - _excluded(selected_by, selection, by_name)
    # Access is removed from archived repositories too.
    keep_archived = selection.archived or selection.mode == "remove"
    archived = {repo for repo in selected if repo.archived and not keep_archived}
    renamed = _renamed(by_name)
    # Removing access from a repository is correct for any current owner.
    included = selection.include if selection.mode != "remove" else ()
    return SelectionResult(
        repositories=tuple(sorted(selected - archived)),
        selected_by={repo.full_name: matcher for repo, matcher in selected_by.items()},
        unknown=tuple(name for name, repo in by_name.items() if repo is None),
        unmatched=tuple(matcher for matcher, repos in matches.items() if not repos),
        archived=tuple(sorted(repo.full_name for repo in archived)),
        renamed=renamed,
        transferred=tuple(
            (old, new) for old, new in renamed if old in included and _owner(old) != _owner(new)
        ),
    )


def narrow(
    selected: SelectionResult, images: RegistryImages, containers: DevContainerIndex
) -> SelectionResult:
    """Keep the repositories whose dev containers pull one of the images.

    A repository that is not in `containers` was not read, so its need is unknown.
    """
    needs = {
        repo: images.needed_by(containers[repo.id]) if repo.id in containers else "unknown"
        for repo in selected.repositories
    }
    return replace(
        selected,
        repositories=tuple(repo for repo, need in needs.items() if need == "yes"),
        undetermined=tuple(repo for repo, need in needs.items() if need == "unknown"),
    )


def _by_current_name(index: RepositoryIndex) -> RepositoryIndex:
    """The index without former names, so that globs do not match a name that no longer exists."""
    return {name: repo for name, repo in index.items() if name == repo.full_name.lower()}


def _find_matches(
    selection: Selection, index: RepositoryIndex
) -> Iterator[tuple[str, frozenset[RepositoryInfo]]]:
    """The repositories that each glob, topic and team, and the properties together match."""
    for glob in selection.globs:
        yield f"`{glob}`", _matches_of_glob(glob, index)
    owned = [r for name, r in index.items() if name.startswith(f"{selection.owner.lower()}/")]
    for topic in selection.topics:
        yield f"topic `{topic}`", frozenset(r for r in owned if topic.lower() in r.topics)
    for team in selection.teams:
        yield f"team `{team}`", frozenset(r for r in owned if team.lower() in r.teams)
    if selection.properties:
        text = ", ".join(f"{name}: {' | '.join(v)}" for name, v in selection.properties)
        matches = frozenset(repo for repo in owned if _has_properties(repo, selection.properties))
        yield f"properties `{text}`", matches


def _matches_of_glob(glob: str, index: RepositoryIndex) -> frozenset[RepositoryInfo]:
    matches = re.compile(fnmatch.translate(glob.lower())).match
    return frozenset(repo for name, repo in index.items() if matches(name))


def _has_properties(repo: RepositoryInfo, required: Properties) -> bool:
    """Whether each required property has one of the required values."""
    actual = {name.lower(): values for name, values in repo.properties}
    return all(set(values) & set(actual.get(name.lower(), ())) for name, values in required)


def _excluded(
    selected: Iterable[RepositoryInfo],
    selection: Selection,
    by_name: Mapping[str, RepositoryInfo | None],
) -> set[RepositoryInfo]:
    """The selected repositories that `exclude` names or matches. Names are compared by id."""
    ids = {repo.id for name in selection.exclude if (repo := by_name.get(name))}
    globs = [pattern.lower() for pattern in selection.exclude if is_glob(pattern)]
    return {
        repo
        for repo in selected
        if repo.id in ids
        or any(fnmatch.fnmatchcase(repo.full_name.lower(), glob) for glob in globs)
    }


def _renamed(by_name: Mapping[str, RepositoryInfo | None]) -> tuple[tuple[str, str], ...]:
    """Pairs of a name in the spec and the current name, if they differ."""
    names = ((name, repo.full_name) for name, repo in by_name.items() if repo)
    return tuple((old, new) for old, new in names if old.lower() != new.lower())


def _owner(full_name: str) -> str:
    return full_name.partition("/")[0].lower()


def is_glob(pattern: str) -> bool:
    """Whether a pattern can match other names than the one it spells."""
    return any(character in pattern for character in "*?[")


def closest_name(name: str, index: RepositoryIndex) -> str | None:
    """The full name in the index that is most similar to `name`; None if none is similar."""
    close = difflib.get_close_matches(name.lower(), index, n=1, cutoff=0.8)
    return index[close[0]].full_name if close else None


def transferred_message(name: str, current_name: str) -> str:
    """Why a change is blocked if a repository belongs to another owner than the spec says."""
    return (
        f"{name} was transferred and now belongs to another owner ({current_name}); update the "
        "spec if the new owner should have the credential, or remove the repository from the spec"
    )
