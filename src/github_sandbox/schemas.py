"""Render resources in the schemas of GitHub's OpenAPI description (github/rest-api-description).

Each function returns one resource as a JSON object. `base_url` is the URL of the API.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from github_sandbox.accounts import Account, PropertyValue, Repository
from github_sandbox.json_types import JsonObject
from github_sandbox.secret_store import ActionsSecret, StoredSecret
from github_sandbox.tokens import App, Installation, Token

WEB = "https://github.com"

# Link fields: the field's name without `_url` -> the part after the resource's own URL.
REPOSITORY_LINKS = {
    "archive": "/{archive_format}{/ref}",
    "assignees": "/assignees{/user}",
    "blobs": "/git/blobs{/sha}",
    "branches": "/branches{/branch}",
    "collaborators": "/collaborators{/collaborator}",
    "comments": "/comments{/number}",
    "commits": "/commits{/sha}",
    "compare": "/compare/{base}...{head}",
    "contents": "/contents/{+path}",
    "contributors": "/contributors",
    "deployments": "/deployments",
    "downloads": "/downloads",
    "events": "/events",
    "forks": "/forks",
    "git_commits": "/git/commits{/sha}",
    "git_refs": "/git/refs{/sha}",
    "git_tags": "/git/tags{/sha}",
    "hooks": "/hooks",
    "issue_comment": "/issues/comments{/number}",
    "issue_events": "/issues/events{/number}",
    "issues": "/issues{/number}",
    "keys": "/keys{/key_id}",
    "labels": "/labels{/name}",
    "languages": "/languages",
    "merges": "/merges",
    "milestones": "/milestones{/number}",
    "notifications": "/notifications{?since,all,participating}",
    "pulls": "/pulls{/number}",
    "releases": "/releases{/id}",
    "stargazers": "/stargazers",
    "statuses": "/statuses/{sha}",
    "subscribers": "/subscribers",
    "subscription": "/subscription",
    "tags": "/tags",
    "teams": "/teams",
    "trees": "/git/trees{/sha}",
}
USER_LINKS = {
    "followers": "/followers",
    "following": "/following{/other_user}",
    "gists": "/gists{/gist_id}",
    "starred": "/starred{/owner}{/repo}",
    "subscriptions": "/subscriptions",
    "organizations": "/orgs",
    "repos": "/repos",
    "events": "/events{/privacy}",
    "received_events": "/received_events",
}
ORGANIZATION_LINKS = {
    "repos": "/repos",
    "events": "/events",
    "hooks": "/hooks",
    "issues": "/issues",
    "members": "/members{/member}",
    "public_members": "/public_members{/member}",
}


def format_time(time: datetime) -> str:
    """Format a time as GitHub does: UTC, whole seconds, `Z`."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def link_fields(url: str, tails: Mapping[str, str]) -> JsonObject:
    """Build the `…_url` fields of a resource."""
    return {f"{name}_url": f"{url}{tail}" for name, tail in tails.items()}


def id_fields(kind: str, resource_id: int) -> JsonObject:
    """Build the fields `id` and `node_id`."""
    return {"id": resource_id, "node_id": f"{kind}_{resource_id}"}


def simple_user(account: Account, base_url: str) -> JsonObject:
    """`simple-user`: the short form of a user or an organization."""
    url = f"{base_url}/users/{account.login}"
    return {
        **id_fields("U", account.id),
        **link_fields(url, USER_LINKS),
        "login": account.login,
        "avatar_url": f"{WEB}/{account.login}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{account.login}",
        "type": account.kind,
        "site_admin": False,
    }


def public_user(account: Account, base_url: str, repositories: Sequence[Repository]) -> JsonObject:
    """`public-user`: the public profile of an account."""
    return {
        **simple_user(account, base_url),
        "name": None,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": sum(not repository.private for repository in repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": format_time(account.created_at),
        "updated_at": format_time(account.created_at),
    }


def private_user(account: Account, base_url: str, repositories: Sequence[Repository]) -> JsonObject:
    """`private-user`: a user's own profile."""
    private = sum(repository.private for repository in repositories)
    return {
        **public_user(account, base_url, repositories),
        "private_gists": 0,
        "total_private_repos": private,
        "owned_private_repos": private,
        "disk_usage": 0,
        "collaborators": 0,
        "two_factor_authentication": True,
        "plan": {
            "name": account.plan,
            "space": 976562499,
            "private_repos": 10000,
            "collaborators": 0,
        },
    }


def organization_full(
    account: Account, base_url: str, repositories: Sequence[Repository]
) -> JsonObject:
    """`organization-full`, without the fields that only owners get."""
    url = f"{base_url}/orgs/{account.login}"
    return {
        **id_fields("O", account.id),
        **link_fields(url, ORGANIZATION_LINKS),
        "login": account.login,
        "url": url,
        "avatar_url": f"{WEB}/{account.login}.png",
        "description": None,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(not repository.private for repository in repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{WEB}/{account.login}",
        "type": "Organization",
        "created_at": format_time(account.created_at),
        "updated_at": format_time(account.created_at),
        "archived_at": None,
    }


def organization_plan(account: Account) -> JsonObject:
    """Build the fields of an organization that only its owners get."""
    plan: JsonObject = {"name": account.plan, "space": 976562499, "private_repos": 999999}
    return {"plan": {**plan, "filled_seats": 1, "seats": 10}}


def minimal_repository(repository: Repository, base_url: str) -> JsonObject:
    """`minimal-repository`: an item of a list."""
    url = f"{base_url}/repos/{repository.full_name}"
    return {
        **id_fields("R", repository.id),
        **link_fields(url, REPOSITORY_LINKS),
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": simple_user(repository.owner, base_url),
        "private": repository.private,
        "visibility": "private" if repository.private else "public",
        "html_url": f"{WEB}/{repository.full_name}",
        "description": None,
        "fork": False,
        "url": url,
        "archived": repository.archived,
        "disabled": False,
        "topics": list(repository.topics),
        "default_branch": "main",
        "is_template": False,
        "created_at": format_time(repository.created_at),
        "updated_at": format_time(repository.created_at),
        "pushed_at": format_time(repository.created_at),
    }


def full_repository(repository: Repository, base_url: str) -> JsonObject:
    """`full-repository`; it also satisfies `repository`, which requires fewer fields."""
    web = f"{WEB}/{repository.full_name}"
    counts = ("forks", "stargazers", "watchers", "open_issues", "subscribers", "network")
    features = ("issues", "projects", "wiki", "pages", "discussions", "downloads")
    return {
        **minimal_repository(repository, base_url),
        **{f"{name}_count": 0 for name in counts},
        **{f"has_{name}": False for name in features},
        "forks": 0,
        "watchers": 0,
        "open_issues": 0,
        "size": 0,
        "git_url": f"git://github.com/{repository.full_name}.git",
        "ssh_url": f"git@github.com:{repository.full_name}.git",
        "clone_url": f"{web}.git",
        "svn_url": web,
        "mirror_url": None,
        "homepage": None,
        "language": None,
        "license": None,
    }


def property_values(repository: Repository, values: Mapping[str, PropertyValue]) -> JsonObject:
    """`org-repo-custom-property-values`: a repository and its custom properties."""
    return {
        "repository_id": repository.id,
        "repository_name": repository.name,
        "repository_full_name": repository.full_name,
        "properties": [{"property_name": name, "value": value} for name, value in values.items()],
    }


def secret_fields(stored: StoredSecret | ActionsSecret) -> JsonObject:
    """Build the fields that every secret has: name and times."""
    return {
        "name": stored.name,
        "created_at": format_time(stored.created_at),
        "updated_at": format_time(stored.updated_at),
    }


def actions_secret(stored: ActionsSecret) -> JsonObject:
    """`actions-secret`: a repository's own secret, or an organization's in a repository's list."""
    return secret_fields(stored)


def secret(stored: StoredSecret, url: str) -> JsonObject:
    """A Codespaces secret without its value; `url` is the list of the scope's secrets."""
    body = secret_fields(stored)
    if stored.visibility is not None:
        body["visibility"] = stored.visibility
    if stored.visibility == "selected":
        body["selected_repositories_url"] = f"{url}/{stored.name}/repositories"
    return body


def installation(item: Installation, app: App, base_url: str) -> JsonObject:
    """`installation`: an App's installation on an account."""
    return {
        "id": item.id,
        "account": simple_user(item.account, base_url),
        "repository_selection": "all",
        "access_tokens_url": f"{base_url}/app/installations/{item.id}/access_tokens",
        "repositories_url": f"{base_url}/installation/repositories",
        "html_url": f"{WEB}/settings/installations/{item.id}",
        "app_id": app.id,
        "app_slug": f"app-{app.id}",
        "target_id": item.account.id,
        "target_type": item.account.kind,
        "permissions": dict(item.permissions),
        "events": [],
        "created_at": format_time(item.created_at),
        "updated_at": format_time(item.created_at),
        "single_file_name": None,
        "suspended_by": simple_user(item.account, base_url) if item.suspended_at else None,
        "suspended_at": format_time(item.suspended_at) if item.suspended_at else None,
    }


def installation_token(
    value: str, token: Token, expires: datetime, repositories: Sequence[JsonObject]
) -> JsonObject:
    """`installation-token`: the only response that contains a credential."""
    body: JsonObject = {
        "token": value,
        "expires_at": format_time(expires),
        "permissions": dict(token.permissions),
        "repository_selection": "all" if token.repositories is None else "selected",
    }
    return {**body, "repositories": list(repositories)} if repositories else body
