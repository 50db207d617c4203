"""Ask GitHub about a token that is the password for its registry: its expiry and scopes.

Sources: "Working with the Container registry", docs.github.com: pulling needs `read:packages`;
`HeaderHasMinimumScopes` of GitHub's cli/cli: a token without any scope in `x-oauth-scopes` can be
of a kind whose permissions the header does not show.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

import requests
from github import Auth, Github, GithubException
from pydantic import SecretBytes

from codespaces_registry_secrets.errors import GitHubError
from codespaces_registry_secrets.github.auth import USER_AGENT, TimeoutConfig
from codespaces_registry_secrets.github.client import token_expiry
from codespaces_registry_secrets.github.transport import RedirectError, Transport

PACKAGES_SCOPES = frozenset({"read:packages", "write:packages", "delete:packages"})

_HEADER_VALUE = re.compile(rb"[\x20-\x7e]+")


@dataclass(frozen=True)
class TokenInfo:
    """When a token expires, and why it cannot pull; each None if unknown."""

    expires: datetime | None = None
    error: str | None = None


def fetch_token_info(token: SecretBytes, api_url: str) -> TokenInfo:
    """Ask GitHub with the token itself. The result is empty if GitHub does not respond."""
    text = token.get_secret_value().strip()
    if not _HEADER_VALUE.fullmatch(text):
        message = (
            "the password starts like a GitHub token, but contains characters that an HTTP header "
            "cannot carry; copy the token again, on one line"
        )
        return TokenInfo(error=message)
    auth = Auth.Token(text.decode("ascii"))
    github = Github(
        auth=auth,
        base_url=api_url,
        timeout=TimeoutConfig().timeout,
        user_agent=USER_AGENT,
        retry=None,
    )
    transport = Transport(github.requester)
    try:
        headers, _ = transport.request("GET", "/user", {})
    except GithubException as error:
        if error.status == requests.codes.unauthorized:
            message = (
                "GitHub rejects this token (401); it is wrong, revoked or expired: create a new one"
            )
            return TokenInfo(error=message)
        return TokenInfo()
    except (requests.RequestException, GitHubError, RedirectError):
        return TokenInfo()
    finally:
        transport.close()
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    if any(scopes) and not scopes & PACKAGES_SCOPES:
        message = "the token lacks the scope `read:packages`; add it"
        return TokenInfo(token_expiry(headers), message)
    return TokenInfo(token_expiry(headers))
