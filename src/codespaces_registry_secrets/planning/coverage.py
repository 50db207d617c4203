"""Find registries that dev containers pull from, and that no triplet of the spec covers. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.observed import Observed
from codespaces_registry_secrets.model.plan import Change, Note
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Repository, Target
from codespaces_registry_secrets.model.triplet import Part, secret_name
from codespaces_registry_secrets.planning.access import Access, desired_access, stored_access
from codespaces_registry_secrets.planning.safety_checks import resolve_selection
from codespaces_registry_secrets.text.lists import list_some

MAX_NAMES = 5  # that a message lists
# That have a message of their own; one repository can name any number of servers.
MAX_SERVERS = 20


@dataclass(frozen=True)
class _Reach:
    """The repositories that can use a triplet after the plan is applied."""

    target: Target
    server: str
    access: tuple[Access, ...]  # of each member

    def includes(self, repository: RepositoryInfo) -> bool:
        is_owned = repository.full_name.lower().startswith(f"{self.target.owner.lower()}/")
        if self.target.has_visibility and not is_owned:
            return False
        return bool(self.access) and all(a.includes(repository) for a in self.access)


def find_uncovered(
    triplets: Sequence[Desired], changes: Iterable[Change], observed: Observed
) -> Iterator[Note]:
    """A notice for each server that dev containers pull private images from without a triplet.

    Beyond `MAX_SERVERS`, those that the fewest repositories pull from are one notice.
    `triplets` are all triplets of the spec, at the targets that GitHub resolves them to, and
    `changes` is what the plan does with them. Only repositories whose dev containers were read are
    looked at. A triplet without a known server covers nothing.
    """
    blocked = {(c.target, c.registry) for c in changes if c.action == "blocked"}
    reaches = [
        _reach(triplet, server, observed, blocked=(triplet.target, triplet.registry) in blocked)
        for triplet in triplets
        if (server := triplet.server)
    ]
    own: defaultdict[str, set[str]] = defaultdict(set)
    for reach in reaches:
        if isinstance(reach.target, Repository) and reach.access:
            own[reach.target.name.lower()].add(reach.server)
    shared = [reach for reach in reaches if reach.target.has_list]
    by_id = {repository.id: repository for repository in observed.repository_index.values()}
    uncovered: defaultdict[str, list[str]] = defaultdict(list)
    for id_, containers in observed.dev_containers.items():
        repository = by_id[id_]
        covered = {reach.server for reach in shared if reach.includes(repository)}
        covered |= own[repository.full_name.lower()]
        pulled = {image.server for image in containers.images if not image.public}
        for server in pulled - covered:
            uncovered[server].append(repository.full_name)
    ordered = sorted(uncovered.items(), key=lambda item: (-len(item[1]), item[0]))
    for server, names in sorted(ordered[:MAX_SERVERS]):
        yield Note("notice", _uncovered_message(server, names))
    if len(ordered) > MAX_SERVERS:
        more = len(ordered) - MAX_SERVERS
        others = "1 other server" if more == 1 else f"{more} other servers"
        message = (
            f"repositories pull from {others} without a triplet of this spec; the command `doctor` "
            "shows those of one repository"
        )
        yield Note("notice", message)


def _uncovered_message(server: str, names: Sequence[str]) -> str:
    pulls = "1 repository pulls" if len(names) == 1 else f"{len(names)} repositories pull"
    listed = list_some(sorted(names), MAX_NAMES)
    return (
        f"{pulls} from {server} without a triplet of this spec for it: {listed}; add "
        "them to a registry with this server if the images are private"
    )


def _reach(triplet: Desired, server: str, observed: Observed, *, blocked: bool) -> _Reach:
    """Who can use a triplet: as it is stored if it is blocked, otherwise as the spec says.

    If GitHub could not be read, that is unknown, and it possibly covers every repository.
    """
    declared = triplet.declared or triplet.target
    state = observed.targets[declared]
    if state.error or (declared, triplet.registry) in observed.lookup_errors:
        return _Reach(triplet.target, server, (Access("all"),))
    stored = [state.secrets.get(secret_name(triplet.registry, part)) for part in Part]
    if blocked:
        access = tuple(map(stored_access, filter(None, stored)))
        return _Reach(triplet.target, server, access if all(stored) else ())
    selected = resolve_selection(triplet, observed)
    sibling = next(filter(None, stored), None)
    access = tuple(desired_access(triplet, secret or sibling, selected) for secret in stored)
    return _Reach(triplet.target, server, access)
