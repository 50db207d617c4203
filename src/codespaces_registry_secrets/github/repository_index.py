"""Find the repositories that the selections of a spec can pick, with few requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from typing import NamedTuple

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.repositories import (
    Lookup,
    get_by_name,
    list_owner,
    merge_indexes,
    try_for_target,
)
from codespaces_registry_secrets.github.try_read import try_read
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import LookupErrors
from codespaces_registry_secrets.model.repositories import RepositoryIndex, RepositoryInfo
from codespaces_registry_secrets.model.targets import Organization, Target
from codespaces_registry_secrets.runtime.concurrency import run_concurrently

# Up to this many names are requested one by one. For more, or for a glob, it costs less to list the
# organization's repositories.
FEW_NAMES = 3


class _List(NamedTuple):
    """A list of repositories: of an owner, or of one of its teams. Both names are in lower case."""

    owner: str
    team: str = ""


def index_repositories(
    desired: Iterable[Desired], clients: GitHubClients
) -> tuple[RepositoryIndex, LookupErrors]:
    """Find the repositories that selections can pick, and why that failed for a triplet.

    Each owner and each team is listed at most once. A name that no list has is requested by itself.
    """
    triplets = list(desired)
    lists = _read_lists(triplets, clients)
    listed = _merge_lists(lists)
    errors = _errors(triplets, lambda t: (lists[each] for each in sorted(_lists_for(t))))
    unlisted = {
        name: triplet.target
        for triplet in triplets
        if _key(triplet) not in errors
        for name in _names(triplet)
        if name.lower() not in listed
    }
    by_name = get_by_name(unlisted, clients)
    name_errors = _errors(triplets, lambda t: filter(None, map(by_name.get, _names(t))))
    # A former name is of a repository that a list can have, too, with more about it.
    by_id = {repository.id: repository for repository in listed.values()}
    named = {
        name: by_id.get(repo.id, repo) for name, repo in merge_indexes(by_name.values()).items()
    }
    return {**listed, **named}, {**name_errors, **errors}


def _key(triplet: Desired) -> tuple[Target, str]:
    return triplet.target, triplet.registry


def _errors(
    triplets: Iterable[Desired], lookups_for: Callable[[Desired], Iterable[Lookup]]
) -> LookupErrors:
    """Why lookups failed that a selection depends on; one reason for each triplet."""
    return {
        _key(triplet): str(lookup)
        for triplet in triplets
        for lookup in lookups_for(triplet)
        if isinstance(lookup, GitHubError)
    }


def _names(triplet: Desired) -> Sequence[str]:
    return triplet.selection.names if triplet.selection else ()


def _lists_for(triplet: Desired) -> frozenset[_List]:
    """The lists that a selection needs; none for a few names."""
    selection = triplet.selection
    if selection is None:
        return frozenset()
    owners = {glob.partition("/")[0].lower() for glob in selection.globs}
    owner = selection.owner.lower()
    many = isinstance(triplet.target, Organization) and len(selection.names) > FEW_NAMES
    if many or selection.topics or selection.properties:
        owners.add(owner)
    teams = [_List(owner, team.lower()) for team in selection.teams]
    return frozenset([*teams, *map(_List, owners)])


def _read_lists(triplets: Iterable[Desired], clients: GitHubClients) -> Mapping[_List, Lookup]:
    """Read every list that a selection needs, with the client for one of its targets."""
    targets = {each: triplet.target for triplet in triplets for each in _lists_for(triplet)}
    with_properties = {
        t.target.owner.lower() for t in triplets if t.selection and t.selection.properties
    }

    def read(each: _List) -> Lookup:
        if each.team:
            read_list = partial(list_team, each.team)
        else:
            read_list = partial(list_owner, each.owner, properties=each.owner in with_properties)
        return try_for_target(read_list, clients, targets[each])

    lists = sorted(targets)
    return dict(zip(lists, run_concurrently(read, lists, READS_AT_ONCE), strict=True))


def _merge_lists(lists: Mapping[_List, Lookup]) -> dict[str, RepositoryInfo]:
    """All repositories of the lists, each with the teams that have it."""
    index = merge_indexes(lookup for each, lookup in lists.items() if not each.team)
    for each, lookup in lists.items():
        if each.team and not isinstance(lookup, GitHubError):
            for name, repository in lookup.items():
                known = index.get(name, repository)
                index[name] = replace(known, teams=(*known.teams, each.team))
    return index


@dataclass(frozen=True, eq=False)
class _Team(Organization):
    """A team of an organization, whose repositories need another permission."""

    classic_scope = "read:org, of a member of the organization"
    permission = "members: read"
    not_found_reason = "the team does not exist, or the token cannot see it"


def list_team(team: str, target: Target, client: GitHubClient) -> dict[str, RepositoryInfo]:
    """List the repositories of a team of the target, without those that belong to another owner.

    Raises:
        GitHubError: also if there is no such team; the message names it.
    """
    organization = target.owner
    url = f"/orgs/{organization}/teams/{team}/repos"
    pages = try_read(lambda: list(client.all_pages(_Team(organization), url, schemas.REPOSITORIES)))
    if isinstance(pages, GitHubError):
        raise GitHubError(f"team `{team}` of {organization}: {pages}", pages.status)
    own = f"{organization.lower()}/"
    repositories = [item.repo for item in chain.from_iterable(pages)]
    named = {repository.full_name.lower(): repository for repository in repositories}
    return {name: repository for name, repository in named.items() if name.startswith(own)}
