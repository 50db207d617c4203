"""Authorization: find the resource in a request's path and check the token's access to it.

The scopes and permissions come from GitHub's docs: "Permissions required for fine-grained personal
access tokens" and, for classic tokens, the page of each endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from github_sandbox.accounts import Account, Repository, Role
from github_sandbox.errors import ApiError, not_found
from github_sandbox.routing import ApiRequest, Caller
from github_sandbox.tokens import Token
from github_sandbox.world import ScopeKind, SecretScope

NOT_ADMIN = "Must have admin rights to Repository."
NOT_OWNER = "Must be an organization owner to manage its Codespaces secrets."
NOT_MEMBER = "Must be a member of the organization to read its custom properties."
ARCHIVED = "Repository was archived so is read-only."
SSO = (
    "Resource protected by organization SAML enforcement. "
    "You must grant your Personal Access token access to this organization."
)


@dataclass(frozen=True)
class PermissionRule:
    """The access that an endpoint requires.

    A classic token needs any one of `scopes`; other tokens need `permission`, at `read_level` for a
    GET and at `write` otherwise. The token's user needs one of `roles` in the account that owns the
    resource.
    """

    scopes: tuple[str, ...]
    permission: str
    read_level: str
    roles: tuple[Role, ...] = ("owner",)

    def required_level(self, method: str) -> str:
        """The level of the permission that a method requires."""
        return self.read_level if method == "GET" else "write"


CODESPACES_SECRETS: dict[ScopeKind, PermissionRule] = {
    "organization": PermissionRule(("admin:org",), "organization_codespaces_secrets", "read"),
    "repository": PermissionRule(("repo",), "codespaces_secrets", "write"),
    "user": PermissionRule(("codespace", "codespace:secrets"), "codespaces_user_secrets", "read"),
}
ACTIONS_SECRETS = PermissionRule(("repo",), "secrets", "read")
ACTIONS_VARIABLES = PermissionRule(("repo",), "actions_variables", "read")
CUSTOM_PROPERTIES = PermissionRule(
    ("repo",), "organization_custom_properties", "read", ("owner", "member")
)


def authorize_organization(request: ApiRequest[Token]) -> SecretScope:
    """Authorize access to an organization's Codespaces secrets.

    Raises:
        ApiError: 404 on a free plan, and for a classic token whose user has no role there.
    """
    organization = find_organization(request)
    role = find_role(request, organization)
    if request.caller.kind == "classic" and role is None:
        raise not_found()
    require_permission(
        request, CODESPACES_SECRETS["organization"], organization, role_message=NOT_OWNER
    )
    if organization.plan == "free":
        raise not_found()
    return SecretScope("organization", organization.id)


def authorize_repository(request: ApiRequest[Token]) -> SecretScope:
    """Authorize access to a repository's Codespaces secrets.

    Raises:
        ApiError: 403 for a write to an archived repository.
    """
    repository = find_repository(request)
    require_permission(
        request, CODESPACES_SECRETS["repository"], repository.owner, role_message=NOT_ADMIN
    )
    require_not_archived(request, repository)
    return SecretScope("repository", repository.id)


def authorize_user(request: ApiRequest[Token]) -> SecretScope:
    """Authorize access to the Codespaces secrets of the token's own user.

    Raises:
        ApiError: 403 for a token of an App, which acts for no user.
    """
    user = request.caller.user
    if user is None:
        raise not_accessible(request.caller)
    require_permission(
        request, CODESPACES_SECRETS["user"], find_user(request), role_message=NOT_ADMIN
    )
    return SecretScope("user", user)


def authorize_actions_secrets(request: ApiRequest[Token]) -> Repository:
    """Authorize access to the Actions secrets of the repository in the path.

    Raises:
        ApiError: 403 for a write to an archived repository.
    """
    repository = find_repository(request)
    require_permission(request, ACTIONS_SECRETS, repository.owner, role_message=NOT_ADMIN)
    require_not_archived(request, repository)
    return repository


def authorize_actions_variables(request: ApiRequest[Token]) -> Repository:
    """Authorize access to the Actions variables of the repository in the path.

    Raises:
        ApiError: 403 for a write to an archived repository.
    """
    repository = find_repository(request)
    require_permission(request, ACTIONS_VARIABLES, repository.owner, role_message=NOT_ADMIN)
    require_not_archived(request, repository)
    return repository


def authorize_custom_properties(request: ApiRequest[Token]) -> Account:
    """Authorize reading an organization's custom properties, which its members can read."""
    organization = find_organization(request)
    require_permission(request, CUSTOM_PROPERTIES, organization, role_message=NOT_MEMBER)
    return organization


def require_permission(
    request: ApiRequest[Token], rule: PermissionRule, owner: Account, *, role_message: str
) -> None:
    """Check the token against a rule at the account that owns the resource.

    Raises:
        ApiError: 403; for a classic token whose user lacks the role, with `role_message`.
    """
    token, level = request.caller, rule.required_level(request.method)
    has_role = token.is_app or find_role(request, owner) in rule.roles
    if token.kind == "classic":
        accepted = {"X-Accepted-OAuth-Scopes": ", ".join(rule.scopes)}
        if not set(rule.scopes) & set(token.scopes):
            raise ApiError(403, NOT_ADMIN, headers=accepted)
        if not has_role:
            raise ApiError(403, role_message, headers=accepted)
        return
    reachable = has_role and token.owner == owner.id
    if not reachable or not token.grants(rule.permission, level):
        accepted = {"X-Accepted-GitHub-Permissions": f"{rule.permission}={level}"}
        raise not_accessible(token, accepted)


def require_not_archived(request: ApiRequest[Token], repository: Repository) -> None:
    """Raise 403 for a write to an archived repository."""
    if repository.archived and request.method != "GET":
        raise ApiError(403, ARCHIVED)


def not_accessible(token: Token, headers: dict[str, str] | None = None) -> ApiError:
    """403 with the message that GitHub has for this kind of token."""
    kind = "integration" if token.is_app else "personal access token"
    return ApiError(403, f"Resource not accessible by {kind}", headers=headers)


def find_organization(request: ApiRequest[Token]) -> Account:
    """Find the organization in the path.

    Raises:
        ApiError: 404 if it does not exist, 403 if it requires single sign-on.
    """
    account = request.world.find_account(request.params["organization"])
    if account is None or account.kind != "Organization":
        raise not_found()
    require_sso(request, account)
    return account


def find_repository(request: ApiRequest[Token]) -> Repository:
    """Find the repository in the path, by name or by id.

    Raises:
        ApiError: a redirect if it was renamed, 404 if the token cannot see it.
    """
    repository = look_up_repository(request)
    if repository is None or not request.world.can_see(request.caller, repository):
        raise not_found()
    require_sso(request, repository.owner)
    return repository


def look_up_repository(request: ApiRequest[Token]) -> Repository | None:
    """Look up the repository in the path, whether or not the token can see it.

    Raises:
        ApiError: a redirect for the former name of a repository that the token can see.
    """
    if "repository_id" in request.params:
        return request.world.repository_by_id(request.path_id("repository_id"))
    full_name = f"{request.params['owner']}/{request.params['repository']}"
    renamed = request.world.find_renamed(full_name)
    if renamed is not None and request.world.can_see(request.caller, renamed):
        raise redirect(request, renamed)
    return request.world.find_repository(full_name)


def redirect(request: ApiRequest[Caller], repository: Repository) -> ApiError:
    """Redirect to the same endpoint under the repository's id: 301 for GET and HEAD, else 307.

    Source: docs.github.com, "Best practices for using the REST API", on redirects; the status for
    each method was observed on github.com.
    """
    tail: list[str] = request.path.split("/", 4)[4:]
    query = f"?{urlencode(request.query)}" if request.query else ""
    location = "/".join([f"{request.base_url}/repositories/{repository.id}", *tail]) + query
    permanent = request.method in {"GET", "HEAD"}
    status, message = (301, "Moved Permanently") if permanent else (307, "Temporary Redirect")
    return ApiError(status, message, headers={"Location": location}, fields={"url": location})


def require_sso(request: ApiRequest[Token], account: Account) -> None:
    """Raise 403 if the account requires single sign-on and the token is not authorized for it."""
    if request.world.lacks_sso(request.caller, account):
        url = f"https://github.com/orgs/{account.login}/sso?authorization_request=sandbox"
        raise ApiError(403, SSO, headers={"X-GitHub-SSO": f"required; url={url}"})


def find_user(request: ApiRequest[Token]) -> Account:
    """Find the user that the token acts for.

    Raises:
        ApiError: 403 for a token of an App, which acts for no user.
    """
    for account in request.world.accounts():
        if account.id == request.caller.user:
            return account
    raise not_accessible(request.caller)


def find_login(request: ApiRequest[Token]) -> str:
    """The login of the token's account: the bot of an App, or the user."""
    return request.caller.bot or find_user(request).login


def find_role(request: ApiRequest[Token], account: Account) -> str | None:
    """The role of the token's user in an account; None without a role."""
    return None if request.caller.user is None else request.world.role(account, request.caller.user)


def filter_visible(
    request: ApiRequest[Token], repositories: Iterable[Repository]
) -> list[Repository]:
    """Keep the repositories that the token can see, single sign-on aside."""
    world, token = request.world, request.caller
    return [repository for repository in repositories if world.can_see(token, repository)]


def filter_listed(
    request: ApiRequest[Token], repositories: Iterable[Repository]
) -> tuple[list[Repository], dict[str, str]]:
    """Keep the repositories that a list shows to the token.

    The second value is the header that names the organizations whose repositories are left out.
    Source: docs.github.com, "Authenticating to the REST API", on SAML single sign-on.
    """
    world, token, visible = request.world, request.caller, filter_visible(request, repositories)
    omitted_ids = {
        repository.id
        for repository in visible
        if world.lacks_sso(token, repository.owner) or world.omits_from_lists(token, repository)
    }
    listed = [repository for repository in visible if repository.id not in omitted_ids]
    owners = sorted({repository.owner.id for repository in visible if repository.id in omitted_ids})
    partial_results = f"partial-results; organizations={','.join(map(str, owners))}"
    return listed, {"X-GitHub-SSO": partial_results} if owners else {}
