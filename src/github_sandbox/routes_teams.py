"""Endpoints for the repositories of a team, and for the organizations of the token's user.

Source: docs.github.com/rest/teams/teams and docs.github.com/rest/orgs/orgs. What a token without
access gets was observed on github.com: see each function.
"""

from __future__ import annotations

from github_sandbox.accounts import Account
from github_sandbox.authorization import (
    filter_listed,
    find_organization,
    find_role,
    find_user,
    not_accessible,
)
from github_sandbox.errors import ApiError, not_found
from github_sandbox.json_types import JsonObject
from github_sandbox.routing import ApiRequest, ApiResponse, TokenRoute
from github_sandbox.schemas import (
    ORGANIZATION_LINKS,
    WEB,
    id_fields,
    link_fields,
    minimal_repository,
)
from github_sandbox.tokens import Token

TEAM_REPOSITORIES = "/orgs/{organization}/teams/{slug}/repos"
TEAM_SCOPES = ("read:org", "write:org", "admin:org")
ORGANIZATION_SCOPES = (*TEAM_SCOPES, "user")
MISSING_SCOPE = "You need at least read:org scope or user scope to list your organizations."


def routes() -> list[TokenRoute]:
    """The endpoints of this module."""
    return [
        TokenRoute("GET", TEAM_REPOSITORIES, list_team_repositories, "teams/teams"),
        TokenRoute("GET", "/user/orgs", list_own_organizations, "orgs/orgs"),
    ]


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
