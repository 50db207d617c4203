"""Say for each registry whether a codespace of a repository can log in, and why not. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from codespaces_registry_secrets.diagnosis.images import (
    RegistryAccess,
    diagnose_images,
    find_uncovered,
)
from codespaces_registry_secrets.diagnosis.reach import (
    Candidate,
    find_candidates,
    find_registries,
    used_members,
)
from codespaces_registry_secrets.diagnosis.result import (
    Diagnosis,
    Level,
    Problem,
    RegistryDiagnosis,
)
from codespaces_registry_secrets.model.desired import DeclaredRegistry
from codespaces_registry_secrets.model.dev_containers import NO_DEV_CONTAINERS, DevContainers
from codespaces_registry_secrets.model.fields import format_duration, format_time
from codespaces_registry_secrets.model.observed import ObservedTarget
from codespaces_registry_secrets.model.repositories import RepositoryDetails
from codespaces_registry_secrets.model.targets import Organization, Repository, Target, User
from codespaces_registry_secrets.model.triplet import Part, secret_name

EXPIRY_WARNING = timedelta(days=14)
_PREBUILDS = (
    "prebuilds cannot use a user's secrets; store it for the repository or organization too"
)


def diagnose(
    repository: RepositoryDetails,
    scopes: Mapping[Target, ObservedTarget],
    declared: Mapping[str, Sequence[DeclaredRegistry]],
    now: datetime,
    *,
    only: frozenset[str] = frozenset(),
    containers: DevContainers = NO_DEV_CONTAINERS,
) -> Diagnosis:
    """Diagnose the registries that have secrets in one of the scopes, or those in `only`.

    `scopes` are the repository, its organization and the user, in the order of precedence.
    `declared` is what a spec says about each registry; a spec can declare an id several times.
    `containers` are the dev containers of the repository; without `only`, their images are
    diagnosed too.
    """
    ids = only or find_registries(scopes)
    registries = [
        _diagnose_registry(registry, repository, scopes, declared.get(registry, ()), now)
        for registry in sorted(ids)
    ]
    access = [RegistryAccess(r.registry, r.server, r.can_log_in) for r in registries]
    images = () if only else diagnose_images(containers.images, access, declared)
    problems = (
        *_general_problems(repository, scopes, has_registries=bool(registries)),
        *(Problem("warning", message) for message in containers.problems),
        *(Problem("notice", message) for message in find_uncovered(images)),
    )
    diagnosed = tuple(_mark_unneeded(_with_duplicates(registries), containers))
    return Diagnosis(repository, diagnosed, images, problems)


def _mark_unneeded(
    registries: Iterable[RegistryDiagnosis], containers: DevContainers
) -> Iterator[RegistryDiagnosis]:
    """Mark the registries that no image comes from. Without all images, each can be needed."""
    servers = {image.server for image in containers.images}
    is_complete = servers and not containers.problems
    for registry in registries:
        needed = not is_complete or registry.server is None or registry.server in servers
        yield replace(registry, needed=needed)


def _general_problems(
    repository: RepositoryDetails,
    scopes: Mapping[Target, ObservedTarget],
    *,
    has_registries: bool,
) -> Iterator[Problem]:
    if not has_registries:
        level: Level = "warning" if _unreadable(scopes) else "error"
        yield Problem(level, "no registry secrets are stored for this repository")
    if repository.archived:
        message = "the repository is archived: it accepts no secrets, and selections leave it out"
        yield Problem("warning", message)
    for target, state in scopes.items():
        if state.error:
            message = f"the secrets of {target} are unknown: {state.error}"
            yield Problem("warning", message)


def _diagnose_registry(
    registry: str,
    repository: RepositoryDetails,
    scopes: Mapping[Target, ObservedTarget],
    declared: Sequence[DeclaredRegistry],
    now: datetime,
) -> RegistryDiagnosis:
    candidates = find_candidates(registry, repository, scopes)
    used = used_members(candidates)
    problems = (
        *_missing(registry, candidates, used, unreadable=_unreadable(scopes)),
        *_mixed(used),
        *_shadowed(candidates, used),
        *_disagreements(candidates),
        *_user_scope(used),
        *_declared_problems(declared, now),
    )
    servers = {item.server for item in declared if item.server}
    return RegistryDiagnosis(
        registry,
        server=servers.pop() if len(servers) == 1 else None,
        used={part: candidate.target for part, candidate in used.items()},
        problems=tuple(dict.fromkeys(problems)),
    )


def _unreadable(scopes: Mapping[Target, ObservedTarget]) -> bool:
    return any(state.error for state in scopes.values())


def _missing(
    registry: str,
    candidates: Sequence[Candidate],
    used: Mapping[Part, Candidate],
    *,
    unreadable: bool,
) -> Iterator[Problem]:
    """Members that the codespace does not get: not stored, or not for this repository.

    If a scope could not be read, the secret can be there.
    """
    for part in Part:
        if part in used:
            continue
        name = secret_name(registry, part)
        stored = [candidate for candidate in candidates if candidate.part == part]
        unknown = unreadable or any(candidate.reach == "unknown" for candidate in stored)
        level: Level = "warning" if unknown else "error"
        if not stored:
            yield Problem(level, f"{name} does not exist")
        for candidate in stored:
            yield Problem(level, f"{name} of {candidate.target}: {candidate.reason}")


def _mixed(used: Mapping[Part, Candidate]) -> Iterator[Problem]:
    """Each secret is taken from the first scope that has it, not the triplet as a whole."""
    targets = {candidate.target for candidate in used.values()}
    if len(targets) > 1:
        each = ", ".join(f"{part} from {candidate.target}" for part, candidate in used.items())
        message = f"the login is put together from several scopes, and can be wrong: {each}"
        yield Problem("warning", message)


def _shadowed(candidates: Sequence[Candidate], used: Mapping[Part, Candidate]) -> Iterator[Problem]:
    """Secrets that reach the repository, but that another scope takes precedence over."""
    pairs = {
        (used[c.part].target, c.target)
        for c in candidates
        if c.reach == "yes" and used[c.part].target != c.target
    }
    for first, second in sorted(pairs):
        message = f"the secrets of {first} take precedence over those of {second}"
        if isinstance(second, User):
            message += "; GitHub does not document this order, so keep one of them"
        yield Problem("warning", message)


def _disagreements(candidates: Sequence[Candidate]) -> Iterator[Problem]:
    """Members of one scope that differ in visibility or list."""
    for target in dict.fromkeys(candidate.target for candidate in candidates):
        members = [candidate for candidate in candidates if candidate.target == target]
        visibilities = {c.part: c.secret.visibility for c in members}
        if len(set(visibilities.values())) > 1:
            each = ", ".join(f"{part} `{value}`" for part, value in visibilities.items())
            yield Problem("warning", f"the secrets of {target} differ in visibility: {each}")
        lists = {c.part: c.secret.selected.repositories for c in members if c.secret.selected}
        if len(set(lists.values())) > 1:
            each = ", ".join(f"{part} {len(listed)}" for part, listed in lists.items())
            message = f"the secrets of {target} differ in their selected repositories: {each}"
            yield Problem("warning", message)


def _user_scope(used: Mapping[Part, Candidate]) -> Iterator[Problem]:
    if any(isinstance(candidate.target, User) for candidate in used.values()):
        yield Problem("warning", _PREBUILDS)


def _declared_problems(declared: Sequence[DeclaredRegistry], now: datetime) -> Iterator[Problem]:
    for item in declared:
        if item.server_error:
            yield Problem("error", f"the server in the spec: {item.server_error}")
        if item.expires is None:
            continue
        time = format_time(item.expires)
        if item.expires <= now:
            yield Problem("error", f"the credential expired at {time}")
        elif item.expires - now <= EXPIRY_WARNING:
            span = format_duration(item.expires - now)
            yield Problem("warning", f"the credential expires in {span}, at {time}")


def _with_duplicates(registries: Sequence[RegistryDiagnosis]) -> Iterator[RegistryDiagnosis]:
    """Warn about registries with the same server, of which Codespaces uses only one."""
    servers = Counter(r.server for r in registries if r.server and len(r.used) == len(Part))
    for registry in registries:
        problems = registry.problems
        if registry.server and servers[registry.server] > 1:
            message = f"another registry here also has the server {registry.server}; keep one"
            problems = (*problems, Problem("warning", message))
        yield replace(registry, problems=problems)


def scopes_of(repository: RepositoryDetails, user: Target) -> tuple[Target, ...]:
    """The scopes whose secrets can reach a repository, in the order of precedence."""
    organization = (Organization(repository.organization),) if repository.organization else ()
    return (Repository(repository.full_name), *organization, user)
