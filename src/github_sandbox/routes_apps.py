"""Endpoints for GitHub Apps: installations, and their tokens in exchange for a JWT.

Source: docs.github.com/rest/apps and "Generating a JSON Web Token (JWT) for a GitHub App".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import jwt

from github_sandbox import schemas
from github_sandbox.accounts import Account, Repository, utc_now
from github_sandbox.authorization import redirect
from github_sandbox.errors import ApiError, not_found
from github_sandbox.routing import ApiRequest, ApiResponse, AppRoute
from github_sandbox.tokens import LEVELS, App, Installation
from github_sandbox.world import World

ACCESS_TOKENS = "/app/installations/{installation_id}/access_tokens"
MAX_JWT_LIFETIME = timedelta(minutes=10)
NOT_GRANTED = "The permissions requested are not granted to this installation."
NOT_INSTALLED = (
    "There is at least one repository that does not exist or is not accessible to the parent "
    "installation."
)


def routes() -> list[AppRoute]:
    """The endpoints that a JWT authenticates."""
    on_repository = "/repos/{owner}/{repository}/installation"
    by_id = "/repositories/{repository_id}/installation"
    return [
        AppRoute("GET", "/app/installations", list_installations, "apps/apps"),
        AppRoute("GET", "/orgs/{login}/installation", get_account_installation, "apps/apps"),
        AppRoute("GET", "/users/{login}/installation", get_account_installation, "apps/apps"),
        AppRoute("GET", on_repository, get_repository_installation, "apps/apps"),
        AppRoute("GET", by_id, get_repository_installation, "apps/apps"),
        AppRoute("POST", ACCESS_TOKENS, create_token, "apps/apps"),
    ]


def authenticate_app(world: World, credentials: str) -> App:
    """Verify a JWT: RS256, `iss` is the App's id, `iat` is past, `exp` is within 10 minutes.

    Raises:
        ApiError: 401 for an invalid JWT, 404 for an unknown App.
    """
    try:
        issuer = jwt.decode(credentials, options={"verify_signature": False})["iss"]
        app = world.app(int(issuer))
        if app is None:
            raise ApiError(404, "Integration not found")
        claims = jwt.decode(
            credentials,
            app.public_key_pem,
            algorithms=["RS256"],
            options={"require": ["exp", "iat"], "verify_iss": False},
        )
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError) as error:
        raise ApiError(401, "A JSON web token could not be decoded") from error
    if int(claims["exp"]) > (utc_now() + MAX_JWT_LIFETIME).timestamp():
        raise ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
    return app


def list_installations(request: ApiRequest[App]) -> ApiResponse:
    """List the installations of the App."""
    app = request.caller
    page, headers = request.paginate(app.installations)
    body = [schemas.installation(item, app, request.base_url) for item in page]
    return ApiResponse(200, body, headers)


def get_account_installation(request: ApiRequest[App]) -> ApiResponse:
    """Get the installation on an organization or a user."""
    return installation_response(request, request.world.find_account(request.params["login"]))


def get_repository_installation(request: ApiRequest[App]) -> ApiResponse:
    """Get the installation on a repository's owner; a former name redirects."""
    if "repository_id" in request.params:
        repository = request.world.repository_by_id(request.path_id("repository_id"))
        return installation_response(request, repository.owner if repository else None)
    full_name = "{owner}/{repository}".format_map(request.params)
    renamed = request.world.find_renamed(full_name)
    if renamed is not None:
        raise redirect(request, renamed)
    repository = request.world.find_repository(full_name)
    return installation_response(request, repository.owner if repository else None)


def installation_response(request: ApiRequest[App], account: Account | None) -> ApiResponse:
    """Respond with the installation on an account, or 404."""
    for installation in request.caller.installations:
        if installation.account == account:
            body = schemas.installation(installation, request.caller, request.base_url)
            return ApiResponse(200, body)
    raise not_found()


def create_token(request: ApiRequest[App]) -> ApiResponse:
    """Issue an installation token with the requested part of the installation's access.

    Raises:
        ApiError: 404 for an unknown installation, 403 for a suspended one.
    """
    installation_id = request.path_id("installation_id")
    installation = next(
        (item for item in request.caller.installations if item.id == installation_id), None
    )
    if installation is None:
        raise not_found()
    if installation.suspended_at is not None:
        raise ApiError(403, "This installation has been suspended")
    repositories = read_repositories(request, installation)
    ids = frozenset(repository.id for repository in repositories) or None
    permissions = read_permissions(request, installation)
    value, token, expires = request.world.issue_installation_token(installation, permissions, ids)
    bodies = [schemas.full_repository(repository, request.base_url) for repository in repositories]
    return ApiResponse(201, schemas.installation_token(value, token, expires, bodies))


def read_permissions(request: ApiRequest[App], installation: Installation) -> dict[str, str]:
    """Read the requested permissions; all of the installation's if none are requested.

    Raises:
        ApiError: 422 if the installation lacks one.
    """
    requested = request.body.get("permissions")
    if not isinstance(requested, Mapping) or not requested:
        return dict(installation.permissions)
    granted = installation.permissions
    for name, level in requested.items():
        if level not in LEVELS[: LEVELS.index(granted[name]) + 1 if name in granted else 0]:
            raise ApiError(422, NOT_GRANTED)
    return {name: str(level) for name, level in requested.items()}


def read_repositories(request: ApiRequest[App], installation: Installation) -> list[Repository]:
    """Read the requested repositories, by name or id.

    Raises:
        ApiError: 422 if one does not belong to the account of the installation.
    """
    names, ids = request.body.get("repositories", []), request.body.get("repository_ids", [])
    if not isinstance(names, list) or not isinstance(ids, list):
        raise ApiError(422, NOT_INSTALLED)
    owned = {
        repository.name.lower(): repository
        for repository in request.world.repositories(installation.account)
    }
    lowered = {str(name).lower() for name in names}
    owned_ids = [repository.id for repository in owned.values()]
    if not lowered <= set(owned) or not all(id_ in owned_ids for id_ in ids):
        raise ApiError(422, NOT_INSTALLED)
    return [
        repository for name, repository in owned.items() if name in lowered or repository.id in ids
    ]
