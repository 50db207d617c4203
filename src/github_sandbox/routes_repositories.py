"""Endpoints that create, change and delete repositories of an organization.

Source: docs.github.com/rest/repos/repos. Only the name and the archival can be changed.
"""

from __future__ import annotations

from github_sandbox import schemas
from github_sandbox.accounts import Repository
from github_sandbox.authorization import (
    ARCHIVED,
    NOT_ADMIN,
    PermissionRule,
    find_organization,
    find_repository,
    require_permission,
)
from github_sandbox.errors import ApiError, invalid
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.secret_validation import read_string
from github_sandbox.tokens import Token

ADMINISTRATION = PermissionRule(("repo",), "administration", "read")
DELETION = PermissionRule(("delete_repo",), "administration", "read")
PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    docs = "repos/repos"
    return [
        TokenRoute("POST", "/orgs/{organization}/repos", create_repository, docs),
        *(TokenRoute("PATCH", prefix, update_repository, docs) for prefix in PREFIXES),
        *(TokenRoute("DELETE", prefix, delete_repository, docs) for prefix in PREFIXES),
    ]


def create_repository(request: ApiRequest[Token]) -> ApiResponse:
    """Create a repository of an organization.

    Raises:
        ApiError: 422 if the name is taken.
    """
    organization = find_organization(request)
    require_permission(request, ADMINISTRATION, organization, role_message=NOT_ADMIN)
    full_name = f"{organization.login}/{read_string(request.body, 'name', 'Repository')}"
    require_free_name(request, full_name)
    private = bool(request.body.get("private", False))
    repository = request.world.add_repository(full_name, private=private)
    return render(request, 201, repository)


def update_repository(request: ApiRequest[Token]) -> ApiResponse:
    """Rename or archive a repository.

    Raises:
        ApiError: 403 if it is archived, 422 if the name is taken.
    """
    repository, world = find_administered(request, ADMINISTRATION), request.world
    if repository.archived and request.body.get("archived") is not False:
        raise ApiError(403, ARCHIVED)
    if "name" in request.body:
        name = read_string(request.body, "name", "Repository")
        full_name = f"{repository.owner.login}/{name}"
        require_free_name(request, full_name)
        repository = world.rename(repository.full_name, full_name)
    if "archived" in request.body:
        repository = world.archive(
            repository.full_name, archived=bool(request.body.get("archived"))
        )
    return render(request, 200, repository)


def delete_repository(request: ApiRequest[Token]) -> ApiResponse:
    """Delete a repository, archived or not."""
    request.world.delete_repository(find_administered(request, DELETION).full_name)
    return ApiResponse(204)


def find_administered(request: ApiRequest[Token], rule: PermissionRule) -> Repository:
    """Find the repository in the path, and authorize changes of it."""
    repository = find_repository(request)
    require_permission(request, rule, repository.owner, role_message=NOT_ADMIN)
    return repository


def require_free_name(request: ApiRequest[Token], full_name: str) -> None:
    """Raise 422 if a repository has this name."""
    if request.world.find_repository(full_name) is not None:
        raise invalid("name", "name already exists on this account", resource="Repository")


def render(request: ApiRequest[Token], status: int, repository: Repository) -> ApiResponse:
    """Respond with a repository."""
    return ApiResponse(status, schemas.full_repository(repository, request.base_url))
