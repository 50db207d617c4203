"""Carry out the steps of one triplet at one target, in order."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from nacl.encoding import Base64Encoder
from nacl.public import PublicKey, SealedBox
from pydantic import SecretBytes

from codespaces_registry_secrets.change import Step
from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import answers
from codespaces_registry_secrets.github.observe import selected_repositories
from codespaces_registry_secrets.github.session import Session
from codespaces_registry_secrets.targets import Target
from codespaces_registry_secrets.triplet import Part, secret_name


class Writer:
    """Writes to one target. The public key is fetched when the first value is to be sealed."""

    def __init__(self, session: Session, target: Target) -> None:
        self._session = session
        self._target = target
        self._key: answers.PublicKey | None = None

    def carry_out(self, registry: str, step: Step, values: Mapping[Part, SecretBytes]) -> None:
        """One step. Done twice it leaves the same as done once.

        Raises:
            GitHubError: the step is not done; it may be after a connection that broke off.
        """
        name = secret_name(registry, step.part)
        if step.delete:
            self._session.delete(self._target, f"{self._target.url}/{name}")
        elif step.value:
            self._put_value(name, step, values[step.part])
        elif step.replace is not None:
            body = {"selected_repository_ids": step.replace}
            self._session.put(self._target, f"{self._target.url}/{name}/repositories", body)
        else:
            listed = f"{self._target.url}/{name}/repositories"
            for repository in step.add:
                self._session.put(self._target, f"{listed}/{repository}")
            for repository in step.remove:
                self._session.delete(self._target, f"{listed}/{repository}")

    def _put_value(self, name: str, step: Step, value: SecretBytes) -> None:
        """Send a value, sealed anew where GitHub changed its key since we fetched it."""
        access = self._access(name, step)
        key = self._public_key()
        try:
            self._put_sealed(name, access, key, value)
        except GitHubError as error:
            if error.status != HTTPStatus.UNPROCESSABLE_ENTITY:
                raise
            self._key = None
            if self._public_key() == key:
                raise
            self._put_sealed(name, access, self._public_key(), value)

    def _put_sealed(
        self, name: str, access: Mapping[str, Any], key: answers.PublicKey, value: SecretBytes
    ) -> None:
        body = {"encrypted_value": seal(key.key, value), "key_id": key.key_id, **access}
        self._session.put(self._target, f"{self._target.url}/{name}", body)

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

    def _public_key(self) -> answers.PublicKey:
        if self._key is None:
            url = f"{self._target.url}/public-key"
            self._key = self._session.get(self._target, url, answers.PublicKey)
        return self._key


def seal(public_key: str, value: SecretBytes) -> str:
    """A libsodium sealed box as padded base64: 48 bytes more than the value before encoding.

    Source: "Encrypting secrets for the REST API", docs.github.com.
    """
    box = SealedBox(PublicKey(public_key.encode(), Base64Encoder))
    return b64encode(box.encrypt(value.get_secret_value())).decode()
