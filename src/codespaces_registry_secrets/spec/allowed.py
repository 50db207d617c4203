"""Check a spec against the inputs that limit it: `allowed-servers` and `allowed-owners`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codespaces_registry_secrets.model.allowlist import Allowlist, is_allowed, not_allowed_message
from codespaces_registry_secrets.model.registries import server_of
from codespaces_registry_secrets.model.repositories import is_glob
from codespaces_registry_secrets.model.targets import ME, SCOPES
from codespaces_registry_secrets.spec.generated import issuer_host
from codespaces_registry_secrets.spec.validation import Entry, PathError, numbered_mappings
from codespaces_registry_secrets.spec.yaml_document import KeyPath

GLOB_NEEDS_OWNERS = (
    "a glob of organizations needs the input `allowed-owners`, because anybody can create an "
    "organization whose name matches; list your organizations in it"
)


def find_not_allowed(
    entries: Sequence[tuple[int, Entry]], allowed: Allowlist
) -> Iterator[PathError]:
    """Each server and owner that `allowed-servers` or `allowed-owners` does not allow."""
    for index, entry in entries:
        path: KeyPath = ("registries", index)
        server = server_of(entry)
        if server is not None and not is_allowed(allowed.servers, server):
            key = "server" if "server" in entry else "registry"
            yield (*path, key), not_allowed_message(server, "allowed-servers", allowed.servers)
        issuer = issuer_host(entry)
        if issuer and not is_allowed(allowed.servers, issuer):
            message = not_allowed_message(issuer, "allowed-servers", allowed.servers)
            yield (*path, "generate", "url"), message
        for number, target in numbered_mappings(entry.get("targets")):
            for key_path, owner in _owners(target):
                owner_error = _owner_error(key_path, owner, allowed.owners)
                if owner_error:
                    yield (*path, "targets", number, *key_path), owner_error


def _owner_error(path: KeyPath, owner: str, allowed_owners: Sequence[str]) -> str | None:
    """Why an owner is not allowed. What a glob of organizations matches is not known yet."""
    if path == ("organization",) and is_glob(owner):
        return None if allowed_owners else GLOB_NEEDS_OWNERS
    if is_allowed(allowed_owners, owner):
        return None
    return not_allowed_message(owner, "allowed-owners", allowed_owners)


def _owners(target: Entry) -> Iterator[tuple[KeyPath, str]]:
    """The owner of a target and of each repository that it includes, with its path.

    `@me` has no owner yet: only GitHub knows the token's user. Excluded repositories get no access,
    and neither do those that `mode: remove` takes off the list, so their owners do not matter.
    """
    for scope in SCOPES.keys() & target.keys():
        if isinstance(target[scope], str) and target[scope] != ME:
            yield (scope,), str(target[scope]).partition("/")[0]
    repositories = target.get("repositories")
    if isinstance(repositories, dict) and repositories.get("mode") == "remove":
        return
    included = repositories.get("include") if isinstance(repositories, dict) else repositories
    for number, pattern in enumerate(included if isinstance(included, list) else ()):
        owner, slash, _ = str(pattern).rpartition("/")
        if slash:
            yield ("repositories", "include", number), owner
