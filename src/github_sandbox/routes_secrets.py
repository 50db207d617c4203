"""Endpoints for Codespaces secrets; organization, repository and user share the handlers.

Source: docs.github.com/rest/codespaces, the pages on organization, repository and user secrets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from github_sandbox import schemas
from github_sandbox.accounts import Repository
from github_sandbox.authorization import (
    authorize_organization,
    authorize_repository,
    authorize_user,
    filter_listed,
    filter_visible,
)
from github_sandbox.errors import ApiError, invalid, not_found
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute, counted_list_response
from github_sandbox.secret_store import SecretStore, StoredSecret
from github_sandbox.secret_validation import (
    normalize_name,
    read_repository_ids,
    read_string,
    read_visibility,
)
from github_sandbox.tokens import Token
from github_sandbox.world import SecretScope

NOT_SELECTED = "The visibility of this secret is not set to selected."


@dataclass(frozen=True)
class SecretsRequest:
    """A request together with the scope that it is authorized for."""

    api: ApiRequest[Token]
    scope: SecretScope

    @property
    def store(self) -> SecretStore:
        """The secrets and the key pair of the scope."""
        return self.api.world.secret_store(self.scope)

    @property
    def list_url(self) -> str:
        """The URL of the scope's list of secrets."""
        return f"{self.api.url.split('/codespaces/secrets')[0]}/codespaces/secrets"

    def find_secret(self) -> StoredSecret:
        """Find the secret in the path, or raise 404."""
        secret = self.store.secrets.get(self.api.params["name"].upper())
        if secret is None:
            raise not_found()
        return secret

    def find_selected_secret(self) -> StoredSecret:
        """Find the secret in the path, or raise 409 unless its visibility is `selected`."""
        secret = self.find_secret()
        if secret.visibility != "selected":
            raise ApiError(409, NOT_SELECTED)
        return secret

    def render(self, secret: StoredSecret) -> JsonObject:
        """Render a secret; the lag never moves its `updated_at` before `created_at`."""
        lagging = max(secret.created_at, secret.updated_at - self.api.world.updated_at_lag)
        updated_at = min(secret.updated_at, lagging)
        return schemas.secret(replace(secret, updated_at=updated_at), self.list_url)

    def store_repositories(self, secret: StoredSecret, ids: Iterable[int]) -> ApiResponse:
        """Replace the selected repositories; `updated_at` does not change."""
        self.store.secrets[secret.name] = replace(secret, repositories=tuple(ids))
        return ApiResponse(204)

    def read_selected_ids(self, *, required: bool) -> tuple[int, ...]:
        """Read the repository ids in the body, or raise 422 if one cannot be selected."""
        ids = read_repository_ids(self.api.body, required=required)
        if not all(map(self.find_selectable, ids)):
            raise invalid("selected_repository_ids", "A repository id is not one of yours.")
        return ids

    def find_path_repository(self) -> Repository:
        """Find the repository in the path, or raise 404."""
        repository = self.find_selectable(self.api.path_id("repository_id"))
        if repository is None:
            raise not_found()
        return repository

    def find_selectable(self, repository_id: int) -> Repository | None:
        """The repository with this id; None if it cannot be selected in this scope."""
        repository = self.api.world.repository_by_id(repository_id)
        if repository is None or not self.api.world.can_see(self.api.caller, repository):
            return None
        is_foreign = self.scope.kind == "organization" and repository.owner.id != self.scope.id
        return None if is_foreign else repository


Handler = Callable[[SecretsRequest], ApiResponse]


def list_secrets(request: SecretsRequest) -> ApiResponse:
    """List the secrets by name."""
    secrets = request.store.secrets
    bodies = [request.render(secrets[name]) for name in sorted(secrets)]
    return counted_list_response(request.api, "secrets", bodies, len(bodies))


def get_public_key(request: SecretsRequest) -> ApiResponse:
    """Get the public key that clients seal values with."""
    return ApiResponse(200, {"key_id": request.store.key_id, "key": request.store.key})


def get_secret(request: SecretsRequest) -> ApiResponse:
    """Get a secret, without its value."""
    return ApiResponse(200, request.render(request.find_secret()))


def put_secret(request: SecretsRequest) -> ApiResponse:
    """Create or update a secret; without repository ids its selected repositories are cleared."""
    body = request.api.body
    name = normalize_name(request.api.params["name"])
    visibility = read_visibility(body, request.scope.kind)
    encrypted_value, key_id = read_string(body, "encrypted_value"), read_string(body, "key_id")
    selected_ids = () if visibility is None else request.read_selected_ids(required=False)
    if selected_ids and visibility != "selected":
        raise invalid("selected_repository_ids", NOT_SELECTED)
    value = request.store.decrypt(encrypted_value, key_id)
    old, now = request.store.secrets.get(name), request.api.world.now()
    created_at = old.created_at if old else now
    secret = StoredSecret(name, value, created_at, now, visibility, selected_ids)
    return ApiResponse(201, {}) if request.store.put(secret) else ApiResponse(204)


def delete_secret(request: SecretsRequest) -> ApiResponse:
    """Delete a secret."""
    del request.store.secrets[request.find_secret().name]
    return ApiResponse(204)


def list_repositories(request: SecretsRequest) -> ApiResponse:
    """List the selected repositories that the token can see.

    The count includes those that it cannot see, but not those that lists leave out for it. Deleted
    repositories are gone.
    """
    api, world = request.api, request.api.world
    ids = request.find_secret().repositories
    repositories = list(filter(None, map(world.repository_by_id, ids)))
    visible = filter_visible(api, repositories)
    total = len(repositories) - sum(
        world.omits_from_lists(api.caller, repository) for repository in visible
    )
    listed, sso_header = filter_listed(api, visible)
    bodies = [schemas.minimal_repository(repository, api.base_url) for repository in listed]
    response = counted_list_response(api, "repositories", bodies, total)
    return replace(response, headers={**response.headers, **sso_header})


def set_repositories(request: SecretsRequest) -> ApiResponse:
    """Replace the selected repositories."""
    secret = request.find_selected_secret()
    return request.store_repositories(secret, request.read_selected_ids(required=True))


def add_repository(request: SecretsRequest) -> ApiResponse:
    """Add one selected repository."""
    secret = request.find_selected_secret()
    ids = dict.fromkeys((*secret.repositories, request.find_path_repository().id))
    return request.store_repositories(secret, ids)


def remove_repository(request: SecretsRequest) -> ApiResponse:
    """Remove one selected repository."""
    secret, removed_id = request.find_selected_secret(), request.find_path_repository().id
    ids = (id_ for id_ in secret.repositories if id_ != removed_id)
    return request.store_repositories(secret, ids)


# (method, path below the scope's secrets, handler)
SECRET_ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "", list_secrets),
    ("GET", "/public-key", get_public_key),
    ("GET", "/{name}", get_secret),
    ("PUT", "/{name}", put_secret),
    ("DELETE", "/{name}", delete_secret),
)
REPOSITORY_ENDPOINTS: tuple[tuple[str, str, Handler], ...] = (
    ("GET", "/{name}/repositories", list_repositories),
    ("PUT", "/{name}/repositories", set_repositories),
    ("PUT", "/{name}/repositories/{repository_id}", add_repository),
    ("DELETE", "/{name}/repositories/{repository_id}", remove_repository),
)
# (path of the scope, function that authorizes it, its name in the URL of its documentation)
SCOPES: tuple[tuple[str, Callable[[ApiRequest[Token]], SecretScope], str], ...] = (
    ("/orgs/{organization}", authorize_organization, "organization"),
    ("/repos/{owner}/{repository}", authorize_repository, "repository"),
    ("/repositories/{repository_id}", authorize_repository, "repository"),
    ("/user", authorize_user, "user"),
)


def routes() -> list[TokenRoute]:
    """The endpoints of all scopes; a repository's own secrets have no selected repositories."""
    return [
        TokenRoute(
            method,
            f"{prefix}/codespaces/secrets{tail}",
            authorize_first(authorize, handler),
            f"codespaces/{name}-secrets",
        )
        for prefix, authorize, name in SCOPES
        for method, tail, handler in SECRET_ENDPOINTS
        + (() if name == "repository" else REPOSITORY_ENDPOINTS)
    ]


def authorize_first(
    authorize: Callable[[ApiRequest[Token]], SecretScope], handler: Handler
) -> Callable[[ApiRequest[Token]], ApiResponse]:
    """Create a handler that authorizes the scope before it handles the request."""
    return lambda request: handler(SecretsRequest(request, authorize(request)))
