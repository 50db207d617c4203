"""The settings of a run against GitHub, from environment variables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

TOKEN, REPO_TOKEN, ORGANIZATION = (
    "LIVE_TESTS_TOKEN",
    "LIVE_TESTS_REPO_TOKEN",
    "LIVE_TESTS_ORGANIZATION",
)
PURPOSES = {
    ORGANIZATION: (
        "an organization for these tests only, on a Team or Enterprise plan. Its name ends with "
        "-live-tests"
    ),
    TOKEN: "a classic token of an owner of it, with the scopes repo, delete_repo and admin:org",
    REPO_TOKEN: "another classic token of the same user, with the scope repo only",
}
API_URL = "GITHUB_API_URL"
DEFAULT_API_URL = "https://api.github.com"
LOOPBACK = {"127.0.0.1", "::1", "localhost"}


class RefusedError(Exception):
    """The tests must not or cannot run; the message says why, and what to do."""


@dataclass(frozen=True)
class Settings:
    """An organization, the URL of the API without a trailing slash, and two tokens."""

    organization: str
    api_url: str
    token: str = field(repr=False)
    repo_token: str = field(repr=False)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the variables.

    Raises:
        RefusedError: a variable is not set, or the URL would send the tokens unencrypted.
    """
    missing = [name for name in PURPOSES if not environ.get(name)]
    if missing:
        lines = [f"  {name}: {PURPOSES[name]}" for name in missing]
        why = "These tests create and delete repositories, teams and secrets at GitHub. Set:"
        raise RefusedError("\n".join([why, *lines]))
    api_url = environ.get(API_URL, DEFAULT_API_URL).rstrip("/")
    url = urlsplit(api_url)
    if url.scheme != "https" and url.hostname not in LOOPBACK:
        raise RefusedError(f"{API_URL} must begin with https://, because the tokens are sent there")
    return Settings(environ[ORGANIZATION], api_url, environ[TOKEN], environ[REPO_TOKEN])
