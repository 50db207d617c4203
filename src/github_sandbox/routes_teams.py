"""Endpoints for teams and their repositories, and for the organizations of the token's user.

Source: docs.github.com/rest/teams/teams and docs.github.com/rest/orgs/orgs. What a token without
access gets was observed on github.com: see each function.
"""

from __future__ import annotations

from github_sandbox.accounts import Account
from github_sandbox.authorization import (
    NOT_ADMIN,
    PermissionRule,
    filter_listed,
    find_organization,
    find_role,
    find_user,
    not_accessible,
    require_permission,
)
from github_sandbox.errors import ApiError, not_found
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import (
    ORGANIZATION_LINKS,
    WEB,
    format_time,
    id_fields,
    link_fields,
    minimal_repository,
    organization_full,
)
from github_sandbox.secret_validation import read_string
from github_sandbox.tokens import Token

TEAMS = "/orgs/{organization}/teams"
TEAM_REPOSITORIES = "/orgs/{organization}/teams/{slug}/repos"
TEAM_LINKS = {"members": "/members{/member}", "repositories": "/repos"}
TEAM_CHANGES = PermissionRule(("write:org", "admin:org"), "members", "read")
TEAM_SCOPES = ("read:org", "write:org", "admin:org")
ORGANIZATION_SCOPES = (*TEAM_SCOPES, "user")
MISSING_SCOPE = "You need at least read:org scope or user scope to list your organizations."


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    return [
        TokenRoute("GET", TEAMS, list_teams, "teams/teams"),
        TokenRoute("POST", TEAMS, create_team, "teams/teams"),
        TokenRoute("DELETE", f"{TEAMS}/{{slug}}", delete_team, "teams/teams"),
        TokenRoute("GET", TEAM_REPOSITORIES, list_team_repositories, "teams/teams"),
        TokenRoute("GET", "/user/orgs", list_own_organizations, "orgs/orgs"),
    ]


def list_teams(request: ApiRequest[Token]) -> ApiResponse:
    """List the teams of an organization."""
    organization = find_organization(request)
    authorize_team(request, organization)
    page, headers = request.paginate(request.world.teams(organization))
    return ApiResponse(200, [render_team(request, slug) for slug in page], headers)


def create_team(request: ApiRequest[Token]) -> ApiResponse:
    """Create a secret team without members and repositories; its slug is its name."""
    organization = find_organization(request)
    require_permission(request, TEAM_CHANGES, organization, role_message=NOT_ADMIN)
    name, owned = (
        read_string(request.body, "name", "Team"),
        request.world.repositories(organization),
    )
    request.world.add_team(organization.login, name)
    full: JsonObject = {
        "members_count": 0,
        "repos_count": 0,
        "created_at": format_time(request.world.now()),
        "updated_at": format_time(request.world.now()),
        "organization": organization_full(organization, request.base_url, owned),
    }
    return ApiResponse(201, {**render_team(request, name.lower()), **full})


def delete_team(request: ApiRequest[Token]) -> ApiResponse:
    """Delete a team.

    Raises:
        ApiError: 404 if it does not exist.
    """
    organization, slug = find_organization(request), request.params["slug"]
    require_permission(request, TEAM_CHANGES, organization, role_message=NOT_ADMIN)
    if request.world.team_repositories(organization, slug) is None:
        raise not_found()
    request.world.delete_team(organization, slug)
    return ApiResponse(204)


def render_team(request: ApiRequest[Token], slug: str) -> JsonObject:
    """`team`: an item of a list."""
    organization = find_organization(request)
    url = f"{request.base_url}/orgs/{organization.login}/teams/{slug}"
    return {
        **id_fields("T", team_id(slug)),
        **link_fields(url, TEAM_LINKS),
        "name": slug,
        "slug": slug,
        "description": None,
        "privacy": "secret",
        "permission": "pull",
        "url": url,
        "html_url": f"{WEB}/orgs/{organization.login}/teams/{slug}",
        "parent": None,
        "type": "organization",
        "organization_id": organization.id,
    }


def team_id(slug: str) -> int:
    """A number for a team, which the world knows by its slug only."""
    return int.from_bytes(slug.encode()[:6], "big")


def list_team_repositories(request: ApiRequest[Token]) -> ApiResponse:
    """List the repositories of a team that the token can see.

    Raises:
        ApiError: 404 if the team does not exist.
    """
    organization = find_organization(request)
    authorize_team(request, organization)
    repositories = request.world.team_repositories(organization, request.params["slug"])
    if repositories is None:
        raise not_found()
    listed, sso_header = filter_listed(request, repositories)
    page, link_header = request.paginate(listed)
    body = [minimal_repository(repository, request.base_url) for repository in page]
    return ApiResponse(200, body, {**link_header, **sso_header})


def authorize_team(request: ApiRequest[Token], organization: Account) -> None:
    """Authorize reading the teams of an organization, which its members can read.

    Raises:
        ApiError: 404 for a classic token without the scope and for users who are no members; 403
            for another token without the permission `members`.
    """
    token = request.caller
    if token.kind == "classic":
        if not set(TEAM_SCOPES) & set(token.scopes):
            raise ApiError(404, "Not Found", headers=accepted_scopes(TEAM_SCOPES))
    elif not token.grants("members", "read") or token.owner != organization.id:
        raise not_accessible(token, {"X-Accepted-GitHub-Permissions": "members=read"})
    if not token.is_app and find_role(request, organization) is None:
        raise not_found()


def list_own_organizations(request: ApiRequest[Token]) -> ApiResponse:
    """List the organizations of the token's user; a fine-grained token gets an empty list.

    Raises:
        ApiError: 403 for a token of an App, and for a classic token without the scope.
    """
    find_user(request)
    token, world = request.caller, request.world
    if token.kind != "classic":
        return ApiResponse(200, [])
    if not set(ORGANIZATION_SCOPES) & set(token.scopes):
        raise ApiError(403, MISSING_SCOPE, headers=accepted_scopes(ORGANIZATION_SCOPES))
    joined = [
        account
        for account in world.accounts()
        if account.kind == "Organization" and find_role(request, account)
    ]
    omitted = [str(account.id) for account in joined if world.lacks_sso(token, account)]
    page, headers = request.paginate([item for item in joined if str(item.id) not in omitted])
    if omitted:
        partial_results = f"partial-results; organizations={','.join(omitted)}"
        headers |= {"X-GitHub-SSO": partial_results}
    return ApiResponse(200, [render(account, request.base_url) for account in page], headers)


def accepted_scopes(scopes: tuple[str, ...]) -> dict[str, str]:
    """Build the header that names the scopes of an endpoint."""
    return {"X-Accepted-OAuth-Scopes": ", ".join(sorted(scopes))}


def render(organization: Account, base_url: str) -> JsonObject:
    """`organization-simple`: an item of a list."""
    url = f"{base_url}/orgs/{organization.login}"
    return {
        **id_fields("O", organization.id),
        **link_fields(url, ORGANIZATION_LINKS),
        "login": organization.login,
        "url": url,
        "avatar_url": f"{WEB}/{organization.login}.png",
        "description": None,
    }
