"""Read which images the dev containers of repositories pull.

The first query for a repository asks for the files that most dev containers have. Further queries
ask for the files that these refer to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from codespaces_registry_secrets.devcontainers.scan import FIRST_FILES, FileContent, scan
from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.files import (
    REPOSITORIES_PER_QUERY,
    FileReader,
    FileRequest,
    RepositoryFiles,
)
from codespaces_registry_secrets.github.rate_limiter import READS_AT_ONCE
from codespaces_registry_secrets.github.try_read import try_read
from codespaces_registry_secrets.model.desired import Desired
from codespaces_registry_secrets.model.dev_containers import DevContainerIndex, DevContainers
from codespaces_registry_secrets.model.repositories import (
    RepositoryIndex,
    RepositoryInfo,
    select,
)
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.runtime.concurrency import run_first_then_others

# A file can refer to a file that refers to another one. Dev containers need about four rounds.
MAX_ROUNDS = 10


def read_selected(
    desired: Iterable[Desired], index: RepositoryIndex, clients: GitHubClients
) -> DevContainerIndex:
    """Read the dev containers of all repositories that selections narrow by what they pull.

    A repository that cannot be read has a problem that says why.

    Raises:
        FinalError: no further request of the run can succeed.
        CancelledError: the run was cancelled.
    """
    owners: dict[str, Target] = {}
    repositories: defaultdict[str, dict[int, RepositoryInfo]] = defaultdict(dict)
    for triplet in desired:
        if triplet.selection and triplet.selection.images:
            owner = triplet.target.owner.lower()
            owners[owner] = triplet.target
            selected = select(triplet.selection, index).repositories
            repositories[owner] |= {repository.id: repository for repository in selected}
    return {
        id_: containers
        for owner, target in owners.items()
        for id_, containers in read_dev_containers(
            tuple(repositories[owner].values()), target, clients
        ).items()
    }


def read_dev_containers(
    repositories: Sequence[RepositoryInfo], target: Target, clients: GitHubClients
) -> DevContainerIndex:
    """Read the dev containers of repositories with the client for `target`; see `read_selected`."""
    reader = try_read(lambda: FileReader(clients.for_target(target)))
    if isinstance(reader, GitHubError):
        ids = (repository.id for repository in repositories)
        return dict.fromkeys(ids, _unreadable(str(reader)))
    readings = [_Reading(repository) for repository in repositories]
    pending: Sequence[_Reading] = readings
    for _ in range(MAX_ROUNDS):
        if not pending:
            break
        _read_round(reader, pending)
        pending = [reading for reading in pending if reading.missing]
    return {reading.repository.id: reading.result() for reading in readings}


@dataclass
class _Reading:
    """The files of one repository so far, and those that are still `missing`."""

    repository: RepositoryInfo
    files: dict[str, FileContent] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    missing: frozenset[str] = frozenset(FIRST_FILES)
    containers: DevContainers = field(default_factory=DevContainers)

    def request(self) -> FileRequest:
        return FileRequest(self.repository, tuple(sorted(self.missing)), folders=not self.files)

    def add(self, read: RepositoryFiles) -> None:
        """Add what was read; the texts are dropped as soon as they are not needed."""
        if read.error is not None:
            self.containers, self.missing = _unreadable(read.error), frozenset()
            return
        self.files |= read.contents
        self.folders = self.folders or read.folders
        result = scan(self.files, self.folders)
        self.containers, self.missing = result.containers, result.missing
        if not self.missing:
            self.files.clear()

    def result(self) -> DevContainers:
        """What was found; files that were not read are a problem."""
        if not self.missing:
            return self.containers
        message = f".devcontainer: files refer to each other more than {MAX_ROUNDS} times in a row"
        return replace(self.containers, problems=(*self.containers.problems, message))


def _unreadable(error: str) -> DevContainers:
    return DevContainers(problems=(error,), readable=False)


def _read_round(reader: FileReader, readings: Sequence[_Reading]) -> None:
    """Read the missing files of each repository."""
    starts = range(0, len(readings), REPOSITORIES_PER_QUERY)
    batches = [readings[start : start + REPOSITORIES_PER_QUERY] for start in starts]

    def read_batch(batch: Sequence[_Reading]) -> None:
        files = reader.read([reading.request() for reading in batch])
        for reading in batch:
            reading.add(files[reading.repository.id])

    run_first_then_others(read_batch, batches, READS_AT_ONCE)
