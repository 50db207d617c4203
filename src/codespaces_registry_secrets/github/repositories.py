"""Find repositories: those of an owner, those with some names, and archived targets.

There are two ways: list all repositories of an owner, 100 per request, or get one by its name,
which also follows a renamed repository.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from itertools import chain

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.schemas import Schema
from codespaces_registry_secrets.github.try_read import try_read
from codespaces_registry_secrets.model.plan import Plan
from codespaces_registry_secrets.model.repositories import (
    Properties,
    RepositoryIndex,
    RepositoryInfo,
)
from codespaces_registry_secrets.model.targets import Organization, Repository, Target
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

ARCHIVED = (
    "the repository is archived and accepts no secrets; unarchive it, or remove it from the spec"
)

RepositoryPage = list[schemas.Repository]
# Repositories by lower-case full name, or why they could not be read.
Lookup = RepositoryIndex | GitHubError


def merge_indexes(lookups: Iterable[Lookup]) -> dict[str, RepositoryInfo]:
    """All repositories of the lookups that did not fail."""
    return {
        name: repository
        for lookup in lookups
        if not isinstance(lookup, GitHubError)
        for name, repository in lookup.items()
    }


def try_for_target(
    read: Callable[[Target, GitHubClient], RepositoryIndex],
    clients: GitHubClients,
    target: Target,
) -> Lookup:
    """Call `read` with the client for `target`, as `try_read` does."""
    return try_read(lambda: read(target, clients.for_target(target)))


@dataclass(frozen=True, eq=False)
class _CustomProperties(Organization):
    """The custom properties of an organization's repositories, which need another permission."""

    classic_scope = "repo, of a member"
    permission = "organization_custom_properties: read"


def list_owner(
    owner: str, target: Target, client: GitHubClient, *, properties: bool = False
) -> dict[str, RepositoryInfo]:
    """List the repositories of an owner that the token can see, on request with properties."""
    values: dict[int, Properties] = {}
    if properties:
        url = f"/orgs/{owner}/properties/values"
        pages = client.all_pages(_CustomProperties(owner), url, schemas.PROPERTIES)
        values = {item.repository_id: item.values for item in chain.from_iterable(pages)}
    repositories = chain.from_iterable(owner_pages(owner, target, client, client.all_pages))
    return {
        item.full_name.lower(): replace(item.repo, properties=values.get(item.id, ()))
        for item in repositories
    }


def owner_pages(
    owner: str,
    target: Target,
    client: GitHubClient,
    read_pages: Callable[[Target, str, Schema[RepositoryPage]], Iterator[RepositoryPage]],
) -> Iterator[RepositoryPage]:
    """List the repositories of an organization or user; private ones of a user only if it is the
    token's own. `read_pages` is `client.pages` or `client.all_pages`.
    """
    try:
        yield from read_pages(target, f"/orgs/{owner}/repos", schemas.REPOSITORIES)
    except GitHubError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
    else:
        return
    is_token_user = _login(target, client) == owner.lower()
    url = "/user/repos?affiliation=owner" if is_token_user else f"/users/{owner}/repos"
    yield from read_pages(target, url, schemas.REPOSITORIES)


def _login(target: Target, client: GitHubClient) -> str | None:
    """The login of the token's user in lower case; None for an App's token, which has no user.

    Any other error is raised, because otherwise a user's private repositories would be missed.
    """
    try:
        return client.get(target, "/user", schemas.Account).login.lower()
    except GitHubError as error:
        if error.status != HTTPStatus.FORBIDDEN or "by integration" not in str(error):
            raise
        return None


def get_by_name(names: Mapping[str, Target], clients: GitHubClients) -> dict[str, Lookup]:
    """Get each repository by its name, with the client for the target that the name maps to."""

    def get(name: str) -> Lookup:
        return try_for_target(partial(_get_one, name), clients, names[name])

    return dict(zip(names, run_concurrently(get, list(names), READS_AT_ONCE), strict=True))


def _get_one(name: str, target: Target, client: GitHubClient) -> dict[str, RepositoryInfo]:
    """Get a repository by its name or a former name; empty if it does not exist."""
    try:
        return {name.lower(): client.get(target, f"/repos/{name}", schemas.Repository).repo}
    except GitHubError as error:
        if error.status == HTTPStatus.NOT_FOUND:
            return {}
        raise


def find_archived(
    plan: Plan, index: RepositoryIndex, clients: GitHubClients
) -> Mapping[Target, str]:
    """Find the repositories of a plan that cannot be written to, and why: most are archived.

    Repositories in `index` need no request.
    """
    written = (change.target for change in plan.changes if change.steps)
    targets = {t.name.lower(): t for t in written if isinstance(t, Repository)}
    lookups: dict[str, Lookup] = {name: index for name in targets if name in index}
    lookups |= _find_in_lists({n: t for n, t in targets.items() if n not in lookups}, clients)
    rest = {t.name: t for name, t in targets.items() if name not in lookups}
    lookups |= {name.lower(): lookup for name, lookup in get_by_name(rest, clients).items()}
    reasons = {target: _blocked_reason(name, lookups[name]) for name, target in targets.items()}
    return {target: reason for target, reason in reasons.items() if reason}


def _blocked_reason(name: str, lookup: Lookup) -> str | None:
    if isinstance(lookup, GitHubError):
        return str(lookup)
    repository = lookup.get(name)
    return ARCHIVED if repository and repository.archived else None


def _find_in_lists(targets: Mapping[str, Target], clients: GitHubClients) -> dict[str, Lookup]:
    """Find targets by listing their owners, which costs less than one request for each."""
    by_owner: defaultdict[str, dict[str, Target]] = defaultdict(dict)
    for name, target in targets.items():
        by_owner[target.owner.lower()][name] = target

    def find(owner: str) -> Lookup:
        names = by_owner[owner]
        return try_for_target(
            partial(_list_until, owner, names), clients, next(iter(names.values()))
        )

    lookups = run_concurrently(find, list(by_owner), READS_AT_ONCE)
    return {
        name: lookup
        for names, lookup in zip(by_owner.values(), lookups, strict=True)
        if not isinstance(lookup, GitHubError)
        for name in names
        if name in lookup
    }


def _list_until(
    owner: str, names: Collection[str], target: Target, client: GitHubClient
) -> RepositoryIndex:
    """List an owner page by page, while more names are missing than pages were read.

    So it costs at most twice as many requests as getting each name by itself.
    """
    index: dict[str, RepositoryInfo] = {}
    pages = owner_pages(owner, target, client, client.pages)
    pages_read = 0
    while sum(name not in index for name in names) > pages_read + 1:
        page = next(pages, None)
        if page is None:
            break
        pages_read += 1
        for item in page:
            index[item.full_name.lower()] = item.repo
    return index
