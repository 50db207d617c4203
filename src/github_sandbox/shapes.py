"""The JSON bodies, in the shapes of GitHub's OpenAPI description (github/rest-api-description).

`base` is the URL that the API answers under; each function returns one resource as a dict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from github_sandbox.directory import Account, PropertyValue, Repository
from github_sandbox.json_types import Body
from github_sandbox.keyring import App, Installation, Token
from github_sandbox.vault import ActionsSecret, StoredSecret

WEB = "https://github.com"

# The links of a repository: the name of the field without `_url`, and what follows its own URL.
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


def moment(at: datetime) -> str:
    """A time as GitHub writes it: UTC, whole seconds, `Z`."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def links(url: str, tails: Mapping[str, str]) -> Body:
    """The `…_url` fields of a resource."""
    return {f"{name}_url": f"{url}{tail}" for name, tail in tails.items()}


def identified(kind: str, identity: int) -> Body:
    """An id and a node id."""
    return {"id": identity, "node_id": f"{kind}_{identity}"}


def simple_user(account: Account, base: str) -> Body:
    """`simple-user`: an account in short, an organization too."""
    url = f"{base}/users/{account.login}"
    return {
        **identified("U", account.id),
        **links(url, USER_LINKS),
        "login": account.login,
        "avatar_url": f"{WEB}/{account.login}.png",
        "gravatar_id": "",
        "url": url,
        "html_url": f"{WEB}/{account.login}",
        "type": account.kind,
        "site_admin": False,
    }


def public_user(account: Account, base: str, repositories: Sequence[Repository]) -> Body:
    """`public-user`: what anyone is told about an account."""
    return {
        **simple_user(account, base),
        "name": None,
        "company": None,
        "blog": "",
        "location": None,
        "email": None,
        "hireable": None,
        "bio": None,
        "public_repos": sum(not one.private for one in repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "created_at": moment(account.created_at),
        "updated_at": moment(account.created_at),
    }


def private_user(account: Account, base: str, repositories: Sequence[Repository]) -> Body:
    """`private-user`: what users are told about themselves."""
    private = sum(one.private for one in repositories)
    return {
        **public_user(account, base, repositories),
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


def organization_full(account: Account, base: str, repositories: Sequence[Repository]) -> Body:
    """`organization-full`, without what only its owners are told."""
    url = f"{base}/orgs/{account.login}"
    return {
        **identified("O", account.id),
        **links(url, ORGANIZATION_LINKS),
        "login": account.login,
        "url": url,
        "avatar_url": f"{WEB}/{account.login}.png",
        "description": None,
        "has_organization_projects": True,
        "has_repository_projects": True,
        "public_repos": sum(not one.private for one in repositories),
        "public_gists": 0,
        "followers": 0,
        "following": 0,
        "html_url": f"{WEB}/{account.login}",
        "type": "Organization",
        "created_at": moment(account.created_at),
        "updated_at": moment(account.created_at),
        "archived_at": None,
    }


def organization_plan(account: Account) -> Body:
    """What the owners of an organization are told besides."""
    plan: Body = {"name": account.plan, "space": 976562499, "private_repos": 999999}
    return {"plan": {**plan, "filled_seats": 1, "seats": 10}}


def minimal_repository(repository: Repository, base: str) -> Body:
    """`minimal-repository`: an entry of a list."""
    url = f"{base}/repos/{repository.full_name}"
    return {
        **identified("R", repository.id),
        **links(url, REPOSITORY_LINKS),
        "name": repository.name,
        "full_name": repository.full_name,
        "owner": simple_user(repository.owner, base),
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
        "created_at": moment(repository.created_at),
        "updated_at": moment(repository.created_at),
        "pushed_at": moment(repository.created_at),
    }


def full_repository(repository: Repository, base: str) -> Body:
    """`full-repository`: one repository by itself; a `repository` too, which asks for less."""
    web = f"{WEB}/{repository.full_name}"
    tallies = ("forks", "stargazers", "watchers", "open_issues", "subscribers", "network")
    features = ("issues", "projects", "wiki", "pages", "discussions", "downloads")
    return {
        **minimal_repository(repository, base),
        **{f"{name}_count": 0 for name in tallies},
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


def property_values(repository: Repository, values: Mapping[str, PropertyValue]) -> Body:
    """`org-repo-custom-property-values`: a repository with its custom properties."""
    return {
        "repository_id": repository.id,
        "repository_name": repository.name,
        "repository_full_name": repository.full_name,
        "properties": [{"property_name": name, "value": value} for name, value in values.items()],
    }


def dated(stored: StoredSecret | ActionsSecret) -> Body:
    """What every secret tells: its name and its times."""
    return {
        "name": stored.name,
        "created_at": moment(stored.created_at),
        "updated_at": moment(stored.updated_at),
    }


def actions_secret(stored: ActionsSecret) -> Body:
    """`actions-secret`: a repository's own, or an organization's as its repositories see it."""
    return dated(stored)


def secret(stored: StoredSecret, url: str) -> Body:
    """A Codespaces secret of any scope, without its value; `url` is where its scope's are."""
    body = dated(stored)
    if stored.visibility is not None:
        body["visibility"] = stored.visibility
    if stored.visibility == "selected":
        body["selected_repositories_url"] = f"{url}/{stored.name}/repositories"
    return body


def installation(installed: Installation, app: App, base: str) -> Body:
    """`installation`: an App on an account."""
    return {
        "id": installed.id,
        "account": simple_user(installed.account, base),
        "repository_selection": "all",
        "access_tokens_url": f"{base}/app/installations/{installed.id}/access_tokens",
        "repositories_url": f"{base}/installation/repositories",
        "html_url": f"{WEB}/settings/installations/{installed.id}",
        "app_id": app.id,
        "app_slug": f"app-{app.id}",
        "target_id": installed.account.id,
        "target_type": installed.account.kind,
        "permissions": dict(installed.permissions),
        "events": [],
        "created_at": moment(installed.created_at),
        "updated_at": moment(installed.created_at),
        "single_file_name": None,
        "suspended_by": None,
        "suspended_at": None,
    }


def installation_token(
    value: str, token: Token, expires: datetime, repositories: Sequence[Body]
) -> Body:
    """`installation-token`: the only body that holds a credential."""
    body: Body = {
        "token": value,
        "expires_at": moment(expires),
        "permissions": dict(token.permissions),
        "repository_selection": "all" if token.repositories is None else "selected",
    }
    return {**body, "repositories": list(repositories)} if repositories else body
