"""Find, open, update and close the issue about the runs of a spec.

Everybody who can open an issue can copy a marker into it, so only an issue of the token's own
account counts.

Source: "REST API endpoints for issues", docs.github.com: lists have pull requests, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.github.comments import find_login
from codespaces_registry_secrets.model.targets import Repository


@dataclass(frozen=True, eq=False)
class _Issues(Repository):
    """The issues of a repository, which need another permission."""

    permission = "issues: write"
    job_permission = True
    not_found_reason = "the repository or the issue does not exist, or `github-token` cannot see it"


def find_issue(client: GitHubClient, repository: str, marker: str) -> schemas.Issue | None:
    """The oldest own issue that begins with `marker`, open or closed; None if there is none.

    Raises:
        GitHubError: the issues cannot be read.
    """
    target = _Issues(repository)
    login = find_login(client, target)
    query = {"state": "all", "creator": login, "sort": "created", "direction": "asc"}
    url = f"/repos/{repository}/issues?{urlencode(query)}"
    for page in client.pages(target, url, schemas.ISSUES):
        for issue in page:
            is_own = issue.user is not None and issue.user.login.lower() == login.lower()
            if is_own and not issue.pull_request and (issue.body or "").startswith(marker):
                return issue
    return None


def open_issue(client: GitHubClient, repository: str, title: str, body: str) -> None:
    """Open an issue.

    Raises:
        GitHubError: it was not opened.
    """
    url = f"/repos/{repository}/issues"
    client.post(_Issues(repository), url, {"title": title, "body": body})


def update_issue(
    client: GitHubClient, repository: str, number: int, state: Literal["open", "closed"], body: str
) -> None:
    """Replace the body of an issue, and open or close it.

    Raises:
        GitHubError: it was not updated.
    """
    url = f"/repos/{repository}/issues/{number}"
    client.patch(_Issues(repository), url, {"state": state, "body": body})
