"""Read and write Actions variables of the repository that runs the workflow.

Source: "REST API endpoints for GitHub Actions variables", docs.github.com.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.model.targets import Repository


@dataclass(frozen=True, eq=False)
class _ActionsVariables(Repository):
    """The Actions variables of a repository, which need another permission."""

    classic_scope = "repo"
    permission = "variables: write"
    not_found_reason = (
        "the repository does not exist, or the token cannot see it or lacks the permission "
        "`variables: write`"
    )


class Variables:
    """The Actions variables of one repository."""

    def __init__(self, clients: GitHubClients, repository: str) -> None:
        self._clients = clients
        self._target = _ActionsVariables(repository)
        self._url = f"/repos/{repository}/actions/variables"
        self._visible = False

    def read(self, name: str) -> str | None:
        """The value of a variable; None if it does not exist.

        GitHub also returns 404 if the token cannot see the repository. Only then is the list of all
        variables a 404 too, which is requested once.
        """
        client = self._clients.for_target(self._target)
        try:
            return client.get(self._target, f"{self._url}/{name}", schemas.Variable).value
        except GitHubError as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
        if not self._visible:
            client.get(self._target, f"{self._url}?per_page=1", schemas.Variables)
            self._visible = True
        return None

    def create(self, name: str, value: str) -> bool:
        """Create a variable; False if it exists, because another run created it."""
        client = self._clients.for_target(self._target)
        try:
            client.post(self._target, self._url, {"name": name, "value": value})
        except GitHubError as error:
            if error.status != HTTPStatus.CONFLICT:
                raise
            return False
        return True

    def update(self, name: str, value: str) -> None:
        """Replace the value of a variable that exists."""
        client = self._clients.for_target(self._target)
        client.patch(self._target, f"{self._url}/{name}", {"value": value})

    @property
    def time(self) -> datetime:
        """GitHub's time of the last response for the repository."""
        return self._clients.for_target(self._target).server_time
