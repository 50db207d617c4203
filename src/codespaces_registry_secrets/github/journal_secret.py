"""Write the journal of a generated credential into an Actions secret.

GitHub never returns the value: the workflow hands it to the step.
Source: "REST API endpoints for GitHub Actions Secrets", docs.github.com.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from http import HTTPStatus

from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.sealing import SealingKey, seal
from codespaces_registry_secrets.model.targets import Repository


@dataclass(frozen=True, eq=False)
class _ActionsSecrets(Repository):
    """The Actions secrets of a repository, which need another permission."""

    classic_scope = "repo"
    permission = "secrets: write"
    not_found_reason = (
        "the repository does not exist, or the token cannot see it or lacks the permission "
        "`secrets: write`"
    )


class JournalSecret:
    """One Actions secret of `repository`, which runs the workflow."""

    def __init__(self, clients: GitHubClients, repository: str, name: str) -> None:
        self._clients = clients
        self._target = _ActionsSecrets(repository)
        self._url = f"/repos/{repository}/actions/secrets"
        self._name = name
        self._key = SealingKey(self._fetch_key)

    @property
    def has_repository(self) -> bool:
        """Whether the repository that runs the workflow is known."""
        return bool(self._target.name)

    def exists(self) -> bool:
        """Whether the secret exists.

        GitHub also returns 404 if the token cannot see the repository. Only then is the public key
        a 404 too.

        Raises:
            GitHubError: it is not known.
        """
        try:
            self._client.get(self._target, f"{self._url}/{self._name}", schemas.Secret)
        except GitHubError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            self._key.read()
            return False
        return True

    def write(self, value: SecretBytes) -> None:
        """Create or replace the value.

        Raises:
            GitHubError: it was not written, or might not have been.
        """
        self._key.send(partial(self._put, value))

    def _put(self, value: SecretBytes, key: schemas.PublicKey) -> None:
        body = {"encrypted_value": seal(key.key, value), "key_id": key.key_id}
        self._client.put(self._target, f"{self._url}/{self._name}", body, [value])

    def _fetch_key(self) -> schemas.PublicKey:
        return self._client.get(self._target, f"{self._url}/public-key", schemas.PublicKey)

    @property
    def _client(self) -> GitHubClient:
        return self._clients.for_target(self._target)

    @property
    def time(self) -> datetime:
        """GitHub's time of the last response for the repository.

        Raises:
            GitHubError: there is none.
        """
        self._key.read()  # before the first response, the client has the time of the runner
        return self._client.server_time
