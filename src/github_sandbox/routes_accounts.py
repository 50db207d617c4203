"""Endpoints for users, organizations and repositories, read-only.

Source: docs.github.com/rest, the pages on users, organizations and repositories.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from github_sandbox import schemas
from github_sandbox.accounts import Account, Repository
from github_sandbox.authorization import (
    authorize_custom_properties,
    filter_listed,
    find_organization,
    find_repository,
    find_role,
    find_user,
)
from github_sandbox.errors import invalid, not_found
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.tokens import Token

PROPERTY_VALUES = "/orgs/{organization}/properties/values"
# The types that filter a list. The sandbox has no forks.
TYPE_FILTERS: dict[str, Callable[[Repository], bool]] = {
    "public": lambda repository: not repository.private,
    "private": lambda repository: repository.private,
    "forks": lambda _: False,
}
# The affiliations that `type` selects in a user's own list. The sandbox has no collaborators.
AFFILIATIONS_BY_TYPE = {"owner": "owner", "member": "collaborator,organization_member"}
ALL_AFFILIATIONS = "owner,collaborator,organization_member"


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    return [
        TokenRoute("GET", "/user", get_user, "users/users"),
        TokenRoute("GET", "/user/repos", list_own_repositories, "repos/repos"),
        TokenRoute("GET", "/users/{login}", get_account, "users/users"),
        TokenRoute("GET", "/users/{login}/repos", list_public_repositories, "repos/repos"),
        TokenRoute("GET", "/orgs/{organization}", get_organization, "orgs/orgs"),
        TokenRoute("GET", "/orgs/{organization}/repos", list_repositories, "repos/repos"),
        TokenRoute("GET", PROPERTY_VALUES, list_property_values, "orgs/custom-properties"),
        TokenRoute("GET", "/repos/{owner}/{repository}", get_repository, "repos/repos"),
        TokenRoute("GET", "/repositories/{repository_id}", get_repository, "repos/repos"),
    ]


def get_user(request: ApiRequest[Token]) -> ApiResponse:
    """Get the user that the token acts for; 403 for an App's token."""
    account = find_user(request)
    owned = request.world.repositories(account)
    return ApiResponse(200, schemas.private_user(account, request.base_url, owned))


def get_account(request: ApiRequest[Token]) -> ApiResponse:
    """Get the public profile of any account."""
    account = request.world.find_account(request.params["login"])
    if account is None:
        raise not_found()
    owned = request.world.repositories(account)
    return ApiResponse(200, schemas.public_user(account, request.base_url, owned))


def get_organization(request: ApiRequest[Token]) -> ApiResponse:
    """Get an organization; only its owners get the plan."""
    account = find_organization(request)
    owned = request.world.repositories(account)
    body = schemas.organization_full(account, request.base_url, owned)
    if find_role(request, account) == "owner":
        body |= schemas.organization_plan(account)
    return ApiResponse(200, body)


def list_repositories(request: ApiRequest[Token]) -> ApiResponse:
    """List an organization's repositories that the token can see, newest first."""
    account = find_organization(request)
    is_included = TYPE_FILTERS.get(request.query.get("type", "all"), bool)
    repositories = filter(is_included, request.world.repositories(account))
    return list_response(request, repositories, render_minimal(request))


def list_public_repositories(request: ApiRequest[Token]) -> ApiResponse:
    """List the public repositories that an account owns, by name."""
    account = request.world.find_account(request.params["login"])
    if account is None:
        raise not_found()
    public = filter(TYPE_FILTERS["public"], request.world.repositories(account))
    return list_response(request, sorted(public, key=sort_key), render_minimal(request))


def list_own_repositories(request: ApiRequest[Token]) -> ApiResponse:
    """List the repositories of the token's user and of the user's organizations, by name."""
    user, kind = find_user(request), request.query.get("type", "all")
    if "type" in request.query and {"affiliation", "visibility"} & set(request.query):
        why = "If you specify visibility or affiliation, you cannot specify type."
        raise invalid("type", why, resource="Repository")
    default = AFFILIATIONS_BY_TYPE.get(kind, ALL_AFFILIATIONS)
    affiliations = request.query.get("affiliation", default).split(",")
    is_included = TYPE_FILTERS.get(request.query.get("visibility", kind), bool)
    repositories = [
        repository
        for account in request.world.accounts()
        if find_affiliation(request, account, user) in affiliations
        for repository in filter(is_included, request.world.repositories(account))
    ]
    return list_response(
        request,
        sorted(repositories, key=sort_key),
        lambda repository: schemas.full_repository(repository, request.base_url),
    )


def find_affiliation(request: ApiRequest[Token], account: Account, user: Account) -> str | None:
    """The affiliation of a user with the repositories of an account; None without one."""
    if account == user:
        return "owner"
    return "organization_member" if find_role(request, account) else None


def sort_key(repository: Repository) -> str:
    """The key that sorts the lists of users: the full name, case-insensitive."""
    return repository.full_name.lower()


def list_property_values(request: ApiRequest[Token]) -> ApiResponse:
    """List an organization's repositories that the token can see, with their properties.

    Source: docs.github.com/rest/orgs/custom-properties; `repository_query` is ignored.
    """
    world, account = request.world, authorize_custom_properties(request)
    return list_response(
        request,
        world.repositories(account),
        lambda repository: schemas.property_values(repository, world.properties(repository)),
    )


def get_repository(request: ApiRequest[Token]) -> ApiResponse:
    """Get one repository."""
    return ApiResponse(200, schemas.full_repository(find_repository(request), request.base_url))


def list_response(
    request: ApiRequest[Token],
    repositories: Iterable[Repository],
    render: Callable[[Repository], JsonObject],
) -> ApiResponse:
    """Respond with a page of the repositories that lists show to the token."""
    listed, sso_header = filter_listed(request, repositories)
    page, link_header = request.paginate(listed)
    body = [render(repository) for repository in page]
    return ApiResponse(200, body, {**link_header, **sso_header})


def render_minimal(request: ApiRequest[Token]) -> Callable[[Repository], JsonObject]:
    """Create the function that renders a repository as an item of most lists."""
    return lambda repository: schemas.minimal_repository(repository, request.base_url)
