"""Keep one comment on a pull request: update it, or create it.

Everybody who can comment can copy a marker into a comment, and a token with write permission can
edit the comments of others. So only a comment of the token's own account is updated.

Source: "REST API endpoints for issue comments", docs.github.com: they serve pull requests too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain

from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.model.targets import Repository

# REST tells only users who they are. GraphQL also tells it to GITHUB_TOKEN and other Apps' tokens.
_WHO_AM_I = "query { viewer { login } }"


@dataclass(frozen=True, eq=False)
class _PullRequestComments(Repository):
    """The comments on the pull requests of a repository, which need another permission."""

    permission = "pull-requests: write"
    job_permission = True
    not_found_reason = "the pull request does not exist, or `github-token` cannot see it"


def keep_comment(
    client: GitHubClient, repository: str, pull_request: int, marker: str, body: str
) -> None:
    """Replace the oldest own comment that begins with `marker` by `body`, or create one.

    Raises:
        GitHubError: the comments cannot be read or written.
    """
    target = _PullRequestComments(repository)
    url = f"/repos/{repository}/issues/{pull_request}/comments"
    pages = client.all_pages(target, url, schemas.ISSUE_COMMENTS)
    marked = [c for c in chain.from_iterable(pages) if (c.body or "").startswith(marker)]
    login = find_login(client, target) if marked else ""
    own = [c.id for c in marked if c.user and c.user.login.lower() == login.lower()]
    if own:
        comment_url = f"/repos/{repository}/issues/comments/{min(own)}"
        client.patch(target, comment_url, {"body": body})
    else:
        client.post(target, url, {"body": body})


def find_login(client: GitHubClient, target: Repository) -> str:
    """The login of the token's account."""
    response = client.query(target, _WHO_AM_I)
    return schemas.parse_response(schemas.Viewer, response.data).viewer.login
