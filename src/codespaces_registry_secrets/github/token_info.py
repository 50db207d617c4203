"""What GitHub tells about a token that serves as a registry's password.

Sources: "Working with the Container registry", docs.github.com: pulling needs `read:packages`;
`HeaderHasMinimumScopes` of GitHub's cli/cli: a token without any scope in `x-oauth-scopes` may be
of a kind whose permissions the header does not tell.
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

PACKAGES = frozenset({"read:packages", "write:packages", "delete:packages"})

_SENDABLE = re.compile(rb"[\x20-\x7e]+")


@dataclass(frozen=True)
class TokenInfo:
    """When a token ends, and why it cannot pull, where that is known."""

    expires: datetime | None = None
    refusal: str | None = None


def fetch_token_info(token: SecretBytes, api_url: str) -> TokenInfo:
    """Ask GitHub with the token itself. Where GitHub gives no answer, nothing is known."""
    text = token.get_secret_value().strip()
    if not _SENDABLE.fullmatch(text):
        message = (
            "the password starts like a GitHub token, but has characters that no HTTP header "
            "takes; copy the token again, on one line"
        )
        return TokenInfo(refusal=message)
    auth = Auth.Token(text.decode("ascii"))
    github = Github(
        auth=auth,
        base_url=api_url,
        timeout=TimeoutConfig().timeout,
        user_agent=USER_AGENT,
        retry=None,
    )
    line = Transport(github.requester)
    try:
        headers, _ = line.request("GET", "/user", {})
    except GithubException as error:
        if error.status == requests.codes.unauthorized:
            return TokenInfo(refusal="GitHub refuses this token (401); make a new one")
        return TokenInfo()
    except (requests.RequestException, GitHubError, RedirectError):
        return TokenInfo()
    finally:
        line.close()
    scopes = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    if any(scopes) and not scopes & PACKAGES:
        return TokenInfo(token_expiry(headers), "the token lacks the scope `read:packages`")
    return TokenInfo(token_expiry(headers))
