"""Authorization for issues and comments: of a public repository, everybody can read them."""

from __future__ import annotations

from github_sandbox.accounts import Account, Repository
from github_sandbox.authorization import (
    NOT_ADMIN,
    find_repository,
    find_role,
    not_accessible,
    require_not_archived,
)
from github_sandbox.errors import ApiError
from github_sandbox.routing import ApiRequest
from github_sandbox.tokens import Token


def authorize_access(request: ApiRequest[Token], permissions: tuple[str, ...]) -> Repository:
    """Authorize access to issues or comments of the repository in the path.

    Any one of `permissions` is enough.

    Raises:
        ApiError: 403 without a permission, and for a write to an archived repository.
    """
    repository, token = find_repository(request), request.caller
    level = "read" if request.method == "GET" else "write"
    granted = any(token.grants(permission, level) for permission in permissions)
    is_public_read = request.method == "GET" and not repository.private
    if token.kind == "classic":
        if "repo" not in token.scopes and not is_public_read:
            raise ApiError(403, NOT_ADMIN, headers={"X-Accepted-OAuth-Scopes": "repo"})
    elif not is_public_read and not (granted and token.owner == repository.owner.id):
        accepted = "; ".join(f"{permission}={level}" for permission in permissions)
        raise not_accessible(token, {"X-Accepted-GitHub-Permissions": accepted})
    require_not_archived(request, repository)
    return repository


def authorize_edit(request: ApiRequest[Token], author: Account) -> None:
    """Authorize an edit: by the author, or with write access to the repository."""
    token, owner = request.caller, find_repository(request).owner
    if not token.is_app and author.id != token.user and find_role(request, owner) != "owner":
        raise ApiError(403, NOT_ADMIN)
