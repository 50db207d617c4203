"""Every repository that the selections of a spec may mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from functools import partial
from http import HTTPStatus
from itertools import chain

from codespaces_registry_secrets.desired import Desired
from codespaces_registry_secrets.errors import GitHubError, TokenRefusedError
from codespaces_registry_secrets.github import answers
from codespaces_registry_secrets.github.sessions import Session, Sessions
from codespaces_registry_secrets.repositories import Catalogue, Repo, is_glob
from codespaces_registry_secrets.targets import Organization, Target

# Up to so many names are asked for one by one; for more, or for a glob, one walk over the
# organization's repositories costs less.
FEW_NAMES = 3

Found = Mapping[str, Repo] | GitHubError
Look = Callable[[Target, Session], Mapping[str, Repo]]


def catalogue(
    desired: Iterable[Desired], sessions: Sessions, pool: Executor
) -> tuple[Catalogue, Mapping[Target, str]]:
    """The repositories by lower-case name, and the targets for which they cannot be told, and why.

    Organizations are walked once where that pays; what is not found so is asked for by name, which
    follows a renamed repository.
    """
    chosen = [triplet for triplet in desired if triplet.selection]
    walks = list(dict.fromkeys(triplet.target for triplet in chosen if _walk_pays(triplet)))
    walked = dict(zip(walks, pool.map(partial(_attempt, _walk, sessions), walks), strict=True))
    known = _merged(walked.values())
    absent = {
        name: triplet.target for triplet in chosen for name in _absent(triplet, known, walked)
    }
    looks = [partial(_attempt, partial(_named, name), sessions, t) for name, t in absent.items()]
    named = list(pool.map(lambda look: look(), looks))
    unlisted = {**_failures(walked.items()), **_failures(zip(absent.values(), named, strict=True))}
    return {**known, **_merged(named)}, unlisted


def _walk_pays(triplet: Desired) -> bool:
    include = triplet.selection.include if triplet.selection else ()
    few = len(include) <= FEW_NAMES and not any(map(is_glob, include))
    return isinstance(triplet.target, Organization) and not few


def _absent(triplet: Desired, known: Catalogue, walked: Mapping[Target, Found]) -> Iterator[str]:
    """The names that a walk did not find; none where the walk itself failed."""
    if triplet.selection and not isinstance(walked.get(triplet.target), GitHubError):
        yield from (name for name in triplet.selection.names if name.lower() not in known)


def _merged(found: Iterable[Found]) -> dict[str, Repo]:
    return {
        name: repo
        for repositories in found
        if not isinstance(repositories, GitHubError)
        for name, repo in repositories.items()
    }


def _failures(found: Iterable[tuple[Target, Found]]) -> dict[Target, str]:
    return {target: str(error) for target, error in found if isinstance(error, GitHubError)}


def _attempt(look: Look, sessions: Sessions, target: Target) -> Found:
    """What `look` finds, or the error that belongs to this target alone."""
    try:
        return look(target, sessions.of(target))
    except TokenRefusedError:
        raise
    except GitHubError as error:
        return error


def _walk(target: Target, session: Session) -> dict[str, Repo]:
    pages = session.pages(target, f"/orgs/{target.name}/repos")
    listed = (answers.read(answers.REPOSITORIES, page) for page in pages)
    return {item.full_name.lower(): item.repo for item in chain.from_iterable(listed)}


def _named(name: str, target: Target, session: Session) -> dict[str, Repo]:
    """A repository by its name or a former name of it; nothing where there is none."""
    try:
        body = session.get(target, f"/repos/{name}")
    except GitHubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return {}
        raise
    return {name.lower(): answers.read(answers.Repository, body).repo}
