"""Carry out changes at one target, step by step."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cached_property, partial
from http.client import UNPROCESSABLE_ENTITY
from typing import Any

from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import CancelledError, GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.observe import selected_repositories
from codespaces_registry_secrets.model.plan import Change, Step
from codespaces_registry_secrets.model.targets import Target
from codespaces_registry_secrets.model.triplet import Part, secret_name


class SecretWriter:
    """Writes to one target. The public key is fetched when the first value is to be sealed."""

    def __init__(self, sessions: GitHubClients, target: Target) -> None:
        self._sessions = sessions
        self._target = target
        self._note: Callable[[bool], None] = lambda _: None
        self._wrote = False
        self._key: schemas.PublicKey | None = None

    def carry_out(
        self, change: Change, values: Mapping[Part, SecretBytes], note: Callable[[bool], None]
    ) -> None:
        """The steps of a change, in order. Done twice they leave the same as done once.

        `note` hears whether something was written: True before each request, which can land even
        where its answer is lost, and False where the first one was refused.

        Raises:
            GitHubError: a step is not done, or not known to be done.
        """
        self._note, self._wrote = note, False
        for step in change.steps:
            name = secret_name(change.registry, step.part)
            if step.value:
                self._put_value(name, step, values)
            else:
                self._without_value(f"{self._target.url}/{name}", step)

    @cached_property
    def _session(self) -> GitHubClient:
        return self._sessions.for_target(self._target)

    def _without_value(self, secret: str, step: Step) -> None:
        """Delete the secret at this URL, or change its list and leave its value."""
        if step.delete:
            self._send(self._session.delete, secret)
        elif step.replace is not None:
            body = {"selected_repository_ids": step.replace}
            self._send(self._session.put, f"{secret}/repositories", body)
        else:
            for repository in step.add:
                self._send(self._session.put, f"{secret}/repositories/{repository}")
            for repository in step.remove:
                self._send(self._session.delete, f"{secret}/repositories/{repository}")

    def _send(self, method: Callable[..., None], url: str, *content: object) -> None:
        self._note(True)
        try:
            method(self._target, url, *content)
        except (GitHubError, CancelledError) as error:
            self._note(self._wrote or (isinstance(error, GitHubError) and error.maybe_applied))
            raise
        self._wrote = True

    def _put_value(self, name: str, step: Step, values: Mapping[Part, SecretBytes]) -> None:
        """Send a value, sealed anew where GitHub changed its key since we fetched it."""
        access = self._access(name, step)
        key = self._public_key()
        put = partial(self._put_sealed, name, access, values[step.part], values[Part.PASSWORD])
        try:
            put(key)
        except GitHubError as error:
            if error.status != UNPROCESSABLE_ENTITY:
                raise
            self._key = None
            if self._public_key() == key:
                raise
            put(self._public_key())

    def _put_sealed(
        self,
        name: str,
        access: Mapping[str, Any],
        value: SecretBytes,
        password: SecretBytes,
        key: schemas.PublicKey,
    ) -> None:
        body = {"encrypted_value": seal(key.key, value), "key_id": key.key_id, **access}
        self._send(self._session.put, f"{self._target.url}/{name}", body, [password])

    def _access(self, name: str, step: Step) -> dict[str, Any]:
        """Visibility and list, always sent along: GitHub empties a list that is left out.

        A list that is to stay is read again right before: another run may have joined it since.
        """
        if not self._target.has_list:
            return {}
        body: dict[str, Any] = {}
        if self._target.has_visibility:
            body["visibility"] = step.visibility
            if step.visibility != "selected":
                return body
        ids = step.replace if step.replace is not None else self._list_now(name, step)
        return {**body, "selected_repository_ids": ids}

    def _list_now(self, name: str, step: Step) -> list[int]:
        there = selected_repositories(self._session, self._target, name)
        if not there.complete:
            message = f"the list of {name} changed while it was read; run again"
            raise GitHubError(message)
        ids = {repo.id for repo in there.repositories}
        return sorted((ids | set(step.add)) - set(step.remove))

    def _public_key(self) -> schemas.PublicKey:
        if self._key is None:
            url = f"{self._target.url}/public-key"
            self._key = self._session.get(self._target, url, schemas.PublicKey)
        return self._key


def seal(public_key: str, value: SecretBytes) -> str:
    """A libsodium sealed box as padded base64: 48 bytes more than the value before encoding.

    Source: "Encrypting secrets for the REST API", docs.github.com.
    """
    box = SealedBox(PublicKey(public_key.encode(), Base64Encoder))
    return b64encode(box.encrypt(value.get_secret_value())).decode()
