"""Read the state of each target from GitHub, with as few requests as the plan needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain

from codespaces_registry_secrets.errors import (
    GitHubError,
    MovedError,
    PartialListError,
)
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.dev_containers import read_selected
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.repository_index import index_repositories
from codespaces_registry_secrets.github.try_read import try_read
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.repositories import RepositoryInfo, transferred_message
from codespaces_registry_secrets.model.targets import Repository, Target, User
from codespaces_registry_secrets.model.triplet import registry_of
from codespaces_registry_secrets.runtime.concurrency import run_concurrently, run_first_then_others


def observe(
    desired: Sequence[Desired],
    clients: GitHubClients,
    source_changed_at: Mapping[str, datetime],
    errors: Mapping[Target, str],
    *,
    on_target: Callable[[], None] = lambda: None,
    on_tick: Callable[[], None] = lambda: None,
) -> Observed:
    """Read the state of GitHub at each target of `desired`.

    `errors` has the targets that need no request, and why they cannot be read.
    `on_target` is called after each target, and `on_tick` several times a second.
    A target that cannot be read has an `error`, and no other target does because of it.

    Raises:
        FinalError: GitHub rejects the token, or a rate limit lasts too long.
    """
    by_target = _group_by_target(desired)

    def observe_target(target: Target) -> ObservedTarget:
        registries = [triplet.registry for triplet in by_target[target]]
        observed = _observe_target(target, registries, clients, errors)
        on_target()
        return observed

    observed = run_first_then_others(observe_target, list(by_target), READS_AT_ONCE, on_tick)
    readable = [triplet for triplet in desired if triplet.target not in errors]
    repositories, lookup_errors = index_repositories(readable, clients)
    targets = dict(zip(by_target, observed, strict=True))
    planned = [
        triplet
        for triplet in desired
        if not targets[triplet.target].error
        and (triplet.target, triplet.registry) not in lookup_errors
    ]
    dev_containers = read_selected(planned, repositories, clients)
    return Observed(
        targets, repositories, lookup_errors, source_changed_at, dev_containers=dev_containers
    )


def observe_triplets(
    targets: Sequence[Target], clients: GitHubClients
) -> Mapping[Target, ObservedTarget]:
    """Read every triplet at each target, with its selected repositories.

    A target that cannot be read has an `error`, and no other target does because of it.

    Raises:
        FinalError: GitHub rejects the token, or a rate limit lasts too long.
    """

    def observe_target(target: Target) -> ObservedTarget:
        return _observe_target(target, None, clients, {})

    observed = run_first_then_others(observe_target, targets, READS_AT_ONCE)
    return dict(zip(targets, observed, strict=True))


def selected_repositories(client: GitHubClient, target: Target, name: str) -> SelectedRepositories:
    """Read all selected repositories of a secret; read again if GitHub's count differs."""
    try:
        selected = _read_selected(client, target, name)
        return selected if selected.complete else _read_selected(client, target, name)
    except PartialListError:
        return SelectedRepositories((), complete=False)


def _read_selected(client: GitHubClient, target: Target, name: str) -> SelectedRepositories:
    repositories: set[RepositoryInfo] = set()
    total = 0
    url = f"{target.url}/{name}/repositories"
    for page in client.all_pages(target, url, schemas.SelectedRepositories):
        repositories.update(repository.repo for repository in page.repositories)
        total = page.total_count
    return SelectedRepositories(tuple(sorted(repositories)), len(repositories) == total)


def _group_by_target(desired: Iterable[Desired]) -> Mapping[Target, list[Desired]]:
    groups: defaultdict[Target, list[Desired]] = defaultdict(list)
    for triplet in desired:
        groups[triplet.target].append(triplet)
    return groups


def _observe_target(
    target: Target,
    registries: Collection[str] | None,
    clients: GitHubClients,
    errors: Mapping[Target, str],
) -> ObservedTarget:
    """Read one target, with the lists of these registries; None is every registry that it has."""
    if target in errors:
        return ObservedTarget({}, datetime.now(UTC), errors[target])
    observed = try_read(lambda: _read_with_lists(target, registries, clients.for_target(target)))
    if isinstance(observed, GitHubError):
        moved_to = observed.repository if isinstance(observed, _TransferredError) else None
        return ObservedTarget({}, datetime.now(UTC), str(observed), moved_to=moved_to)
    return observed


def _read_with_lists(
    target: Target, registries: Collection[str] | None, client: GitHubClient
) -> ObservedTarget:
    resolved, secrets, moved_to = _read_target(client, target)
    names = list(_names_with_list(target, registries, secrets))
    lists = run_concurrently(partial(selected_repositories, client, resolved), names, READS_AT_ONCE)
    for name, selected in zip(names, lists, strict=True):
        secrets[name] = replace(secrets[name], selected=selected)
    return ObservedTarget(secrets, client.server_time, resolved=resolved, moved_to=moved_to)


class _TransferredError(GitHubError):
    """The repository of a target belongs to another owner now."""

    def __init__(self, name: str, repository: RepositoryInfo) -> None:
        self.repository = repository
        super().__init__(transferred_message(name, repository.full_name))


def _read_target(
    client: GitHubClient, target: Target
) -> tuple[Target, dict[str, ObservedSecret], RepositoryInfo | None]:
    """Read which target GitHub resolves `target` to, its secrets, and where it was moved to.

    `/user` is the token's own user, whatever the spec calls the target. A repository that was
    renamed is recognized by GitHub's redirect.

    Raises:
        _TransferredError: the repository was transferred to another owner.
        GitHubError: it cannot be read.
    """
    if isinstance(target, User):
        user = User(client.get(target, "/user", schemas.Account).login)
        return user, _read_secrets(client, target), None
    try:
        return target, _read_secrets(client, target), None
    except MovedError as moved:
        repository = client.get(target, moved.repository, schemas.Repository).repo
    renamed = Repository(repository.full_name)
    if renamed.owner.lower() != target.owner.lower():
        raise _TransferredError(target.name, repository)
    return renamed, _read_secrets(client, renamed), repository


def _read_secrets(client: GitHubClient, target: Target) -> dict[str, ObservedSecret]:
    """Read every secret of a target; read again if GitHub's count differs."""
    secrets, count = _list_secrets(client, target)
    if len(secrets) != count:
        secrets, count = _list_secrets(client, target)
    if len(secrets) != count:
        message = f"GitHub reports {count} secrets but lists {len(secrets)}; run again"
        raise GitHubError(message)
    return secrets


def _list_secrets(client: GitHubClient, target: Target) -> tuple[dict[str, ObservedSecret], int]:
    """The secrets that GitHub lists, and how many it reports."""
    pages = list(client.all_pages(target, target.url, schemas.Secrets))
    listed = chain.from_iterable(page.secrets for page in pages)
    # GitHub reports `selected` for a user's secrets too, but their visibility cannot be set.
    secrets = {
        s.name: ObservedSecret(
            s.name, s.updated_at, s.visibility if target.has_visibility else None
        )
        for s in listed
    }
    return secrets, pages[-1].total_count


def _names_with_list(
    target: Target, registries: Collection[str] | None, secrets: Mapping[str, ObservedSecret]
) -> Iterator[str]:
    """The members of triplets that exist and have selected repositories."""
    if not target.has_list:
        return
    for name, secret in secrets.items():
        registry = registry_of(name)
        is_listed = registry is not None if registries is None else registry in registries
        if is_listed and (not target.has_visibility or secret.visibility == "selected"):
            yield name
