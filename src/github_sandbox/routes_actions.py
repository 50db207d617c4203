"""Endpoints for the Actions secrets that a repository's workflows can use, read-only.

Source: docs.github.com/rest/actions/secrets.
"""

from __future__ import annotations

from github_sandbox import schemas
from github_sandbox.authorization import authorize_actions_secrets
from github_sandbox.errors import not_found
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute, counted_list_response
from github_sandbox.tokens import Token
from github_sandbox.world import SecretScope

REPOSITORY_PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("/actions/secrets/{name}", get_secret),
        ("/actions/organization-secrets", list_organization_secrets),
    )
    return [
        TokenRoute("GET", f"{prefix}{tail}", handler, "actions/secrets")
        for prefix in REPOSITORY_PREFIXES
        for tail, handler in endpoints
    ]


def get_secret(request: ApiRequest[Token]) -> ApiResponse:
    """Get one of the repository's own secrets, without its value."""
    scope = SecretScope("repository", authorize_actions_secrets(request).id)
    secret = request.world.actions_secrets(scope).get(request.params["name"].upper())
    if secret is None:
        raise not_found()
    return ApiResponse(200, schemas.actions_secret(secret))


def list_organization_secrets(request: ApiRequest[Token]) -> ApiResponse:
    """List the organization's secrets that are available to this repository, by name."""
    repository = authorize_actions_secrets(request)
    secrets = request.world.actions_secrets(SecretScope("organization", repository.owner.id))
    bodies = [
        schemas.actions_secret(secrets[name])
        for name in sorted(secrets)
        if secrets[name].is_available_to(repository.id)
    ]
    return counted_list_response(request, "secrets", bodies, len(bodies))
