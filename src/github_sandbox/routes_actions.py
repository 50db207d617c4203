"""Endpoints for the Actions secrets of a repository; those of its organization are read-only.

Source: docs.github.com/rest/actions/secrets.
"""

from __future__ import annotations

from github_sandbox import schemas
from github_sandbox.authorization import authorize_actions_secrets
from github_sandbox.errors import not_found
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute, counted_list_response
from github_sandbox.secret_store import ActionsSecret, put_limited
from github_sandbox.secret_validation import normalize_name, read_string
from github_sandbox.tokens import Token
from github_sandbox.world import SecretScope

REPOSITORY_PREFIXES = ("/repos/{owner}/{repository}", "/repositories/{repository_id}")


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    endpoints = (
        ("GET", "/actions/secrets", list_secrets),
        ("GET", "/actions/secrets/public-key", get_public_key),
        ("GET", "/actions/secrets/{name}", get_secret),
        ("PUT", "/actions/secrets/{name}", put_secret),
        ("DELETE", "/actions/secrets/{name}", delete_secret),
        ("GET", "/actions/organization-secrets", list_organization_secrets),
    )
    return [
        TokenRoute(method, f"{prefix}{tail}", handler, "actions/secrets")
        for prefix in REPOSITORY_PREFIXES
        for method, tail, handler in endpoints
    ]


def list_secrets(request: ApiRequest[Token]) -> ApiResponse:
    """List the repository's own secrets, by name."""
    secrets = request.world.actions_secrets(authorize_scope(request))
    bodies = [schemas.actions_secret(secrets[name]) for name in sorted(secrets)]
    return counted_list_response(request, "secrets", bodies, len(bodies))


def get_public_key(request: ApiRequest[Token]) -> ApiResponse:
    """Get the public key that clients seal values with."""
    key = request.world.actions_key(authorize_scope(request))
    return ApiResponse(200, {"key_id": key.key_id, "key": key.key})


def get_secret(request: ApiRequest[Token]) -> ApiResponse:
    """Get one of the repository's own secrets, without its value."""
    return ApiResponse(200, schemas.actions_secret(find_secret(request)))


def put_secret(request: ApiRequest[Token]) -> ApiResponse:
    """Create or update a secret."""
    scope, body = authorize_scope(request), request.body
    name = normalize_name(request.params["name"])
    encrypted_value, key_id = read_string(body, "encrypted_value"), read_string(body, "key_id")
    value = request.world.actions_key(scope).decrypt(encrypted_value, key_id)
    secrets, now = request.world.actions_secrets(scope), request.world.now()
    created_at = secrets[name].created_at if name in secrets else now
    secret = ActionsSecret(name, created_at, now, None, value)
    return ApiResponse(201, {}) if put_limited(secrets, name, secret) else ApiResponse(204)


def delete_secret(request: ApiRequest[Token]) -> ApiResponse:
    """Delete a secret."""
    scope = authorize_scope(request)
    del request.world.actions_secrets(scope)[find_secret(request).name]
    return ApiResponse(204)


def authorize_scope(request: ApiRequest[Token]) -> SecretScope:
    """The scope of the repository in the path."""
    return SecretScope("repository", authorize_actions_secrets(request).id)


def find_secret(request: ApiRequest[Token]) -> ActionsSecret:
    """Find the secret in the path, or raise 404."""
    secrets = request.world.actions_secrets(authorize_scope(request))
    secret = secrets.get(request.params["name"].upper())
    if secret is None:
        raise not_found()
    return secret


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
