"""Write Codespaces secrets: apply the steps of a change at a target."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property, partial
from typing import Any

from pydantic import SecretBytes

from codespaces_registry_secrets.errors import CancelledError, GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.observe import selected_repositories
from codespaces_registry_secrets.github.sealing import SealingKey, seal
from codespaces_registry_secrets.model.plan import Change, Step, Write
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.model.triplet import Part, secret_name


class SecretWriter:
    """Writes the secrets of one target. It reads the public key before it seals the first value."""

    def __init__(self, clients: GitHubClients, target: Target) -> None:
        self._clients = clients
        self._target = target
        self._set_writes: Callable[[tuple[Write, ...]], None] = lambda _: None
        self._writes: tuple[Write, ...] = ()
        self._key = SealingKey(self._fetch_key)

    def apply(
        self,
        change: Change,
        values: Mapping[Part, SecretBytes],
        set_writes: Callable[[tuple[Write, ...]], None],
    ) -> None:
        """Send the steps of a change in order. To apply a change twice is the same as once.

        `set_writes` is called with the writes that GitHub carried out, or might have: before each
        request with this one too, because its response can be lost, and again without it if GitHub
        rejected it.

        Raises:
            GitHubError: a step failed, or might have failed.
        """
        self._set_writes, self._writes = set_writes, ()
        for step in change.steps:
            name = secret_name(change.registry, step.part)
            if step.value:
                self._put_value(name, step, values)
            else:
                self._send_without_value(f"{self._target.url}/{name}", step)

    @cached_property
    def _client(self) -> GitHubClient:
        return self._clients.for_target(self._target)

    def _send_without_value(self, url: str, step: Step) -> None:
        """Delete the secret at `url`, or change its selected repositories and keep its value."""
        put, delete = self._client.put, self._client.delete
        if step.delete:
            self._send(step, delete, url)
        elif step.replace is not None:
            body = {"selected_repository_ids": step.replace}
            self._send(step, put, f"{url}/repositories", body)
        else:
            for repository in step.add:
                self._send(step, put, f"{url}/repositories/{repository}")
            for repository in step.remove:
                self._send(step, delete, f"{url}/repositories/{repository}")

    def _send(
        self, step: Step, method: Callable[..., datetime | None], url: str, *content: object
    ) -> None:
        write = Write(step.part, value=step.value, deleted=step.delete)
        self._set_writes((*self._writes, write))
        try:
            write = replace(write, at=method(self._target, url, *content))
        except (GitHubError, CancelledError) as error:
            maybe_applied = isinstance(error, GitHubError) and error.maybe_applied
            self._set_writes((*self._writes, write) if maybe_applied else self._writes)
            raise
        self._writes = (*self._writes, write)
        self._set_writes(self._writes)

    def _put_value(self, name: str, step: Step, values: Mapping[Part, SecretBytes]) -> None:
        """Send a value; seal it again if GitHub has changed the public key since it was read."""
        access = self._access(name, step)
        self._key.send(partial(self._put_sealed, name, step, access, values))

    def _put_sealed(
        self,
        name: str,
        step: Step,
        access: Mapping[str, Any],
        values: Mapping[Part, SecretBytes],
        key: schemas.PublicKey,
    ) -> None:
        sealed = seal(key.key, values[step.part])
        body = {"encrypted_value": sealed, "key_id": key.key_id, **access}
        url = f"{self._target.url}/{name}"
        self._send(step, self._client.put, url, body, [values[Part.PASSWORD]])

    def _access(self, name: str, step: Step) -> dict[str, Any]:
        """The visibility and selected repositories to send with a value.

        GitHub removes all selected repositories from a secret if a write leaves them out. A list
        that must not change is read right before the write: another run can have added to it.
        """
        if not self._target.has_list:
            return {}
        body: dict[str, Any] = {}
        if self._target.has_visibility:
            body["visibility"] = step.visibility
            if step.visibility != "selected":
                return body
        ids = step.replace if step.replace is not None else self._selected_ids(name, step)
        return {**body, "selected_repository_ids": ids}

    def _selected_ids(self, name: str, step: Step) -> list[int]:
        selected = selected_repositories(self._client, self._target, name)
        if not selected.complete:
            message = f"the selected repositories of {name} changed during the read; run again"
            raise GitHubError(message)
        ids = {repository.id for repository in selected.repositories}
        return sorted((ids | set(step.add)) - set(step.remove))

    def _fetch_key(self) -> schemas.PublicKey:
        url = f"{self._target.url}/public-key"
        return self._client.get(self._target, url, schemas.PublicKey)
