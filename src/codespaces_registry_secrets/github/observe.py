"""Look at the targets of a spec: no more requests than the plan needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain

from codespaces_registry_secrets.errors import (
    CancelledError,
    FinalError,
    GitHubError,
    MovedError,
    PartialListError,
    describe_unexpected,
)
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.repositories import index_repositories
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.model.repositories import RepositoryInfo, transferred_message
from codespaces_registry_secrets.model.targets import Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part, secret_name
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
    """Read what GitHub holds at each target of `desired`.

    `errors` has the targets that need no request, because it is known why they cannot be read.
    `on_target` is called after each target, and `on_tick` several times a second.
    A target that cannot be read has an `error`, and no other target does because of it.

    Raises:
        FinalError: GitHub rejects the token, or a rate limit lasts too long.
    """
    by_target = _grouped(desired)

    def read(target: Target) -> ObservedTarget:
        observed = _target(target, by_target[target], clients, errors)
        on_target()
        return observed

    observed = run_first_then_others(read, list(by_target), READS_AT_ONCE, on_tick)
    repositories, lookup_errors = index_repositories(desired, clients)
    targets = dict(zip(by_target, observed, strict=True))
    return Observed(targets, repositories, lookup_errors, source_changed_at)


def selected_repositories(session: GitHubClient, target: Target, name: str) -> SelectedRepositories:
    """The whole list of a secret, every page of it; read once more where it does not add up."""
    try:
        listed = _selected(session, target, name)
        return listed if listed.complete else _selected(session, target, name)
    except PartialListError:
        return SelectedRepositories((), complete=False)


def _selected(session: GitHubClient, target: Target, name: str) -> SelectedRepositories:
    repositories: set[RepositoryInfo] = set()
    total = 0
    url = f"{target.url}/{name}/repositories"
    for page in session.all_pages(target, url, schemas.SelectedRepositories):
        repositories.update(repository.repo for repository in page.repositories)
        total = page.total_count
    return SelectedRepositories(tuple(sorted(repositories)), len(repositories) == total)


def _grouped(desired: Iterable[Desired]) -> Mapping[Target, list[Desired]]:
    groups: defaultdict[Target, list[Desired]] = defaultdict(list)
    for triplet in desired:
        groups[triplet.target].append(triplet)
    return groups


def _target(
    target: Target,
    triplets: Sequence[Desired],
    sessions: GitHubClients,
    problems: Mapping[Target, str],
) -> ObservedTarget:
    if target in problems:
        return ObservedTarget({}, datetime.now(UTC), problems[target])
    try:
        session = sessions.for_target(target)
        place, secrets = _resolved(session, target)
        names = list(chain.from_iterable(_listed(triplet, secrets) for triplet in triplets))
        lists = run_concurrently(
            partial(selected_repositories, session, place), names, READS_AT_ONCE
        )
        for name, selected in zip(names, lists, strict=True):
            secrets[name] = replace(secrets[name], selected=selected)
    except FinalError:
        raise
    except GitHubError as error:
        return ObservedTarget({}, datetime.now(UTC), str(error))
    except CancelledError:
        raise
    except Exception as error:  # noqa: BLE001 - one target that nobody foresaw stops no other
        return ObservedTarget({}, datetime.now(UTC), describe_unexpected(error))
    return ObservedTarget(secrets, session.server_time, resolved=place)


def _resolved(session: GitHubClient, target: Target) -> tuple[Target, dict[str, ObservedSecret]]:
    """What GitHub takes a target for, and its secrets.

    `/user` means the token's own user, whatever the spec calls the target. That GitHub redirects
    from a repository is what tells that it was renamed.

    Raises:
        GitHubError: also where a repository belongs to another owner by now.
    """
    if isinstance(target, User):
        return User(session.get(target, "/user", schemas.Account).login), _secrets(session, target)
    try:
        return target, _secrets(session, target)
    except MovedError as moved:
        name = session.get(target, moved.repository, schemas.Repository).full_name
    place = Repository(name)
    if place.owner.lower() != target.owner.lower():
        raise GitHubError(transferred_message(target.name, name))
    return place, _secrets(session, place)


def _secrets(session: GitHubClient, target: Target) -> dict[str, ObservedSecret]:
    """Every secret of a target; read once more where they do not add up."""
    found, counted = _listed_secrets(session, target)
    if len(found) != counted:
        found, counted = _listed_secrets(session, target)
    if len(found) != counted:
        message = f"GitHub counts {counted} secrets and lists {len(found)}; run again"
        raise GitHubError(message)
    return found


def _listed_secrets(session: GitHubClient, target: Target) -> tuple[dict[str, ObservedSecret], int]:
    """The secrets that GitHub lists, and how many it says there are."""
    pages = list(session.all_pages(target, target.url, schemas.Secrets))
    secrets = chain.from_iterable(page.secrets for page in pages)
    # GitHub calls a user's secrets `selected` too, but they have no visibility that one could set.
    found = {
        s.name: ObservedSecret(
            s.name, s.updated_at, s.visibility if target.has_visibility else None
        )
        for s in secrets
    }
    return found, pages[-1].total_count


def _present(triplet: Desired, secrets: Mapping[str, ObservedSecret]) -> list[str]:
    names = (secret_name(triplet.registry, part) for part in Part)
    return [name for name in names if name in secrets]


def _listed(triplet: Desired, secrets: Mapping[str, ObservedSecret]) -> Iterable[str]:
    """The members that have a list."""
    target = triplet.target
    if not target.has_list:
        return ()
    return (
        name
        for name in _present(triplet, secrets)
        if not target.has_visibility or secrets[name].visibility == "selected"
    )
