"""List the organizations that a glob of organizations can match.

Sources: "List organizations for the authenticated user" and "List installations for the
authenticated app", docs.github.com: the first needs `read:org` or `user`, and is empty for a
fine-grained token.
"""

from __future__ import annotations

from http import HTTPStatus
from itertools import chain

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github import schemas
from codespaces_registry_secrets.github.client import GitHubClient
from codespaces_registry_secrets.model.targets import Target

NO_SCOPE = (
    "GitHub does not list the organizations of this token's user (403); a classic token needs the "
    "scope read:org. No other token can list them: use `app-id` and `app-private-key`"
)


def list_memberships(target: Target, client: GitHubClient) -> tuple[str, ...]:
    """The logins of the organizations that the token's user belongs to; `target` is the glob.

    Raises:
        GitHubError: the token cannot list them; the message names the scope.
    """
    try:
        pages = client.all_pages(target, "/user/orgs", schemas.ORGANIZATIONS)
        return tuple(account.login for account in chain.from_iterable(pages))
    except GitHubError as error:
        if error.status != HTTPStatus.FORBIDDEN:
            raise
        raise GitHubError(NO_SCOPE, error.status) from None


def list_installations(target: Target, client: GitHubClient) -> tuple[str, ...]:
    """The logins of the organizations that an App is installed in; `client` is the App itself.

    The token of a suspended installation is rejected, so it is left out.
    """
    pages = client.all_pages(target, "/app/installations", schemas.INSTALLATIONS)
    return tuple(
        item.account.login
        for item in chain.from_iterable(pages)
        if item.account and item.account.type == "Organization" and item.suspended_at is None
    )
