"""Read files of many repositories at once, by GraphQL.

Sources: "Repository", "Blob" and "Tree" in "GraphQL API reference", and "Rate limits and query
limits for the GraphQL API", docs.github.com: a query that takes longer than ten seconds ends in a
502 or 504; one that needs too many resources has errors for a part of the repositories.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from codespaces_registry_secrets.devcontainers.scan import FOLDER, FileContent, UnreadableFile
from codespaces_registry_secrets.errors import FinalError, GitHubError
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.graphql import QueryError, QueryResponse
from codespaces_registry_secrets.github.schemas import UNEXPECTED_RESPONSE, parse_response
from codespaces_registry_secrets.model.repositories import RepositoryInfo
from codespaces_registry_secrets.model.targets import Repository

REPOSITORIES_PER_QUERY = 50
# Repositories that cannot be read alone, one after the other, until GitHub is taken to be down.
MAX_FAILURES_IN_A_ROW = 5
# The errors of a query that a smaller one can avoid. One without a type is a timeout.
_TOO_LARGE = frozenset({"", "RESOURCE_LIMITS_EXCEEDED", "MAX_NODE_LIMIT_EXCEEDED", "TIMEOUT"})
# A response that rejects the whole query. A part of it can be the reason: one repository can name
# files that GitHub does not accept.
_REJECTED = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        *range(500, 600),
    }
)
_FILE = """
fragment file on GitObject {
  __typename
  ... on Blob { text byteSize isBinary isTruncated }
}
"""
_FOLDERS = """\
  folder: object(expression: $folder) {
    __typename
    ... on Tree { entries { name object { ... on Tree { entries { name } } } } }
  }
"""


@dataclass(frozen=True, eq=False)
class _Contents(Repository):
    """The files of a repository, which need another permission."""

    classic_scope = "repo"
    permission = "contents: read"
    not_found_reason = "the repository does not exist, or the token cannot see it"


@dataclass(frozen=True)
class FileRequest:
    """The files to read of one repository; `folders`: also which folders have a dev container."""

    repository: RepositoryInfo
    paths: tuple[str, ...]
    folders: bool = False


@dataclass(frozen=True)
class RepositoryFiles:
    """The content of each path that was requested, or why nothing could be read (`error`).

    `folders` are the names of those in `.devcontainer` that contain a `devcontainer.json`.
    """

    contents: Mapping[str, FileContent]
    folders: tuple[str, ...] = ()
    error: str | None = None


class _Node(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _File(_Node):
    """A Git object at a path: a file, if it is a blob."""

    type: Literal["Blob", "Tree", "Commit", "Tag"] = Field(alias="__typename")
    text: str | None = None
    size: int = Field(default=0, alias="byteSize")
    binary: bool | None = Field(default=None, alias="isBinary")
    truncated: bool = Field(default=False, alias="isTruncated")

    @property
    def content(self) -> FileContent:
        """The text, or why there is none."""
        if self.type != "Blob":
            return UnreadableFile("it is not a file")
        if self.truncated:
            return UnreadableFile(f"it is too large ({self.size:,} bytes)")
        return UnreadableFile("it is not text") if self.text is None else self.text


class _Folder(_Node):
    type: str = Field(default="Tree", alias="__typename")
    entries: tuple[_Entry, ...] = ()


class _Entry(_Node):
    name: str
    object: _Folder | None = None


class _RepositoryNode(_Node):
    """A repository; its other keys are the aliases of files."""

    model_config = ConfigDict(frozen=True, extra="allow")

    id: int = Field(alias="databaseId")
    folder: _Folder | None = None

    def content_of(self, alias: str) -> FileContent:
        """The content of a file that the query asked for."""
        files = self.model_extra or {}
        if alias not in files:
            raise GitHubError(UNEXPECTED_RESPONSE)
        return None if files[alias] is None else parse_response(_File, files[alias]).content

    @property
    def dev_container_folders(self) -> tuple[str, ...]:
        """The folders in `.devcontainer` that have a `devcontainer.json`."""
        entries = self.folder.entries if self.folder else ()
        folders = {e.name: e.object.entries for e in entries if e.object}
        return tuple(
            name
            for name, files in sorted(folders.items())
            if any(file.name == "devcontainer.json" for file in files)
        )


class FileReader:
    """Reads files with one client; a query that is too large is split. Safe to use from threads."""

    def __init__(self, client: GitHubClient) -> None:
        self._client = client
        self._lock = threading.Lock()
        self._failures_in_a_row = 0

    def read(self, requests: Sequence[FileRequest]) -> dict[int, RepositoryFiles]:
        """Read the files of up to `REPOSITORIES_PER_QUERY` repositories; the result is by id.

        Raises:
            FinalError: no further request of the run can succeed.
            CancelledError: the run was cancelled.
        """
        if self._failures_in_a_row >= MAX_FAILURES_IN_A_ROW:
            message = "not read, because GitHub failed to return the files of other repositories"
            return _unreadable(requests, message)
        try:
            response = self._query(requests)
            read = dict(_parse(requests, response))
        except FinalError:
            raise
        except GitHubError as error:
            if len(requests) > 1 and error.status in _REJECTED:
                return self._read_halves(requests)
            self._count_failure()
            return _unreadable(requests, str(error))
        failed = [request for request in requests if request.repository.id not in read]
        if failed and len(requests) == 1:
            self._count_failure()
            return _unreadable(requests, _first_message(response.errors))
        if read:
            self._failures_in_a_row = 0
        return read | (self._read_halves(failed) if failed else {})

    def _query(self, requests: Sequence[FileRequest]) -> QueryResponse:
        query, variables = build_query(requests)
        target = _Contents(requests[0].repository.full_name)
        # A query for one repository cannot be split, so only that one is sent again.
        return self._client.query(target, query, variables, repeat=len(requests) == 1)

    def _read_halves(self, requests: Sequence[FileRequest]) -> dict[int, RepositoryFiles]:
        middle = (len(requests) + 1) // 2
        halves = (requests[:middle], requests[middle:])
        return {id_: files for half in halves if half for id_, files in self.read(half).items()}

    def _count_failure(self) -> None:
        with self._lock:
            self._failures_in_a_row += 1


def build_query(requests: Sequence[FileRequest]) -> tuple[str, dict[str, str]]:
    """The query for the files, and its variables: names and paths come from outside.

    Each repository has the alias `r0`, `r1`, …, and each path `f0`, `f1`, … in the order of the
    first request that has it. Most repositories need the same files, so these are a fragment.
    """
    paths = _numbered_paths(requests)
    variables = {f"path{number}": f"HEAD:{path}" for path, number in paths.items()}
    if any(request.folders for request in requests):
        variables["folder"] = f"HEAD:{FOLDER}"
    wanted = dict.fromkeys((request.paths, request.folders) for request in requests)
    fragments = {key: f"files{number}" for number, key in enumerate(wanted)}
    repositories = ""
    for number, request in enumerate(requests):
        owner, _, name = request.repository.full_name.partition("/")
        variables |= {f"owner{number}": owner, f"name{number}": name}
        repositories += (
            f"  r{number}: repository(owner: $owner{number}, name: $name{number}) "
            f"{{ ...{fragments[request.paths, request.folders]} }}\n"
        )
    declarations = ", ".join(f"${name}: String!" for name in variables)
    definitions = "".join(
        _fragment(name, [paths[path] for path in key[0]], folders=key[1])
        for key, name in fragments.items()
    )
    return f"query({declarations}) {{\n{repositories}}}\n{definitions}{_FILE}", variables


def _fragment(name: str, numbers: Iterable[int], *, folders: bool) -> str:
    files = "".join(f"  f{n}: object(expression: $path{n}) {{ ...file }}\n" for n in numbers)
    return (
        f"fragment {name} on Repository {{\n  databaseId\n{files}{_FOLDERS if folders else ''}}}\n"
    )


def _numbered_paths(requests: Sequence[FileRequest]) -> Mapping[str, int]:
    paths = dict.fromkeys(path for request in requests for path in request.paths)
    return {path: number for number, path in enumerate(paths)}


def _parse(
    requests: Sequence[FileRequest], response: QueryResponse
) -> Iterator[tuple[int, RepositoryFiles]]:
    """The files of each repository, without those that a smaller query can read."""
    data = response.data or {}
    paths = _numbered_paths(requests)
    for number, request in enumerate(requests):
        alias = f"r{number}"
        errors = [e for e in response.errors if not e.path or e.path[0] == alias]
        if errors and any(error.type in _TOO_LARGE for error in errors):
            continue
        if errors:
            yield request.repository.id, RepositoryFiles({}, error=_error_text(errors[0]))
        elif data.get(alias) is not None:
            yield request.repository.id, _parse_repository(request, data[alias], paths)


def _parse_repository(
    request: FileRequest, node: object, paths: Mapping[str, int]
) -> RepositoryFiles:
    """The files of one repository; if its result is unexpected, only that one is unreadable."""
    try:
        repository = parse_response(_RepositoryNode, node)
        contents = {path: repository.content_of(f"f{paths[path]}") for path in request.paths}
    except GitHubError as error:
        return RepositoryFiles({}, error=str(error))
    if repository.id != request.repository.id:
        return RepositoryFiles({}, error="the repository was renamed or replaced during the run")
    if repository.folder and repository.folder.type != "Tree":
        message = f"`{FOLDER}` is not a folder of the repository, but a link"
        return RepositoryFiles({}, error=message)
    return RepositoryFiles(contents, repository.dev_container_folders)


def _unreadable(requests: Sequence[FileRequest], error: str) -> dict[int, RepositoryFiles]:
    return {request.repository.id: RepositoryFiles({}, error=error) for request in requests}


def _error_text(error: QueryError) -> str:
    if error.type == "NOT_FOUND":
        return f"{_Contents.not_found_reason} ({_permission_text()})"
    return f"GitHub denied the request ({error.message}); {_permission_text()}"


def _permission_text() -> str:
    return (
        f"a classic token needs the scope {_Contents.classic_scope}, a fine-grained one or a "
        f"GitHub App {_Contents.permission}"
    )


def _first_message(errors: Sequence[QueryError]) -> str:
    message = errors[0].message if errors else "no data"
    return f"GitHub returned an error to every attempt: {message}"
