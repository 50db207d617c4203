"""What a redirect of GitHub's means: a repository that moved, or nothing that is followed."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

from codespaces_registry_secrets.errors import GitHubError, MovedError
from codespaces_registry_secrets.github.connection import UnfollowedError
from codespaces_registry_secrets.github.transport import unpromised
from codespaces_registry_secrets.text.redaction import Redactor

_BY_ID = re.compile(r"/repositories/\d+(?=/|$)")


def redirected(error: UnfollowedError, redact: Redactor) -> GitHubError:
    """The error that says where a redirect leads; `redact` keeps what was sent out of it."""
    here, there = urlsplit(error.url), _leading(error)
    if there is None:
        return GitHubError(unpromised(error.status), error.status)
    if _origin(here) != _origin(there):
        place = redact(f"{there.scheme}://{there.netloc}")
        message = (
            f"GitHub redirects to another place ({place}), and the token is not sent there; check "
            "the input `api-url`"
        )
        return GitHubError(message, error.status)
    moved = _BY_ID.search(there.path)
    if moved is None:
        return GitHubError(unpromised(error.status), error.status)
    query = f"?{there.query}" if there.query else ""
    return MovedError(error.status, moved[0], there.path[moved.end() :] + query)


def _leading(error: UnfollowedError) -> SplitResult | None:
    """Where it leads; None where it names no place, or one that cannot be parsed."""
    try:
        there = urlsplit(urljoin(error.url, error.location)) if error.location else None
        if there and there.hostname and there.port != 0:
            return there
    except ValueError:  # of a host or a port that is none
        pass
    return None


def _origin(url: SplitResult) -> tuple[str, str | None, int | None]:
    return url.scheme, url.hostname, url.port or {"https": 443, "http": 80}.get(url.scheme)
