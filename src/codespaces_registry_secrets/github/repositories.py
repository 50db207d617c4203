"""Every repository that the selections of a spec may mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from itertools import chain

from codespaces_registry_secrets.errors import (
    CancelledError,
    FinalError,
    GitHubError,
    describe_unexpected,
)
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.schemas import Schema
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.repositories import (
    Properties,
    RepositoryIndex,
    RepositoryInfo,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

# Up to so many names are asked for one by one; for more, or for a glob, one walk over the
# organization's repositories costs less.
FEW_NAMES = 3


@dataclass(frozen=True, eq=False)
class _CustomProperties(Organization):
    """The custom properties of an organization's repositories, which need another permission."""

    classic_scope = "repo, of a member"
    permission = "organization_custom_properties: read"


Repositories = list[schemas.Repository]
Lookup = Mapping[str, RepositoryInfo] | GitHubError


def index_repositories(
    desired: Iterable[Desired], sessions: GitHubClients
) -> tuple[RepositoryIndex, Mapping[Target, str]]:
    """The repositories by lower-case name, and the targets for which they cannot be told, and why.

    An owner's repositories are walked once where that pays; what is not found so is asked for by
    name, which follows a renamed repository.
    """
    chosen = [triplet for triplet in desired if triplet.selection]
    walks = {owner: t.target for t in chosen for owner in _walked_owners(t)}
    valued = {t.target.owner.lower() for t in chosen if t.selection and t.selection.properties}

    def walk(owner: str) -> Lookup:
        return try_for_target(
            partial(list_owner, owner, valued=owner in valued), sessions, walks[owner]
        )

    found = dict(zip(walks, run_concurrently(walk, list(walks), READS_AT_ONCE), strict=True))
    known = merge_indexes(found.values())
    absent = {n: t.target for t in chosen for n in _absent(t, known, found)}
    asked = get_by_name(absent, sessions).values()
    failed = [(t.target, found[owner]) for t in chosen for owner in _walked_owners(t)]
    unlisted = _failures([*failed, *zip(absent.values(), asked, strict=True)])
    return {**known, **merge_indexes(asked)}, unlisted


def _walked_owners(triplet: Desired) -> frozenset[str]:
    """The owners whose repositories a selection is looked up in; names alone are asked for."""
    selection = triplet.selection
    if selection is None:
        return frozenset()
    owners = {glob.partition("/")[0].lower() for glob in selection.globs}
    many = isinstance(triplet.target, Organization) and len(selection.names) > FEW_NAMES
    if many or selection.topics or selection.properties:
        owners.add(selection.owner.lower())
    return frozenset(owners)


def _absent(triplet: Desired, known: RepositoryIndex, found: Mapping[str, Lookup]) -> Iterator[str]:
    """The names that no walk found; none where a walk of theirs failed."""
    for name in triplet.selection.names if triplet.selection else ():
        walk = found.get(name.partition("/")[0].lower())
        if name.lower() not in known and not isinstance(walk, GitHubError):
            yield name


def merge_indexes(found: Iterable[Lookup]) -> dict[str, RepositoryInfo]:
    """All that was found, without what could not be looked at."""
    return {
        name: repo
        for repositories in found
        if not isinstance(repositories, GitHubError)
        for name, repo in repositories.items()
    }


def _failures(found: Iterable[tuple[Target, Lookup]]) -> dict[Target, str]:
    return {target: str(error) for target, error in found if isinstance(error, GitHubError)}


def try_for_target(
    look: Callable[[Target, GitHubClient], Mapping[str, RepositoryInfo]],
    sessions: GitHubClients,
    target: Target,
) -> Lookup:
    """What `look` finds, or the error that belongs to this target alone."""
    try:
        return look(target, sessions.for_target(target))
    except FinalError:
        raise
    except GitHubError as error:
        return error
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - what nobody foresaw belongs to this target alone
        return GitHubError(describe_unexpected(error))


def list_owner(
    owner: str, target: Target, session: GitHubClient, *, valued: bool = False
) -> dict[str, RepositoryInfo]:
    """Every repository of an owner that the token sees; `valued`, with their custom properties."""
    values: dict[int, Properties] = {}
    if valued:
        url = f"/orgs/{owner}/properties/values"
        told = session.all_pages(_CustomProperties(owner), url, schemas.PROPERTIES)
        values = {item.repository_id: item.values for item in chain.from_iterable(told)}
    listed = owner_pages(owner, target, session, session.all_pages)
    return {
        item.full_name.lower(): replace(item.repo, properties=values.get(item.id, ()))
        for item in chain.from_iterable(listed)
    }


def owner_pages(
    owner: str,
    target: Target,
    session: GitHubClient,
    read: Callable[[Target, str, Schema[Repositories]], Iterator[Repositories]],
) -> Iterator[Repositories]:
    """An organization's repositories, or a person's: all of them where that is the token's own.

    `read` is how the session reads a list.
    """
    try:
        yield from read(target, f"/orgs/{owner}/repos", schemas.REPOSITORIES)
    except GitHubError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    else:
        return
    own = _login(target, session) == owner.lower()
    url = "/user/repos?affiliation=owner" if own else f"/users/{owner}/repos"
    yield from read(target, url, schemas.REPOSITORIES)


def _login(target: Target, session: GitHubClient) -> str | None:
    """The token's own user; an App's token has none, and is told so.

    If any other failure passed for that, a person's private repositories would be missed.
    """
    try:
        return session.get(target, "/user", schemas.Account).login.lower()
    except GitHubError as error:
        if error.status != HTTPStatus.FORBIDDEN or "by integration" not in str(error):
            raise
        return None


def get_by_name(names: Mapping[str, Target], sessions: GitHubClients) -> dict[str, Lookup]:
    """What each name alone finds; it is looked up for the target beside it."""

    def look(name: str) -> Lookup:
        return try_for_target(partial(_named_one, name), sessions, names[name])

    return dict(zip(names, run_concurrently(look, list(names), READS_AT_ONCE), strict=True))


def _named_one(name: str, target: Target, session: GitHubClient) -> dict[str, RepositoryInfo]:
    """A repository by its name or a former name of it; nothing where there is none."""
    try:
        return {name.lower(): session.get(target, f"/repos/{name}", schemas.Repository).repo}
    except GitHubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return {}
        raise


ARCHIVED = "it is archived and takes no secrets; unarchive it, or take it off the spec"


def find_archived(
    plan: Plan, known: RepositoryIndex, sessions: GitHubClients
) -> Mapping[Target, str]:
    """The repositories that must not be written to, and why. Those in `known` cost no request."""
    written = (change.target for change in plan.changes if change.steps)
    targets = {t.name.lower(): t for t in written if isinstance(t, Repository)}
    found: dict[str, Lookup] = {name: known for name in targets if name in known}
    found |= _walked({n: t for n, t in targets.items() if n not in found}, sessions)
    alone = get_by_name({t.name: t for name, t in targets.items() if name not in found}, sessions)
    found |= {name.lower(): what for name, what in alone.items()}
    reasons = {target: _reason(name, found[name]) for name, target in targets.items()}
    return {target: reason for target, reason in reasons.items() if reason}


def _reason(name: str, found: Lookup) -> str | None:
    if isinstance(found, GitHubError):
        return str(found)
    repository = found.get(name)
    return ARCHIVED if repository and repository.archived else None


def _walked(targets: Mapping[str, Target], sessions: GitHubClients) -> dict[str, Lookup]:
    """What walks over the owners' repositories find, which cost less than one request for each."""
    by_owner: defaultdict[str, dict[str, Target]] = defaultdict(dict)
    for name, target in targets.items():
        by_owner[target.owner.lower()][name] = target
    walks = [
        partial(
            try_for_target, partial(_part, owner, wanted), sessions, next(iter(wanted.values()))
        )
        for owner, wanted in by_owner.items()
    ]
    walked = run_concurrently(lambda walk: walk(), walks, READS_AT_ONCE)
    return {
        name: found
        for wanted, found in zip(by_owner.values(), walked, strict=True)
        if not isinstance(found, GitHubError)
        for name in wanted
        if name in found
    }


def _part(
    owner: str, wanted: Collection[str], target: Target, session: GitHubClient
) -> Mapping[str, RepositoryInfo]:
    """An owner's repositories, page by page for as long as more are wanted than pages were read.

    It never costs more than twice what it would to ask for each alone.
    """
    found: dict[str, RepositoryInfo] = {}
    walk = owner_pages(owner, target, session, session.pages)
    read = 0
    while sum(name not in found for name in wanted) > read + 1:
        page = next(walk, None)
        if page is None:
            break
        read += 1
        for item in page:
            found[item.full_name.lower()] = item.repo
    return found
