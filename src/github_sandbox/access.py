"""Who may do what: GitHub's answers to a token that asks for too much.

What each scope needs is in GitHub's docs, "Permissions required for fine-grained personal access
tokens" and, for classic tokens, on the page of each endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from github_sandbox.calls import Call, Caller
from github_sandbox.directory import Account, Repository, Role
from github_sandbox.keyring import Token
from github_sandbox.refusals import Refusal, not_found
from github_sandbox.world import Scope, ScopeKind

NOT_ADMIN = "Must have admin rights to Repository."
NOT_OWNER = "Must be an organization owner to manage its Codespaces secrets."
NOT_MEMBER = "Must be a member of the organization to read its custom properties."
ARCHIVED = "Repository was archived so is read-only."
SSO = (
    "Resource protected by organization SAML enforcement. "
    "You must grant your Personal Access token access to this organization."
)


@dataclass(frozen=True)
class Need:
    """What an endpoint asks of a token.

    Any of the classic `scopes`, or the permission: `reading` is the level that a GET takes. Its
    user has to be one of `roles` to the owner.
    """

    scopes: tuple[str, ...]
    permission: str
    reading: str
    roles: tuple[Role, ...] = ("owner",)

    def level(self, method: str) -> str:
        """The level of the permission that a method takes."""
        return self.reading if method == "GET" else "write"


NEEDS: dict[ScopeKind, Need] = {
    "organization": Need(("admin:org",), "organization_codespaces_secrets", "read"),
    "repository": Need(("repo",), "codespaces_secrets", "write"),
    "user": Need(("codespace", "codespace:secrets"), "codespaces_user_secrets", "read"),
}
ACTIONS = Need(("repo",), "secrets", "read")
PROPERTIES = Need(("repo",), "organization_custom_properties", "read", ("owner", "member"))


def find_organization(call: Call[Token]) -> Account:
    """The organization in the path; 404 without one, 403 where single sign-on is missing."""
    account = call.world.find_account(call.params["organization"])
    if account is None or account.kind != "Organization":
        raise not_found()
    demand_sso(call, account)
    return account


def find_repository(call: Call[Token]) -> Repository:
    """The repository in the path, by name or by id; a redirect when it moved, 404 when hidden."""
    repository = named_repository(call)
    if repository is None or not call.world.sees(call.caller, repository):
        raise not_found()
    demand_sso(call, repository.owner)
    return repository


def named_repository(call: Call[Token]) -> Repository | None:
    """What the path says, as far as it exists; a former name of a seen repository redirects."""
    if "repository_id" in call.params:
        return call.world.repository_by_id(call.number("repository_id"))
    full_name = f"{call.params['owner']}/{call.params['repository']}"
    renamed = call.world.find_renamed(full_name)
    if renamed is not None and call.world.sees(call.caller, renamed):
        raise moved(call, renamed)
    return call.world.find_repository(full_name)


def moved(call: Call[Caller], repository: Repository) -> Refusal:
    """A redirect to the same endpoint below the repository's id: 301 to GET, 307 to all else.

    Source: docs.github.com, "Best practices for using the REST API", on redirects; which verb gets
    which was seen on github.com.
    """
    tail: list[str] = call.path.split("/", 4)[4:]
    query = f"?{urlencode(call.query)}" if call.query else ""
    location = "/".join([f"{call.base}/repositories/{repository.id}", *tail]) + query
    permanent = call.method in {"GET", "HEAD"}
    status, message = (301, "Moved Permanently") if permanent else (307, "Temporary Redirect")
    return Refusal(status, message, headers={"Location": location}, fields={"url": location})


def demand_sso(call: Call[Token], account: Account) -> None:
    """403 when the account demands a single sign-on that the token has not passed."""
    if call.world.lacks_sso(call.caller, account):
        url = f"https://github.com/orgs/{account.login}/sso?authorization_request=sandbox"
        raise Refusal(403, SSO, headers={"X-GitHub-SSO": f"required; url={url}"})


def organization_scope(call: Call[Token]) -> Scope:
    """The scope of an organization's secrets; 404 on a free plan and to strangers."""
    organization = find_organization(call)
    role = role_of(call, organization)
    if call.caller.kind == "classic" and role is None:
        raise not_found()
    demand(call, NEEDS["organization"], organization, denied=NOT_OWNER)
    if organization.plan == "free":
        raise not_found()
    return Scope("organization", organization.id)


def repository_scope(call: Call[Token]) -> Scope:
    """The scope of a repository's secrets; 403 for a write to an archived one."""
    repository = find_repository(call)
    demand(call, NEEDS["repository"], repository.owner, denied=NOT_ADMIN)
    if repository.archived and call.method != "GET":
        raise Refusal(403, ARCHIVED)
    return Scope("repository", repository.id)


def actions_repository(call: Call[Token]) -> Repository:
    """The repository whose Actions secrets are asked for."""
    repository = find_repository(call)
    demand(call, ACTIONS, repository.owner, denied=NOT_ADMIN)
    return repository


def properties_organization(call: Call[Token]) -> Account:
    """The organization whose custom properties are asked for; its members may read them."""
    organization = find_organization(call)
    demand(call, PROPERTIES, organization, denied=NOT_MEMBER)
    return organization


def seen(call: Call[Token], repositories: Iterable[Repository]) -> list[Repository]:
    """Those of the repositories that exist as far as the token can tell."""
    return [one for one in repositories if call.world.sees(call.caller, one)]


def shown(
    call: Call[Token], repositories: Iterable[Repository]
) -> tuple[list[Repository], dict[str, str]]:
    """Those that a list shows to the token, and the header that tells whose are left out.

    Source: docs.github.com, "Authenticating to the REST API", on SAML single sign-on.
    """
    world, token, found = call.world, call.caller, seen(call, repositories)
    hidden = {
        one.id for one in found if world.lacks_sso(token, one.owner) or world.leaves_out(token, one)
    }
    listed = [one for one in found if one.id not in hidden]
    owners = sorted({one.owner.id for one in found if one.id in hidden})
    partial = f"partial-results; organizations={','.join(map(str, owners))}"
    return listed, {"X-GitHub-SSO": partial} if owners else {}


def user_scope(call: Call[Token]) -> Scope:
    """The scope of the secrets of the token's own user; no App has one."""
    user = call.caller.user
    if user is None:
        raise inaccessible(call.caller)
    demand(call, NEEDS["user"], user_of(call), denied=NOT_ADMIN)
    return Scope("user", user)


def user_of(call: Call[Token]) -> Account:
    """The person that a token acts for; 403 for an App's."""
    for account in call.world.accounts():
        if account.id == call.caller.user:
            return account
    raise inaccessible(call.caller)


def role_of(call: Call[Token], account: Account) -> str | None:
    """What the token's user is to an account."""
    return None if call.caller.user is None else call.world.role(account, call.caller.user)


def demand(call: Call[Token], need: Need, owner: Account, *, denied: str) -> None:
    """403 unless the token has what it takes at this owner; `denied` is for lack of the role."""
    token, level = call.caller, need.level(call.method)
    entitled = token.is_app or role_of(call, owner) in need.roles
    if token.kind == "classic":
        accepted = {"X-Accepted-OAuth-Scopes": ", ".join(need.scopes)}
        if not set(need.scopes) & set(token.scopes):
            raise Refusal(403, NOT_ADMIN, headers=accepted)
        if not entitled:
            raise Refusal(403, denied, headers=accepted)
        return
    reachable = entitled and token.owner == owner.id
    if not reachable or not token.grants(need.permission, level):
        accepted = {"X-Accepted-GitHub-Permissions": f"{need.permission}={level}"}
        raise inaccessible(token, accepted)


def inaccessible(token: Token, headers: dict[str, str] | None = None) -> Refusal:
    """403 in the words that GitHub has for this kind of token."""
    kind = "integration" if token.is_app else "personal access token"
    return Refusal(403, f"Resource not accessible by {kind}", headers=headers)
