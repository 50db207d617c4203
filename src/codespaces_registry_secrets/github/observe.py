"""Look at the targets of a spec: no more requests than the plan needs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from http import HTTPStatus
from itertools import chain

from codespaces_registry_secrets.desired import Desired
from codespaces_registry_secrets.errors import GitHubError, TokenRefusedError
from codespaces_registry_secrets.github import answers
from codespaces_registry_secrets.github.sessions import AT_ONCE, Session, Sessions
from codespaces_registry_secrets.observed import (
    Observed,
    ObservedSecret,
    ObservedTarget,
    SelectedRepositories,
)
from codespaces_registry_secrets.repositories import Repo, is_glob
from codespaces_registry_secrets.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.triplet import Part, secret_name

# Up to so many names are asked for one by one; for more, or for a glob, one walk over the
# organization's repositories costs less.
FEW_NAMES = 3


def observe(desired: Sequence[Desired], sessions: Sessions) -> Observed:
    """What GitHub holds of what `desired` names.

    A target that cannot be seen is a `problem` of that target alone.

    Raises:
        TokenRefusedError: GitHub does not take the token at all.
    """
    by_target = _grouped(desired)
    first, *others = by_target
    with ThreadPoolExecutor(AT_ONCE) as pool:
        try:
            # Alone, so that a token that GitHub refuses is shown to it once and not ten times.
            seen = [_target(first, by_target, sessions)]
            seen += pool.map(lambda target: _target(target, by_target, sessions), others)
            catalogue, unlisted = _catalogue(desired, sessions, pool)
            return Observed(dict(zip(by_target, seen, strict=True)), catalogue, unlisted)
        except TokenRefusedError:
            pool.shutdown(cancel_futures=True)
            raise


def selected_repositories(session: Session, target: Target, name: str) -> SelectedRepositories:
    """The whole list of a secret, every page of it."""
    repositories: list[Repo] = []
    total = 0
    for body in session.pages(target, f"{target.url}/{name}/repositories"):
        page = answers.read(answers.SelectedRepositories, body)
        repositories += (repository.repo for repository in page.repositories)
        total = page.total_count
    return SelectedRepositories(tuple(sorted(set(repositories))), len(set(repositories)) == total)


def _grouped(desired: Iterable[Desired]) -> Mapping[Target, list[Desired]]:
    groups: defaultdict[Target, list[Desired]] = defaultdict(list)
    for triplet in desired:
        groups[triplet.target].append(triplet)
    return groups


def _target(
    target: Target, by_target: Mapping[Target, Sequence[Desired]], sessions: Sessions
) -> ObservedTarget:
    triplets = by_target[target]
    try:
        session = sessions.of(target)
        login = _login(session, target) if isinstance(target, User) else None
        secrets = _secrets(session, target)
        if isinstance(target, Repository) and _may_write(triplets, secrets):
            _refuse_archived(session, target)
        for name in chain.from_iterable(_listed(triplet, secrets) for triplet in triplets):
            secret = secrets[name]
            secrets[name] = ObservedSecret(
                name, secret.visibility, selected_repositories(session, target, name)
            )
    except TokenRefusedError:
        raise
    except GitHubError as error:
        return ObservedTarget({}, str(error))
    return ObservedTarget(secrets, login=login)


def _login(session: Session, target: Target) -> str:
    """The token's own user: whose secrets `/user` means, whatever the spec calls the target."""
    return answers.read(answers.Account, session.get(target, "/user")).login


def _secrets(session: Session, target: Target) -> dict[str, ObservedSecret]:
    pages = [answers.read(answers.Secrets, p) for p in session.pages(target, target.url)]
    secrets = chain.from_iterable(page.secrets for page in pages)
    # GitHub calls a user's secrets `selected` too, but they have no visibility that one could set.
    found = {
        s.name: ObservedSecret(s.name, s.visibility if target.has_visibility else None)
        for s in secrets
    }
    if len(found) != pages[-1].total_count:
        counted = pages[-1].total_count
        message = f"GitHub counts {counted} secrets and lists {len(found)}; run again"
        raise GitHubError(message)
    return found


def _present(triplet: Desired, secrets: Mapping[str, ObservedSecret]) -> list[str]:
    names = (secret_name(triplet.registry, part) for part in Part)
    return [name for name in names if name in secrets]


def _may_write(triplets: Iterable[Desired], secrets: Mapping[str, ObservedSecret]) -> bool:
    return any(
        triplet.rotate != "missing" or len(_present(triplet, secrets)) < len(Part)
        for triplet in triplets
        if triplet.credential
    )


def _listed(triplet: Desired, secrets: Mapping[str, ObservedSecret]) -> Iterable[str]:
    """The members whose list the plan needs: where it may change, or must be sent along."""
    target = triplet.target
    if not target.has_list or not (triplet.selection or _may_write([triplet], secrets)):
        return ()
    return (
        name
        for name in _present(triplet, secrets)
        if not target.has_visibility or secrets[name].visibility == "selected"
    )


def _refuse_archived(session: Session, target: Target) -> None:
    body = session.get(target, f"/repos/{target.name}")
    if answers.read(answers.Repository, body).archived:
        message = "it is archived and takes no secrets; unarchive it, or take it off the spec"
        raise GitHubError(message)


def _catalogue(
    desired: Iterable[Desired], sessions: Sessions, pool: Executor
) -> tuple[dict[str, Repo], dict[Target, str]]:
    """Every repository that a selection may mean, and the targets where that cannot be told.

    Organizations are walked once where that pays; what is not found so is asked for by name, which
    follows a renamed repository.
    """
    chosen = [triplet for triplet in desired if triplet.selection]
    catalogue: dict[str, Repo] = {}
    unlisted: dict[Target, str] = {}

    def gather(
        targets: Iterable[Target], found: Iterable[Mapping[str, Repo] | GitHubError]
    ) -> None:
        for target, repositories in zip(targets, found, strict=True):
            if isinstance(repositories, GitHubError):
                unlisted[target] = str(repositories)
            else:
                catalogue.update(repositories)

    walks = list(dict.fromkeys(triplet.target for triplet in chosen if _walk_pays(triplet)))
    gather(walks, pool.map(lambda target: _attempt(_walk, target, sessions), walks))
    absent = {
        name: triplet.target
        for triplet in chosen
        for name in (triplet.selection.names if triplet.selection else ())
        if name.lower() not in catalogue and triplet.target not in unlisted
    }
    lookups = (
        partial(_attempt, partial(_named, name), target, sessions)
        for name, target in absent.items()
    )
    gather(absent.values(), pool.map(lambda lookup: lookup(), lookups))
    return catalogue, unlisted


def _walk_pays(triplet: Desired) -> bool:
    include = triplet.selection.include if triplet.selection else ()
    few = len(include) <= FEW_NAMES and not any(map(is_glob, include))
    return isinstance(triplet.target, Organization) and not few


Lookup = Callable[[Target, Session], Mapping[str, Repo]]


def _attempt(look: Lookup, target: Target, sessions: Sessions) -> Mapping[str, Repo] | GitHubError:
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
