"""One request to GitHub: what comes back is what its API promises, or an error.

PyGithub takes each status below 400 for an answer, and each text for a body: the page that a proxy
shows would pass for a secret that was stored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from github import GithubException
from github.Requester import Requester

from codespaces_registry_secrets.errors import GitHubError

# Source: "REST API endpoints for Codespaces secrets", docs.github.com, and those of what is read.
PROMISED = {"GET": (200,), "PUT": (201, 204), "DELETE": (204,)}


def exchange(
    requester: Requester,
    verb: str,
    url: str,
    parameters: Mapping[str, Any],
    body: Mapping[str, Any] | None = None,
) -> tuple[Mapping[str, str], object]:
    """The headers and the JSON body of the answer to one request; None for no body.

    Raises:
        GithubException: the answer is an error.
        GitHubError: it is nothing that GitHub would say.
        RequestException: there is none.
    """
    status, headers, text = requester.requestJson(verb, url, dict(parameters), input=body)
    if status >= HTTPStatus.BAD_REQUEST:
        raise GithubException(status, _said(text), headers)
    if status not in PROMISED[verb]:
        message = f"GitHub answers {status}, which its API does not promise here; run again"
        raise GitHubError(message, status)
    try:
        return headers, json.loads(text) if text else None
    except ValueError:
        message = "GitHub's answer is not JSON; run again"
        raise GitHubError(message) from None


def _said(text: str) -> object:
    """The body of an error, which need not be GitHub's; None where it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return None
