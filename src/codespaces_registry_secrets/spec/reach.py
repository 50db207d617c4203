"""Whether a spec stays within what the inputs `allowed-servers` and `allowed-owners` allow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from codespaces_registry_secrets.model.allowlist import Allowed, allows, refusal
from codespaces_registry_secrets.model.registries import server_of
from codespaces_registry_secrets.model.targets import ME, SCOPES
from codespaces_registry_secrets.spec.validation import Complaint, Entry, mappings
from codespaces_registry_secrets.spec.yaml_document import Path


def complaints(entries: Sequence[tuple[int, Entry]], allowed: Allowed) -> Iterator[Complaint]:
    """Each server and owner that is not allowed, with paths from `registries` on."""
    for index, entry in entries:
        path: Path = ("registries", index)
        server = server_of(entry)
        if server is not None and not allows(allowed.servers, server):
            key = "server" if "server" in entry else "registry"
            yield (*path, key), refusal(server, "allowed-servers", allowed.servers)
        for number, target in mappings(entry.get("targets")):
            for place, owner in _owners(target):
                if not allows(allowed.owners, owner):
                    message = refusal(owner, "allowed-owners", allowed.owners)
                    yield (*path, "targets", number, *place), message


def _owners(target: Entry) -> Iterator[tuple[Path, str]]:
    """The owner of a target and of each repository that it lists.

    `@me` is nobody yet: GitHub tells whose the token is. What is excluded is on no list.
    """
    for scope in SCOPES.keys() & target.keys():
        if isinstance(target[scope], str) and target[scope] != ME:
            yield (scope,), str(target[scope]).partition("/")[0]
    chosen = target.get("repositories")
    if isinstance(chosen, dict) and chosen.get("mode") == "remove":
        return  # access is taken away from whoever has it
    listed = chosen.get("include") if isinstance(chosen, dict) else chosen
    for number, pattern in enumerate(listed if isinstance(listed, list) else ()):
        owner, slash, _ = str(pattern).rpartition("/")
        if slash:
            yield ("repositories", "include", number), owner
