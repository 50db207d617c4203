"""Read what decides about the secrets that a repository gets."""

from __future__ import annotations

from http import HTTPStatus

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.auth import GitHubClients
from codespaces_registry_secrets.model.repositories import RepositoryDetails
from codespaces_registry_secrets.model.targets import Repository


def read_details(name: str, clients: GitHubClients) -> RepositoryDetails:
    """Read a repository by its name or a former name.

    Raises:
        GitHubError: also if it does not exist, or the token cannot see it.
    """
    target = Repository(name)
    try:
        found = clients.for_target(target).get(
            target, f"/repos/{name}", schemas.RepositoryWithOwner
        )
    except GitHubError as error:
        if error.status != HTTPStatus.NOT_FOUND:
            raise
        message = f"{name}: no such repository, or the token cannot see it"
        raise GitHubError(message, error.status) from None
    is_organization = found.owner.type == "Organization"
    return RepositoryDetails(
        full_name=found.full_name,
        id=found.id,
        private=found.private,
        archived=found.archived,
        organization=found.owner.login if is_organization else None,
    )
